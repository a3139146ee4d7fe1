"""The window's own commands, those made from the declared jobs, and what the palette offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog

from salesops_desktop.ui.commands import MENUS, Command
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.palette import Entry
from salesops_desktop.ui.shortcuts import ShortcutSheet, key_text
from salesops_desktop.ui.theme import apply_theme, theme
from salesops_desktop.ui.window import Window, application

if TYPE_CHECKING:
    from salesops_desktop.jobs.declare import Job

WORKSPACE_FILTER = "Workspaces (*.salesops)"
OWN = frozenset({"new", "open", "sample", "undo", "redo", "history", "screens", "import"})
"""Jobs the window has its own way for; they get no plain form."""


def window_commands(window: Window) -> list[Command]:
    """Everything the window can do by itself."""
    return [*_file_commands(window), *_edit_commands(window), *_view_commands(window), *_help_commands(window)]


def _file_commands(window: Window) -> list[Command]:
    session = window.session
    return [
        Command("new", tr("New workspace…"), lambda: ask_new(window), "file", "Ctrl+N", "new"),
        Command("open", tr("Open…"), lambda: ask_open(window), "file", "Ctrl+O", "open"),
        Command("sample", tr("Open sample company"), lambda: open_sample(window), "file", icon="sample"),
        Command(
            "import",
            tr("Import spreadsheets…"),
            lambda: window.import_files(()),
            "file",
            "Ctrl+I",
            "import",
            enabled=lambda: session.writable,
            section=1,
        ),
        Command("close", tr("Close workspace"), session.close, "file", "Ctrl+W", enabled=_open(window), section=3),
        Command("quit", tr("Quit"), lambda: _quit(window), "file", "Ctrl+Q", section=4),
    ]


def _quit(window: Window) -> None:
    window.close()


def _open(window: Window) -> Callable[[], bool]:
    return lambda: window.session.is_open


def _edit_commands(window: Window) -> list[Command]:
    session = window.session

    return [
        Command(
            "undo",
            tr("Undo"),
            lambda: _step(window, "undo"),
            "edit",
            "Ctrl+Z",
            "undo",
            enabled=lambda: session.writable and session.names.undo is not None,
            title_now=lambda: session.names.undo or tr("Undo"),
        ),
        Command(
            "redo",
            tr("Redo"),
            lambda: _step(window, "redo"),
            "edit",
            "Ctrl+Shift+Z;Ctrl+Y",
            "redo",
            enabled=lambda: session.writable and session.names.redo is not None,
            title_now=lambda: session.names.redo or tr("Redo"),
        ),
        Command(
            "history", tr("History"), window.show_history, "edit", "Ctrl+H", "history", enabled=_open(window), section=1
        ),
    ]


def _step(window: Window, command: str) -> None:
    def told(report: object) -> None:
        summary = getattr(report, "summary", None)
        if callable(summary):
            window.say(" ".join(summary()), kind="success")

    window.run_job(command, on_done=told)


def _view_commands(window: Window) -> list[Command]:
    commands = [
        Command("palette", tr("Find a command…"), window.open_palette, "view", "Ctrl+K", "search"),
    ]
    for number, spec in enumerate(window.tabs.specs, start=1):
        commands.append(
            Command(
                f"tab {spec.name}",
                tr("Show {tab}", tab=tr(spec.title)),
                lambda name=spec.name: _show_tab(window, name),  # type: ignore[misc]
                "view",
                f"Ctrl+{number}",
                spec.icon,
                enabled=_open(window),
                section=1,
            )
        )
    for mode, title in (("system", "Theme: as the system"), ("light", "Theme: light"), ("dark", "Theme: dark")):
        commands.append(
            Command(
                f"theme {mode}",
                tr(title),
                lambda mode=mode: set_theme(window, mode),  # type: ignore[misc]
                "view",
                checked=lambda mode=mode: theme().mode == mode,  # type: ignore[misc]
                section=2,
            )
        )
    return commands


def _show_tab(window: Window, name: str) -> None:
    window.show_tab(name)


def set_theme(window: Window, mode: str) -> None:
    """Wear a theme and remember it."""
    window.preferences.theme = mode
    apply_theme(application(), "light" if mode == "light" else "dark" if mode == "dark" else "system")


def _help_commands(window: Window) -> list[Command]:
    def sheet() -> None:
        _show(ShortcutSheet(window.commands, window))

    def about() -> None:
        from salesops_desktop.ui.about import AboutDialog  # noqa: PLC0415  # rarely asked for

        _show(AboutDialog(window))

    return [
        Command("shortcuts", tr("Keyboard shortcuts"), sheet, "help", "F1;Ctrl+/", "help"),
        Command("crashes", tr("Open folder of crash reports"), lambda: _open_crashes(window), "help", section=1),
        Command("about", tr("About SalesOps Desktop"), about, "help", section=2),
    ]


def _show(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _open_crashes(window: Window) -> None:
    folder = window.preferences.crash_folder
    folder.mkdir(parents=True, exist_ok=True)
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        window.say(tr("The crash reports are in {folder}.", folder=str(folder)))


def ask_open(window: Window) -> None:
    """Ask for a workspace and open it."""
    name, _ = QFileDialog.getOpenFileName(
        window, tr("Open a workspace"), str(window.preferences.last_folder), tr(WORKSPACE_FILTER)
    )
    if name:
        window.preferences.last_folder = Path(name).parent
        window.open_workspace(Path(name))


def ask_new(window: Window) -> None:
    """Ask where a new workspace is to be, and make it."""
    from salesops_desktop.ui.new_workspace import NewWorkspaceDialog  # noqa: PLC0415  # rarely asked for

    _show(NewWorkspaceDialog(window))


def open_sample(window: Window) -> None:
    """Open the sample company; the first time it is made, from spreadsheets, as a person would."""
    from salesops_desktop.ui.sample_company import open_sample_company  # noqa: PLC0415

    open_sample_company(window)


def job_commands(window: Window) -> list[Command]:
    """A command for each declared job that the window has no own way for."""
    from salesops_desktop.jobs.declare import REGISTRY  # noqa: PLC0415  # after the first paint

    groups = {group for group, _ in MENUS}
    forms = {command: form for spec in window.tabs.specs for command, form in spec.forms.items()}
    return [
        _job_command(window, job, forms.get(job.command), job.group if job.group in groups else "file")
        for job in REGISTRY.values()
        if job.command not in OWN
    ]


def _job_command(window: Window, job: Job, form: Callable[[Window], None] | None, group: str) -> Command:
    needs = job.needs.value

    def run() -> None:
        if form is not None:
            form(window)
        else:
            window.ask_job(job.command)

    def enabled() -> bool:
        return needs == "nothing" or (window.session.writable if needs == "write" else window.session.is_open)

    asks = bool(job.parameters) and not job.title.endswith("…")
    hint = job.help.split("\n", maxsplit=1)[0]
    return Command(
        f"job {job.command}", tr(job.title) + ("…" if asks else ""), run, group, hint=hint, enabled=enabled, section=2
    )


def palette_entries(window: Window) -> list[Entry]:
    """Everything the palette offers now: commands that may be used, tables, recent workspaces."""
    return [*_command_entries(window), *_table_entries(window), *_recent_entries(window)]


def _command_entries(window: Window) -> Iterator[Entry]:
    titles = {group: tr(title).replace("&", "") for group, title in MENUS}
    for command in window.commands.all():
        if command.id != "palette" and command.enabled():
            keys = key_text(command.shortcut.split(";")[0]) if command.shortcut else ""
            side = "   ".join(part for part in (titles.get(command.group, ""), keys) if part)
            title = window.commands.title(command).replace("&", "").rstrip("…")
            yield Entry(title, lambda key=command.id: window.commands.trigger(key), side)  # type: ignore[misc]


def _table_entries(window: Window) -> Iterator[Entry]:
    if not window.session.is_open:
        return
    from salesops_desktop.model.entities import ENTITIES  # noqa: PLC0415  # after the first paint
    from salesops_desktop.ui.tabs.data.actions import show_entity  # noqa: PLC0415

    for spec in ENTITIES:
        name = spec.name
        yield Entry(tr(spec.plural), lambda name=name: show_entity(window, name), tr("Table"))  # type: ignore[misc]


def _recent_entries(window: Window) -> Iterator[Entry]:
    for path in window.preferences.recent():
        title = tr("Open {name}", name=path.stem)
        yield Entry(title, lambda path=path: window.open_workspace(path), str(path.parent))  # type: ignore[misc]
