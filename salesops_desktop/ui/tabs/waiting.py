"""A tab without a view of its own yet: says what it needs and offers the jobs of its group."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way


class WaitingView(TabView):
    """Explains the tab and offers its jobs.

    Args:
        shell: the window.
        group: the tab's name.
        picture: its icon.
        sentence: what the tab needs.
    """

    def __init__(self, shell: Shell, group: str, picture: str, sentence: str) -> None:
        super().__init__(shell)
        from salesops_desktop.jobs.declare import REGISTRY  # noqa: PLC0415  # after the first paint

        jobs = [job for job in REGISTRY.values() if job.group == group][:3]

        def way(command: str, title: str) -> Way:
            return Way(tr(title), lambda: shell.ask_job(command))

        ways = [way(job.command, job.title) for job in jobs]
        layout = QVBoxLayout(self)
        layout.addWidget(EmptyState(picture, tr(group.capitalize()), tr(sentence), ways))
