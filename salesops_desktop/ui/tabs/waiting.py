"""A tab without a view of its own yet: says what it needs and offers the jobs of its group."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.nothing import Nothing
from salesops_desktop.ui.tabs.tab import Shell, TabView


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

        def ask(command: str) -> None:
            shell.ask_job(command)

        actions = [(tr(job.title), lambda command=job.command: ask(command)) for job in jobs]
        layout = QVBoxLayout(self)
        layout.addWidget(Nothing(picture, tr(group.capitalize()), tr(sentence), actions))
