"""The nine KPIs as cards, two beside each other; the chosen one is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.performance.models import card_face
from salesops_desktop.ui.widgets.figure_card import FigureCard
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.kpis import KpiReport

_COLUMNS = 2


class CardsPane(QScrollArea):
    """Shows one card a KPI.

    Args:
        formats: how numbers are written.
    """

    chosen = Signal(str)
    """The id of the KPI whose card was clicked."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._report: KpiReport | None = None
        self.cards: dict[str, FigureCard] = {}
        self.setAccessibleName(tr("KPIs"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inner = QWidget()
        self._grid = QGridLayout(self._inner)
        self._grid.setContentsMargins(0, 0, theme.tokens().spacing["s"], 0)
        self._grid.setSpacing(theme.tokens().spacing["m"])
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self.setWidget(self._inner)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_report(self, report: KpiReport, chosen: str) -> None:
        """Show a report and mark the KPI chosen."""
        if report is not self._report:
            self._report = report
            for place, result in enumerate(report.results):
                meaning = result.definition
                card = self.cards.get(meaning.id) or self._make(meaning.id, tr(meaning.label), place)
                face = card_face(result, report, self._formats)
                card.set_figure(
                    face.value, delta=face.delta, tone=face.tone, note=face.note, history=face.history,
                    description=face.description,
                )  # fmt: skip
            widest = max(card.sizeHint().width() for card in self.cards.values())
            for column in range(_COLUMNS):
                self._grid.setColumnMinimumWidth(column, widest)
            self._inner.adjustSize()
            self.setMinimumWidth(self._inner.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width())
        for kpi_id, card in self.cards.items():
            card.set_selected(kpi_id == chosen)

    def _make(self, kpi_id: str, label: str, place: int) -> FigureCard:
        card = FigureCard(label, self._inner)
        card.clicked.connect(lambda: self.chosen.emit(kpi_id))
        self._grid.addWidget(card, *divmod(place, _COLUMNS))
        self._grid.setRowStretch(place // _COLUMNS + 1, 1)
        self._grid.setRowStretch(place // _COLUMNS, 0)
        self.cards[kpi_id] = card
        card.show()
        return card

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Arrow keys walk over the cards."""
        cards = list(self.cards.values())
        here = next((i for i, card in enumerate(cards) if card.hasFocus()), -1)
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -_COLUMNS, Qt.Key.Key_Down: _COLUMNS}
        step = steps.get(Qt.Key(event.key()))
        if step is None or here < 0 or not 0 <= here + step < len(cards):
            super().keyPressEvent(event)
            return
        cards[here + step].setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(cards[here + step])
