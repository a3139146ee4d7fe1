"""The row of tabs: builds a view when it is first shown, and tells it what changed while it was hidden."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell, TabSpec, TabView
from salesops_desktop.ui.theme import icon


class TabHost(QTabWidget):
    """Hosts the tabs.

    Args:
        shell: handed to each view.
        specs: the tabs in order.
        parent: the owning widget.
    """

    tab_shown = Signal(str)

    def __init__(self, shell: Shell, specs: Sequence[TabSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._specs = tuple(specs)
        self._views: dict[str, TabView] = {}
        self._pending: dict[str, set[str]] = {}
        self._pages: list[QVBoxLayout] = []
        self._live = False
        self.setDocumentMode(True)
        self.setAccessibleName(tr("Tabs"))
        self.tabBar().setAccessibleName(tr("Tabs"))
        self.tabBar().setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.tabBar().setExpanding(False)
        for spec in self._specs:
            page = QWidget()
            page.setAccessibleName(tr(spec.title))
            layout = QVBoxLayout(page)
            layout.setContentsMargins(0, 0, 0, 0)
            self._pages.append(layout)
            self.addTab(page, icon(spec.icon), tr(spec.title))
        self.currentChanged.connect(self._on_current)

    @property
    def specs(self) -> tuple[TabSpec, ...]:
        """The tabs in order."""
        return self._specs

    @property
    def current_name(self) -> str:
        """The tab in front."""
        return self._specs[max(0, self.currentIndex())].name

    def view(self, name: str) -> TabView | None:
        """The view of a tab, if it has been built."""
        return self._views.get(name)

    def show_tab(self, name: str) -> TabView | None:
        """Bring a tab to the front; its view, or None while there is no workspace."""
        index = next(i for i, spec in enumerate(self._specs) if spec.name == name)
        self.setCurrentIndex(index)
        self._build_current()
        return self._views.get(name)

    def workspace_opened(self) -> None:
        """Let the views show the workspace; the one in front is built now, the others when they are shown."""
        self._live = True
        self._pending.clear()
        for view in self._views.values():
            view.workspace_opened()
        self._build_current()

    def workspace_closed(self) -> None:
        """Let the views forget the workspace."""
        self._live = False
        self._pending.clear()
        for view in self._views.values():
            view.workspace_closed()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Tell the view in front now and the others when they are shown."""
        for name, view in self._views.items():
            if name == self.current_name and self.isVisible():
                view.tables_changed(tables)
            else:
                self._pending.setdefault(name, set()).update(tables)

    def theme_changed(self) -> None:
        """Draw icons anew and tell the views."""
        for index, spec in enumerate(self._specs):
            self.setTabIcon(index, icon(spec.icon))
        for view in self._views.values():
            view.theme_changed()

    def _on_current(self, _index: int) -> None:
        self._build_current()
        name = self.current_name
        changed = self._pending.pop(name, None)
        if changed and name in self._views:
            self._views[name].tables_changed(frozenset(changed))
        self.tab_shown.emit(name)

    def _build_current(self) -> None:
        spec = self._specs[max(0, self.currentIndex())]
        if not self._live or spec.name in self._views:
            return
        view = self._views[spec.name] = spec.factory(self._shell)
        self._pages[self.currentIndex()].addWidget(view)
        view.workspace_opened()
