"""Commands: one record each, from which menus, toolbar, palette and the sheet of shortcuts are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QKeySequence

MENUS = (
    ("file", "&File"),
    ("edit", "&Edit"),
    ("view", "&View"),
    ("data", "&Data"),
    ("territories", "&Territories"),
    ("commissions", "&Commissions"),
    ("forecast", "F&orecast"),
    ("performance", "&Performance"),
    ("help", "&Help"),
)
"""The menus in their order: group and title (the letter after & opens it)."""


def always() -> bool:
    """A command that can be used at any time."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can ask the window to do."""

    id: str
    title: str
    """An imperative; ends in … when it asks for more first."""
    run: Callable[[], None]
    group: str
    """One of :data:`MENUS`."""
    shortcut: str = ""
    """In portable text, e.g. ``Ctrl+Shift+Z``; several are separated by ``;``."""
    icon: str = ""
    hint: str = ""
    enabled: Callable[[], bool] = always
    title_now: Callable[[], str] | None = None
    """A title that changes ("Undo Import accounts.xlsx")."""
    checked: Callable[[], bool] | None = None
    """For commands that are on or off."""
    section: int = 0
    """Commands of a menu are parted by a line where this changes."""
    in_menu: bool = True


class CommandBook(QObject):
    """All commands and their QActions.

    Args:
        host: the widget the shortcuts belong to (the window).
        draw_icon: makes the icon for a name.
    """

    changed = Signal()

    def __init__(self, host: QObject, draw_icon: Callable[[str], QIcon] | None = None) -> None:
        super().__init__(host)
        self._host = host
        self._draw_icon = draw_icon
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}

    def add(self, *commands: Command) -> None:
        """Add commands; one that is known already is replaced."""
        for command in commands:
            self._commands[command.id] = command
            action = self._actions.get(command.id)
            if action is None:
                action = self._actions[command.id] = QAction(self._host)
                action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
                action.triggered.connect(lambda _checked=False, key=command.id: self.trigger(key))
            self._dress(action, command)
        self.changed.emit()

    def _dress(self, action: QAction, command: Command) -> None:
        action.setObjectName(f"command:{command.id}")
        action.setText(command.title)
        action.setToolTip(command.hint or command.title.rstrip("…"))
        action.setShortcuts([QKeySequence(part) for part in command.shortcut.split(";") if part])
        action.setCheckable(command.checked is not None)
        self._paint(action, command)
        self._update(action, command)

    def _paint(self, action: QAction, command: Command) -> None:
        if command.icon and self._draw_icon is not None:
            action.setIcon(self._draw_icon(command.icon))

    def _update(self, action: QAction, command: Command) -> None:
        action.setEnabled(command.enabled())
        if command.title_now is not None:
            action.setText(command.title_now())
        if command.checked is not None:
            action.setChecked(command.checked())

    def trigger(self, key: str) -> None:
        """Do the command, if it may be done now."""
        command = self._commands[key]
        if command.enabled():
            command.run()
        self.refresh()

    def refresh(self) -> None:
        """Ask every command again whether it may be used and what it is called."""
        for key, command in self._commands.items():
            self._update(self._actions[key], command)

    def repaint_icons(self) -> None:
        """Draw the icons anew, after a change of theme."""
        for key, command in self._commands.items():
            self._paint(self._actions[key], command)

    def action(self, key: str) -> QAction:
        """The QAction of a command."""
        return self._actions[key]

    def __contains__(self, key: str) -> bool:
        return key in self._commands

    def all(self) -> list[Command]:
        """All commands in the order they were added."""
        return list(self._commands.values())

    def of(self, group: str) -> list[Command]:
        """The commands of one menu, by section."""
        return sorted((c for c in self._commands.values() if c.group == group and c.in_menu), key=lambda c: c.section)

    def title(self, command: Command) -> str:
        """What the command is called now."""
        return command.title_now() if command.title_now is not None else command.title
