"""The main window: hosts the tabs, the bars and the messages, and passes on what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow

from salesops_desktop.model.errors import SalesOpsError, WorkspaceError, WorkspaceLockedError
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.theme import icon, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
    from PySide6.QtWidgets import QStackedWidget, QWidget

    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.commands import CommandBook
    from salesops_desktop.ui.history import HistoryDock
    from salesops_desktop.ui.menus import Menus
    from salesops_desktop.ui.messages import Level, MessageArea
    from salesops_desktop.ui.palette import CommandPalette, Entry
    from salesops_desktop.ui.session import Session
    from salesops_desktop.ui.start_page import StartPage
    from salesops_desktop.ui.status import StatusBar
    from salesops_desktop.ui.tab_host import TabHost
    from salesops_desktop.ui.tabs.tab import TabView
    from salesops_desktop.ui.tasks import Runner, Task

Actions = Sequence[tuple[str, Callable[[], None]]]


class Window(QMainWindow):
    """The window. It comes in three steps, so that it is seen at once.

    The empty window in its colours and place; :meth:`furnish` puts the bars, pages and tabs in; :meth:`wake` opens
    the workspace and loads the jobs. The modules of each step are imported when it begins.

    Args:
        preferences: what is remembered between starts.
        furnished: whether to furnish the window now; the start does it after the first paint.
    """

    usable = Signal()
    """The last workspace is open and its tab shows it, or the start page waits."""
    ready = Signal()
    """All jobs are loaded and all menus filled."""

    runner: Runner
    session: Session
    commands: CommandBook
    messages: MessageArea
    start_page: StartPage
    tabs: TabHost
    pages: QStackedWidget
    status: StatusBar
    menus: Menus

    def __init__(self, preferences: Preferences, *, furnished: bool = True) -> None:
        super().__init__()
        self.preferences = preferences
        self.history: HistoryDock | None = None
        self.palette_dialog: CommandPalette | None = None
        self._waiting_files: list[Path] = []
        self._awake = self._furnished = False
        self.setWindowTitle("SalesOps Desktop")
        self.resize(1280, 800)
        geometry = preferences.state("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        if furnished:
            self.furnish()

    def furnish(self) -> None:
        """Put everything in that can be seen without a workspace."""
        from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget  # noqa: PLC0415  # after the first paint

        from salesops_desktop.ui.commands import CommandBook  # noqa: PLC0415
        from salesops_desktop.ui.menus import Menus  # noqa: PLC0415
        from salesops_desktop.ui.messages import MessageArea  # noqa: PLC0415
        from salesops_desktop.ui.session import Session  # noqa: PLC0415
        from salesops_desktop.ui.start_page import StartPage  # noqa: PLC0415
        from salesops_desktop.ui.status import StatusBar  # noqa: PLC0415
        from salesops_desktop.ui.tab_host import TabHost  # noqa: PLC0415
        from salesops_desktop.ui.tabs.registry import TABS  # noqa: PLC0415
        from salesops_desktop.ui.tasks import Runner  # noqa: PLC0415

        self.runner = Runner(self.preferences.crash_folder, self)
        self.session = Session(self.runner, self)
        self.commands = CommandBook(self, icon)
        self.setWindowIcon(icon("app"))
        self.setAcceptDrops(True)
        self.messages = MessageArea()
        self.start_page = StartPage()
        self.tabs = TabHost(self, TABS)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.tabs)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(central)
        self.status = StatusBar(self.runner)
        self.setStatusBar(self.status)
        self.menus = Menus(self, self.commands, self.preferences.recent, self.open_workspace)
        self._furnished = True
        self._connect()
        self._restore()
        self._show_file()

    def _connect(self) -> None:
        page, session = self.start_page, self.session
        page.recent_asked.connect(self.open_workspace)
        page.cancel_asked.connect(self.runner.cancel_all)
        page.sample_asked.connect(lambda: self.commands.trigger("sample") if "sample" in self.commands else None)
        page.new_asked.connect(lambda: self.commands.trigger("new") if "new" in self.commands else None)
        page.open_asked.connect(lambda: self.commands.trigger("open") if "open" in self.commands else None)
        session.opening.connect(self._on_opening)
        session.opened.connect(self._on_opened)
        session.closed.connect(self._on_closed)
        session.refused.connect(self._on_refused)
        session.undo_changed.connect(self.commands.refresh)
        self.usable.connect(session.refresh_names)
        self.runner.changed.connect(self.tabs.tables_changed)
        self.runner.tasks_changed.connect(self._on_tasks)
        self.tabs.tab_shown.connect(lambda _name: self.commands.refresh())
        theme().changed.connect(self._on_theme)

    # ------------------------------------------------------------------ start and end

    def _restore(self) -> None:
        state = self.preferences.state("window")
        if state is not None:
            self.restoreState(state)
        name = self.preferences.text("tab", "data")
        index = next((i for i, spec in enumerate(self.tabs.specs) if spec.name == name), 0)
        self.tabs.setCurrentIndex(index)
        self.start_page.set_recent(self.preferences.recent())

    def wake(self, path: Path | None = None, *, reopen: bool = True) -> None:
        """After the first paint: open ``path`` or the last workspace, and fill menus and palette meanwhile."""
        last = path or (self.preferences.last_workspace if reopen else None)
        # All jobs together import half a second's worth of libraries: the workspace goes first.
        self.usable.connect(self._load_jobs, Qt.ConnectionType.SingleShotConnection)
        if last is not None:
            self.open_workspace(last)
        QTimer.singleShot(0, self, self._fill_commands)
        if last is None:
            QTimer.singleShot(0, self, self.usable.emit)

    def _fill_commands(self) -> None:
        from salesops_desktop.ui.palette import CommandPalette  # noqa: PLC0415  # after the first paint
        from salesops_desktop.ui.window_commands import window_commands  # noqa: PLC0415

        self.commands.add(*window_commands(self))
        self.palette_dialog = CommandPalette(self._palette_entries, self)

    def _load_jobs(self) -> None:
        self.runner.run(_load_jobs, lane="free", on_done=lambda _none: self._jobs_loaded(), on_error=self.fail)

    def _jobs_loaded(self) -> None:
        from salesops_desktop.ui.window_commands import job_commands  # noqa: PLC0415  # after the first paint

        own = [command for spec in self.tabs.specs for command in spec.commands(self)]
        self.commands.add(*job_commands(self), *own)
        self._awake = True
        self.ready.emit()
        waiting, self._waiting_files = self._waiting_files, []
        if waiting:
            self.import_files(waiting)

    @property
    def awake(self) -> bool:
        """Whether all jobs are loaded and all menus filled."""
        return self._awake

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Remember places, stop the work, fold the workspace's file."""
        if not self._furnished:
            super().closeEvent(event)
            return
        self.preferences.set_state("geometry", self.saveGeometry())
        self.preferences.set_state("window", QByteArray(self.saveState()))
        self.preferences.set_text("tab", self.tabs.current_name)
        self.preferences.last_workspace = self.session.path
        self.tabs.workspace_closed()
        self.preferences.save()
        self.runner.close()
        super().closeEvent(event)

    # ------------------------------------------------------------------ the workspace

    def open_workspace(self, path: Path, *, read_only: bool = False) -> None:
        """Open a workspace in place of the one that is open."""
        self.messages.clear()
        self.session.open(Path(path), read_only=read_only)

    def _on_opening(self, path: Path) -> None:
        self.start_page.set_busy(tr("Opening {name}…", name=path.name))

    def _on_opened(self) -> None:
        path = self.session.path
        self.start_page.set_busy("")
        if path is not None:
            self.preferences.add_recent(path)
        self.pages.setCurrentWidget(self.tabs)
        self._show_file()
        self.tabs.workspace_opened()
        self.commands.refresh()
        if self.session.workspace is not None and self.session.workspace.read_only:
            self.say(tr("This workspace is open for reading only. Nothing in it can be changed from this window."))
        QTimer.singleShot(0, self, self._when_shown)
        waiting, self._waiting_files = self._waiting_files, []
        if waiting:
            self.import_files(waiting)

    def _when_shown(self) -> None:
        """Say that the workspace is usable when its tab has read what it shows."""
        if not self.runner.busy:
            self.usable.emit()
            return
        # A task that has ended may ask for the next one: look again after its answer has been taken in.
        self.runner.tasks_changed.connect(self._look_again, Qt.ConnectionType.SingleShotConnection)

    def _look_again(self) -> None:
        QTimer.singleShot(0, self, self._when_shown)

    def _on_closed(self) -> None:
        self.tabs.workspace_closed()
        if self.history is not None:
            self.history.clear()
        if not self.session.is_opening:
            self.pages.setCurrentWidget(self.start_page)
        self.start_page.set_recent(self.preferences.recent())
        self._show_file()
        self.commands.refresh()

    def _on_refused(self, path: Path, error: SalesOpsError | None) -> None:
        self.start_page.set_busy("")
        self.start_page.set_recent(self.preferences.recent())
        if not self.session.is_open:
            self.pages.setCurrentWidget(self.start_page)
        if error is not None:
            actions: list[tuple[str, Callable[[], None]]] = []
            if isinstance(error, WorkspaceLockedError):
                actions.append((tr("Open read-only"), lambda: self.open_workspace(path, read_only=True)))
            backup = _newest_backup(path)
            if isinstance(error, WorkspaceError) and backup is not None:
                given = {"backup": backup, "path": path.with_name(f"{path.stem} restored.salesops")}
                actions.append((tr("Restore a backup…"), lambda: self.ask_job("restore", given)))
            if isinstance(error, WorkspaceError):
                actions.append((tr("Open another…"), lambda: self.commands.trigger("open")))
            self.fail(error, actions)
        self.usable.emit()

    def _show_file(self) -> None:
        path = self.session.path
        workspace = self.session.workspace
        name = "" if path is None else path.stem
        self.status.set_workspace(
            name, read_only=workspace is not None and workspace.read_only, path="" if path is None else str(path)
        )
        self.setWindowTitle(f"{name} — SalesOps Desktop" if name else "SalesOps Desktop")
        self.setWindowFilePath("")

    def _on_tasks(self) -> None:
        if self.pages.currentWidget() is self.start_page:
            tasks = [task for task in self.runner.tasks if task.title]
            self.start_page.set_progress(tasks[0].share if tasks else None)

    def _on_theme(self) -> None:
        self.start_page.theme_changed()
        self.tabs.theme_changed()
        self.commands.repaint_icons()

    # ------------------------------------------------------------------ what tabs ask (tabs.tab.Shell)

    @property
    def dialog_parent(self) -> QWidget:
        """The parent for dialogs."""
        return self

    def show_tab(self, name: str) -> TabView | None:
        """Bring a tab to the front."""
        return self.tabs.show_tab(name) if self.session.is_open else None

    def say(self, text: str, *, kind: Level = "info", actions: Actions = ()) -> None:
        """Show a message above the tabs."""
        self.messages.show_message(text, kind=kind, actions=actions)

    def fail(self, error: SalesOpsError, actions: Actions = ()) -> None:
        """Show an error as a sentence, its details folded away."""
        self.messages.show_message(error.sentence, kind="error", details=error.details, actions=actions)

    def run_job(
        self,
        command: str,
        params: Mapping[str, object] | None = None,
        *,
        topic: str = "",
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[SalesOpsError], None] | None = None,
        on_progress: Callable[[float, float, str], None] | None = None,
        quiet: bool = False,
    ) -> Task | None:
        """Run a declared job in its lane; without ``on_error`` errors are shown above the tabs."""
        from salesops_desktop.jobs.declare import REGISTRY  # noqa: PLC0415  # after the first paint

        job = REGISTRY[command]
        return self.runner.run(
            job.function,
            params,
            title="" if quiet else tr(job.title).rstrip("…"),
            lane="file" if job.lane.value == "file" else "free",
            topic=topic,
            on_done=on_done,
            on_error=on_error or self.fail,
            on_progress=on_progress,
            on_cancelled=None if quiet else lambda: self.say(tr("“{name}” was cancelled.", name=tr(job.title))),
        )

    def ask_job(self, command: str, given: Mapping[str, object] | None = None) -> None:
        """Open the form of a job; a job that needs nothing starts at once."""
        from salesops_desktop.jobs.declare import REGISTRY  # noqa: PLC0415  # after the first paint
        from salesops_desktop.ui.job_form import JobForm  # noqa: PLC0415

        job = REGISTRY[command]

        def start(params: dict[str, Any]) -> None:
            self.run_job(command, params, on_done=lambda report: self.show_report(tr(job.title), report))

        if not job.parameters:
            start({})
            return
        form = JobForm(job, dict(given or {}), start, self)
        form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form.open()

    def show_report(self, title: str, report: object) -> None:
        """Show what a job returned: a message for sentences alone, a dialog for tables."""
        from salesops_desktop.jobs.declare import Report  # noqa: PLC0415  # after the first paint
        from salesops_desktop.ui.report_view import ReportDialog  # noqa: PLC0415

        if not isinstance(report, Report):
            return
        if not any(len(table) for table in report.tables()):
            self.say(" ".join(report.summary()), kind="success")
            return
        dialog = ReportDialog(title, report, self.export_table, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def import_files(self, paths: Sequence[Path]) -> None:
        """Begin the import of spreadsheets; without a workspace, make one first."""
        if not self.session.is_open or not self._awake:
            self._waiting_files = list(paths)
            if not self.session.is_open and not self.session.is_opening:
                self.say(tr("The spreadsheets need a workspace to go into: make a new one, or open one."))
                if "new" in self.commands:
                    self.commands.trigger("new")
            return
        from salesops_desktop.ui.tabs.data.import_dialog import begin_import  # noqa: PLC0415

        begin_import(self, paths)

    def export_table(self, table: Table) -> None:
        """Ask for a file and write the table to it."""
        from salesops_desktop.ui.exporting import export_table  # noqa: PLC0415  # after the first paint

        export_table(self, table)

    # ------------------------------------------------------------------ palette, history, drops

    def open_palette(self) -> None:
        """Open the command palette."""
        if self.palette_dialog is not None:
            self.palette_dialog.open_over(self)

    def _palette_entries(self) -> list[Entry]:
        from salesops_desktop.ui.window_commands import palette_entries  # noqa: PLC0415  # after the first paint

        return palette_entries(self)

    def show_history(self) -> None:
        """Show the history panel; it is built when first asked for."""
        if self.history is None:
            from salesops_desktop.ui.history import HistoryDock  # noqa: PLC0415  # after the first paint

            self.history = HistoryDock(self, self)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.history)
            self.resizeDocks([self.history], [460], Qt.Orientation.Horizontal)
        self.history.show()
        self.history.refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  # Qt's name
        """Take files the window can do something with."""
        from salesops_desktop.ui.dropping import split_drop  # noqa: PLC0415  # after the first paint

        if split_drop(event.mimeData()).any:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  # Qt's name
        """Open a dropped workspace; import dropped spreadsheets."""
        from salesops_desktop.ui.dropping import split_drop  # noqa: PLC0415  # after the first paint

        drop = split_drop(event.mimeData())
        event.acceptProposedAction()
        if drop.workspaces:
            self.open_workspace(drop.workspaces[0])
        if drop.spreadsheets:
            # After the drop has ended: a dialog inside it would hold the other program.
            QTimer.singleShot(0, self, lambda: self.import_files(drop.spreadsheets))
        if drop.others:
            names = ", ".join(path.name for path in drop.others)
            self.say(tr("Not a workspace or spreadsheet, so left alone: {names}.", names=names), kind="warning")


def _load_jobs(_context: object) -> None:
    """Import all jobs and what the tabs are made of, off the UI thread."""
    import salesops_desktop.jobs.catalogue  # noqa: PLC0415  # importing declares them
    import salesops_desktop.ui.tabs.commissions.view  # noqa: PLC0415  # classes only; no widget is made
    import salesops_desktop.ui.tabs.data.import_dialog  # noqa: PLC0415
    import salesops_desktop.ui.tabs.forecast.view  # noqa: PLC0415
    import salesops_desktop.ui.tabs.performance.view  # noqa: PLC0415
    import salesops_desktop.ui.tabs.territories.view  # noqa: F401, PLC0415


def _newest_backup(path: Path) -> Path | None:
    """The newest backup beside a workspace that cannot be opened; their names begin with the time."""
    return max((path.parent / f"{path.name}-backups").glob("*.salesops"), default=None)


def application() -> QApplication:
    """The running application.

    Raises:
        RuntimeError: there is none yet.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        message = "The application object does not exist yet."
        raise RuntimeError(message)  # noqa: TRY004  # a state, not a type
    return app
