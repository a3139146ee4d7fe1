"""What if: sliders at the left; what they pay, cost and whom they move at the right, at once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.choosing import offer, points
from salesops_desktop.ui.tabs.commissions.goal_box import GoalBox
from salesops_desktop.ui.tabs.commissions.levers import LeverBox
from salesops_desktop.ui.tabs.commissions.what_if_presenter import WhatIfPresenter, WhatIfState
from salesops_desktop.ui.tabs.figure_strip import Figure, FigureStrip
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import heading, words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import Bars, Chart, ChartContent
from salesops_desktop.ui.widgets.empty_state import EmptyState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_scenarios import CurrencyLook

REST_MS = 250
"""How long the sliders rest before the people are listed."""


class WhatIfPane(QWidget):
    """Tries other rates, accelerators, quotas, volumes and caps.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    plans_taken = Signal(object)
    """The plans as the sliders have them, for the plan editor."""

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self.shell = shell
        self._formats = formats
        self._following = False
        self._drawn: object = None
        self._drawn_for = ""
        self._listed: object = None
        self.presenter = WhatIfPresenter(shell.runner, self.render_state)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.presenter.rest)
        self._make_parts()
        self._lay_out()
        self._connect()

    def _make_parts(self) -> None:
        self.period = QComboBox()
        self.period.setAccessibleName(tr("Period to try on"))
        self.plan = QComboBox()
        self.plan.setAccessibleName(tr("Plan to change"))
        for box in (self.period, self.plan):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.levers = LeverBox(self._formats)
        self.goal = GoalBox(self.shell)
        self.reset_button = QPushButton(theme.icon("undo"), tr("As it stands"))
        self.reset_button.setAccessibleName(tr("Put all sliders back"))
        self.check_button = QPushButton(theme.icon("check"), tr("Check by a run"))
        self.check_button.setAccessibleName(tr("Check by a run"))
        self.check_button.setToolTip(tr("Calculate the edited plans by the engine, and compare every person."))
        self.take_button = QPushButton(theme.icon("document"), tr("Edit the plans so"))
        self.take_button.setAccessibleName(tr("Take the rates into the plan editor"))
        self.take_button.setToolTip(tr("Nothing is saved before you save it there."))
        self.note = words()
        self.note.setAccessibleName(tr("What a check by a run says"))
        self.strip = FigureStrip(tr("What the scenario does"))
        self.chart = Chart()
        self.chart.setMinimumHeight(190)
        self.people = Grid(name=tr("People whose pay changes"))
        self.people_title = heading("")

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        header = WrapRow()
        for text, box in ((tr("Period"), self.period), (tr("Plan"), self.plan)):
            label = QLabel(text)
            label.setBuddy(box)
            label.setMinimumHeight(box.sizeHint().height())
            header.add(label, box)
        buttons = WrapRow()
        buttons.add(self.reset_button, self.check_button, self.take_button)
        left = _column(
            header,
            self.levers,
            buttons,
            self.note,
            words(tr("Sums before payment terms: plan caps, holdbacks and draws come after. Nothing is changed.")),
            self.goal,
        )
        layout = left.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setSpacing(space["l"])
        layout.setContentsMargins(0, 0, space["s"], 0)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(left)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.viewport().setAutoFillBackground(False)
        left.setAutoFillBackground(False)
        scroll.setMinimumWidth(350)
        below = QSplitter(Qt.Orientation.Vertical)
        below.addWidget(self.chart)
        below.addWidget(_column(self.people_title, self.people))
        below.setSizes([260, 300])
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(scroll)
        self.split.addWidget(_column(self.strip, below))
        self.split.setSizes([380, 940])
        self.split.setStretchFactor(1, 1)
        for split in (self.split, below):
            split.setChildrenCollapsible(False)
            split.setHandleWidth(space["m"] + 2)
        self.waiting = EmptyState("percent", tr("What if"), tr("Preparing the period…"))
        self.nothing = EmptyState(
            "percent",
            tr("Nothing to try on yet"),
            tr("Sliders need transactions of a period, and plans that pay people for them. Begin with a run."),
        )
        self.pages = QStackedWidget()
        for page in (self.waiting, self.nothing, self.split):
            self.pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 10, 12, 8)
        outer.addWidget(self.pages)

    def ask_goal(self, person: str) -> None:
        """Ask what pays a person a sum."""
        self.goal.choose(person)

    def _connect(self) -> None:
        self.period.activated.connect(lambda i: self.presenter.choose_period(str(self.period.itemData(i))))
        self.plan.activated.connect(lambda i: self.presenter.choose_plan(str(self.plan.itemData(i))))
        self.levers.moved.connect(lambda: self.presenter.pull(self.levers.shares, self.levers.cap))
        self.reset_button.clicked.connect(self.levers.reset)
        self.check_button.clicked.connect(self.presenter.check)
        self.take_button.clicked.connect(lambda: self.plans_taken.emit(self.presenter.edited()))
        self.strip.clicked.connect(self._card_clicked)
        self.people.export_requested.connect(self.shell.export_table)
        self.chart.table_requested.connect(self.shell.export_table)

    # ------------------------------------------------------------------ state to screen

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Prepare what the room needs when it is looked at."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self.presenter.seen)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """What changes from now on waits."""
        super().hideEvent(event)
        self.presenter.left()

    def render_state(self, state: WhatIfState) -> None:
        """Show a state."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        page: QWidget = self.split if state.look is not None else self.waiting
        if state.prepared is None and not state.preparing:
            page = self.nothing
        self.pages.setCurrentWidget(page)
        if state.prepared is None:
            self.levers.put({})  # of another workspace
            return
        self._show_choices(state)
        self.goal.set_prepared(state.prepared)
        self.note.setText(state.said)
        self.note.setVisible(bool(state.said))
        theme.dress(self.note, tone="success" if state.good else "error")
        self.reset_button.setEnabled(state.otherwise)
        self.check_button.setEnabled(not state.preparing)
        self.take_button.setEnabled(state.edits_plans and self.shell.session.writable)
        moved = state.look is not self._drawn
        if state.look is not None and (moved or state.currency != self._drawn_for):
            self._drawn, self._drawn_for = state.look, state.currency
            self._show_figures(state)
            self._draw(state)
            if moved:
                self._rest.start()
        if state.people is not None and state.people is not self._listed:
            self._listed = state.people
            self._show_people(state)

    def _show_choices(self, state: WhatIfState) -> None:
        assert state.prepared is not None
        offer(self.period, [(p.label, p.label) for p in state.periods], state.period)
        names = [p.name for p in state.prepared.plans]
        offer(self.plan, [(tr("All plans"), ""), *((name, name) for name in names)], state.plan)
        self.period.setEnabled(not state.preparing)
        self.levers.set_cap_range(state.prepared.most_paid(state.plan), state.prepared.currency_of(state.plan))

    def _show_figures(self, state: WhatIfState) -> None:
        look, formats = state.look, self._formats
        assert look is not None
        figures = [self._pay_figure(one, several=len(look.currencies) > 1) for one in look.currencies]
        one = next((c for c in look.currencies if c.currency == state.currency), None)
        if one is not None:
            if one.cost_now is not None and one.cost_then is not None:
                change = one.cost_then - one.cost_now
                figures.append(
                    Figure(
                        "cost", tr("Cost of sales"), formats.percent(one.cost_then, 2),
                        delta=points(change, formats),
                        tone="success" if change < 0 else "warning",
                        note=tr("now {now}", now=formats.percent(one.cost_now, 2)),
                    )
                )  # fmt: skip
            if one.people:
                gain = one.above_then - one.above_now
                figures.append(
                    Figure(
                        "above", tr("Reach their quota"), formats.integer(one.above_then),
                        delta="" if not gain else _signed(formats.integer(abs(gain)), gain),
                        tone="success" if gain > 0 else "warning",
                        note=tr("now {now}; {below} of {all} stay below", now=formats.integer(one.above_now),
                                below=formats.integer(one.people - one.above_then),
                                all=formats.integer(one.people)),
                    )
                )  # fmt: skip
        self.strip.set_figures(figures)
        self.strip.set_selected(f"pay {state.currency}" if len(look.currencies) > 1 else "")

    def _pay_figure(self, one: CurrencyLook, *, several: bool) -> Figure:
        formats, change = self._formats, one.then - one.now
        share = f" ({formats.percent(abs(change) / one.now, 1)})" if one.now else ""
        return Figure(
            f"pay {one.currency}",
            tr("Commission in {currency}", currency=one.currency),
            formats.money(one.then, one.currency),
            delta="" if not change else _signed(formats.money(abs(change), one.currency) + share, change),
            tone="text_muted",
            note=tr("now {now}", now=formats.money(one.now, one.currency)),
            description=tr("Click to see those who are paid in this currency.") if several else "",
        )

    def _draw(self, state: WhatIfState) -> None:
        assert state.look is not None
        one = next((c for c in state.look.currencies if c.currency == state.currency), None)
        if one is None:
            return
        unit = 10 ** exponent(one.currency)
        middle = (one.edges[:-1] + one.edges[1:]) / 2 / unit
        self.chart.set_content(
            ChartContent(
                tr("How many are paid how much in {period}", period=state.period),
                (
                    Bars(tr("Now"), middle, one.bars_now.astype(np.float64), color="text_muted"),
                    Bars(tr("Then"), middle, one.bars_then.astype(np.float64)),
                ),
                x_label=tr("Commission in {currency}", currency=one.currency),
                y_label=tr("People"),
                y_kind=ValueKind.INTEGER,
                zero=True,
            )
        )

    def _show_people(self, state: WhatIfState) -> None:
        table = state.people
        assert table is not None
        change = table["change"].values.astype(np.int64)
        gain, lose = (self._formats.integer(int(which.sum())) for which in (change > 0, change < 0))
        self.people_title.setText(
            tr("{gain} people gain, {lose} lose", gain=gain, lose=lose)
            if len(table)
            else tr("Everybody is paid as it stands")
        )
        fresh = not len(self.people.table)
        self.people.set_table(dataclasses.replace(table, keys=None))
        if fresh:
            self.people.fit_columns()

    def _card_clicked(self, name: str) -> None:
        if name.startswith("pay "):
            self.presenter.pick_currency(name.removeprefix("pay "))


def _signed(text: str, change: float) -> str:
    return f"{'+' if change > 0 else '−'}{text}"


def _column(*widgets: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.tokens().spacing["s"])
    for widget in widgets:
        column.addWidget(widget)
    return made
