"""A row of figure cards that wraps; cards stay the same widgets while their names do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal

from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.figure_card import FigureCard, Tone


@dataclass(frozen=True, slots=True)
class Figure:
    """One card, all texts as they are shown."""

    name: str
    """Which figure it is; sent when the card is clicked."""
    label: str
    value: str
    delta: str = ""
    tone: Tone = "text_muted"
    note: str = ""
    description: str = ""


class FigureStrip(WrapRow):
    """Shows figures side by side.

    Args:
        name: what the figures are about, for screen readers.
    """

    clicked = Signal(str)
    """The name of the figure whose card was clicked."""

    def __init__(self, name: str) -> None:
        super().__init__(stretch=True)
        self.setAccessibleName(name)
        self.cards: dict[str, FigureCard] = {}
        self._labels: tuple[tuple[str, str], ...] = ()

    def set_figures(self, figures: Sequence[Figure]) -> None:
        """Show these figures."""
        labels = tuple((figure.name, figure.label) for figure in figures)
        if labels != self._labels:
            self._make_cards(labels)
        for figure in figures:
            self.cards[figure.name].set_figure(
                figure.value,
                delta=figure.delta,
                tone=figure.tone,
                note=figure.note,
                description=figure.description,
            )
        self.setVisible(bool(figures))

    def set_selected(self, name: str) -> None:
        """Mark the card whose details are shown; none for an unknown name."""
        for each, card in self.cards.items():
            card.set_selected(each == name)

    def _make_cards(self, labels: tuple[tuple[str, str], ...]) -> None:
        for old in self.cards.values():
            self.flow.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.cards = {}
        self._labels = labels
        for name, label in labels:
            card = FigureCard(label, self)
            card.clicked.connect(lambda name=name: self.clicked.emit(name))
            self.flow.addWidget(card)
            self.cards[name] = card
            card.show()
