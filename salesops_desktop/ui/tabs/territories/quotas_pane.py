"""Quotas of the scenario: what the company wants, how it is shared, whether that is fair; then set."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QPushButton

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.report_pane import MOST, GridTabs, ReportPane
from salesops_desktop.ui.tabs.territories.report_presenter import ReportPresenter, ReportState
from salesops_desktop.ui.tabs.words_box import WordsBox
from salesops_desktop.ui.widgets.forms import CheckField, Form, IntegerField, PercentField, TextField

_TALL = 300
"""Pixels of height for all that can be asked; it scrolls in them."""


class QuotasPane(ReportPane):
    """Previews and sets quotas.

    Args:
        shell: the window.
        tell: says what was done.
    """

    def __init__(self, shell: Shell, tell: Any) -> None:
        super().__init__()
        self._shell = shell
        self.presenter = ReportPresenter(shell.run_job, self.render_state, tell, "territories quotas")
        self.preview_button = self.add_button(tr("Preview"), "refresh", self.preview)
        self.set_button = self.add_button(tr("Set quotas"), "check", self.set_quotas, primary=True)
        box = WordsBox(tr("How quotas are shared out"))
        self.form = Form(
            {
                "target": TextField(
                    tr("Company target"),
                    placeholder=tr("last year plus growth"),
                    hint=tr("For the year, in the company's currency."),
                ),
                "growth": PercentField(tr("Growth"), hint=tr("On last year, where no target is given.")),
            }
        )
        self.further = Form(
            {
                "potential": PercentField(tr("By potential")),
                "history": PercentField(tr("By last year")),
                "trend": PercentField(tr("By own growth")),
                "floor": TextField(tr("At least"), placeholder=tr("500000, or 90% of last year")),
                "cap": TextField(tr("At most"), placeholder=tr("125% of last year")),
                "unit": IntegerField(tr("Rounded to")),
                "managers": CheckField(tr("Managers get the sum of their people")),
            }
        )
        defaults = {"growth": "0.10", "potential": "0.40", "history": "0.40", "trend": "0.20"}
        self._fields = {**self.form.fields, **self.further.fields}
        for name, value in defaults.items():
            self._fields[name].set_value(Decimal(value))
        self._fields["unit"].set_value(1000)
        self.more = QPushButton(tr("How it is shared"))
        self.more.setCheckable(True)
        self.more.setAccessibleName(tr("Show how the target is shared"))
        self.more.toggled.connect(self.further.setVisible)
        self.more.toggled.connect(lambda shown: box.setFixedHeight(_TALL if shown else self._short()))
        self.tables = GridTabs(
            shell,
            tr("Quotas"),
            {
                "lines": tr("Territories"),
                "periods": tr("Periods"),
                "managers": tr("Managers"),
                "fairness": tr("Fairness"),
                "outliers": tr("Outliers"),
            },
        )
        for part in (self.form, self.more, self.further):
            box.column.addWidget(part)
        box.end()
        self.further.hide()
        box.setFixedHeight(self._short())
        self.column.addWidget(box)
        self.column.addWidget(self.tables, MOST)
        self.column.addStretch(1)

    def _short(self) -> int:
        """The height of what is asked first."""
        return self.form.sizeHint().height() + self.more.sizeHint().height() + 30

    def _asked(self) -> dict[str, object] | None:
        if not self.form.validate() or not self.further.validate():
            return None
        values = {name: field.value() for name, field in self._fields.items()}
        asked: dict[str, object] = {name: values[name] or "" for name in ("target", "floor", "cap")}
        for name in ("growth", "potential", "history", "trend"):
            asked[name] = float((values[name] or Decimal(0)) * 100)
        asked["unit"] = str(values["unit"] or 1)
        return asked

    def preview(self) -> None:
        """Work quotas out as the form says; nothing is stored."""
        asked = self._asked()
        if asked is not None:
            self.presenter.ask("territories quotas", asked)

    def set_quotas(self) -> None:
        """Store the quotas as the form says."""
        asked = self._asked()
        if asked is not None:
            managers = bool(self._fields["managers"].value())
            self.presenter.do("territories set-quotas", {**asked, "managers": managers, "replace": True}, shows=True)

    def render_state(self, state: ReportState) -> None:
        """Show a state."""
        report = state.report
        self.say(() if report is None else report.summary(), state.fault, busy=state.busy)
        self.set_button.setEnabled(self._shell.session.writable and report is not None)
        if report is not None:
            names = ("lines", "periods", "managers", "fairness", "outliers")
            self.tables.show_tables({name: getattr(report, name) for name in names})
        self.tables.setVisible(report is not None)
