"""The panes beside the map, one at a time, and the rail of buttons that brings them there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr


@dataclass(frozen=True, slots=True)
class PaneSpec:
    """A pane that is built when it is first wanted."""

    name: str
    title: str
    icon: str
    build: Callable[[], QWidget]


class PaneRail(QWidget):
    """A stack of panes with a button for each.

    Args:
        specs: the panes, the first is shown at once.
    """

    shown = Signal(str)
    """The name of the pane that is in front now."""

    def __init__(self, specs: Sequence[PaneSpec]) -> None:
        super().__init__()
        self._specs = {spec.name: spec for spec in specs}
        self._panes: dict[str, QWidget] = {}
        self._buttons: dict[str, QToolButton] = {}
        self._current = ""
        self.stack = QStackedWidget()
        group = QButtonGroup(self)
        rail = QVBoxLayout()
        rail.setSpacing(theme.tokens().spacing["xs"])
        for spec in specs:
            button = QToolButton()
            button.setText(spec.title)
            button.setIcon(theme.icon(spec.icon))
            button.setIconSize(QSize(20, 20))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setFont(theme.scaled_font(self.font(), "small"))
            button.setAccessibleName(tr("Show {pane}", pane=spec.title))
            button.clicked.connect(lambda _checked=False, name=spec.name: self.show_pane(name))
            group.addButton(button)
            rail.addWidget(button)
            self._buttons[spec.name] = button
        width = max(button.sizeHint().width() for button in self._buttons.values())
        for button in self._buttons.values():
            button.setFixedWidth(width)
        rail.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.tokens().spacing["s"])
        row.addWidget(self.stack, 1)
        row.addLayout(rail)

    @property
    def current(self) -> str:
        """The name of the pane in front."""
        return self._current

    def pane(self, name: str) -> QWidget:
        """A pane, built if need be."""
        if name not in self._panes:
            self._panes[name] = self._specs[name].build()
            self.stack.addWidget(self._panes[name])
        return self._panes[name]

    def built(self, name: str) -> bool:
        """Whether a pane is there already."""
        return name in self._panes

    def button(self, name: str) -> QToolButton:
        """The button that brings a pane to the front."""
        return self._buttons[name]

    def show_pane(self, name: str) -> None:
        """Bring a pane to the front."""
        self.stack.setCurrentWidget(self.pane(name))
        self._buttons[name].setChecked(True)
        if name != self._current:
            self._current = name
            self.shown.emit(name)
