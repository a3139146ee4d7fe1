"""Menus and toolbar, drawn from the command book."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from salesops_desktop.ui.commands import MENUS, CommandBook
from salesops_desktop.ui.i18n import tr

TOOLBAR = ("open", "import", "", "undo", "redo")
"""Commands of the toolbar; an empty name is a line."""


class Menus:
    """Keeps menu bar and toolbar of a window in step with its commands.

    Args:
        window: gets the bars.
        book: the commands.
        recent: the recent workspaces, asked when the menu opens.
        open_recent: opens one of them.
    """

    def __init__(
        self,
        window: QMainWindow,
        book: CommandBook,
        recent: Callable[[], list[Path]],
        open_recent: Callable[[Path], None],
    ) -> None:
        self._window, self._book = window, book
        self._recent, self._open_recent = recent, open_recent
        bar = window.menuBar()
        bar.setAccessibleName(tr("Menus"))
        self._menus: dict[str, QMenu] = {}
        self._shown: list[str] = []
        for group, title in MENUS:
            menu = self._menus[group] = bar.addMenu(tr(title))
            menu.aboutToShow.connect(book.refresh)
        self._recent_menu = QMenu(tr("Open &recent"), window)
        self._recent_menu.aboutToShow.connect(self._fill_recent)
        self.toolbar = QToolBar(tr("Toolbar"))
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setMovable(False)
        self.toolbar.setIconSize(QSize(20, 20))
        self.toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toolbar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        window.addToolBar(self.toolbar)
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._spring = self.toolbar.addWidget(spring)
        self.fill()
        book.changed.connect(self.fill)

    def fill(self) -> None:
        """Draw menus and toolbar anew from the commands."""
        for group, menu in self._menus.items():
            menu.clear()
            section: int | None = None
            for command in self._book.of(group):
                if section is not None and command.section != section:
                    menu.addSeparator()
                section = command.section
                menu.addAction(self._book.action(command.id))
                if command.id == "open":
                    menu.addMenu(self._recent_menu)
            menu.menuAction().setVisible(bool(menu.actions()))
        self._fill_toolbar()

    def _fill_toolbar(self) -> None:
        wanted = [name for name in (*TOOLBAR, "palette") if not name or name in self._book]
        if wanted == self._shown:
            return
        self._shown = wanted
        for action in self.toolbar.actions():
            if action is not self._spring:
                self.toolbar.removeAction(action)
        for name in wanted[:-1] if "palette" in wanted else wanted:
            if name:
                self.toolbar.insertAction(self._spring, self._book.action(name))
            else:
                self.toolbar.insertSeparator(self._spring)
        if "palette" in wanted:
            self.toolbar.addAction(self._book.action("palette"))
        for button in self.toolbar.findChildren(QToolButton):
            action = button.defaultAction()
            if action is not None:
                button.setAccessibleName(action.text().replace("&", ""))
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _fill_recent(self) -> None:
        self._recent_menu.clear()
        for path in self._recent():
            action = self._recent_menu.addAction(f"{path.stem}  ({path.parent})")
            action.triggered.connect(lambda _=False, chosen=path: self._open_recent(chosen))
        if self._recent_menu.isEmpty():
            nothing = self._recent_menu.addAction(tr("Nothing opened yet"))
            nothing.setEnabled(False)
