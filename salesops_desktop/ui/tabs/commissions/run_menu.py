"""What else can be done with a run, and with the line or person in view: each opens the form of its job, filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr

_ENTRIES: Final = (
    ("commissions ask", "Ask about this line…", ("run", "line")),
    ("commissions inquiries", "Inquiries…", ()),
    ("commissions answer", "Answer an inquiry…", ()),
    ("", "", ()),
    ("commissions adjust", "Adjust…", ("run", "line")),
    ("commissions hold", "Hold…", ("run", "line")),
    ("commissions release", "Release…", ("run",)),
    ("", "", ()),
    ("commissions payroll", "Payroll export…", ("run",)),
    ("commissions amortise", "Amortisation…", ()),
    ("commissions retro", "Correct locked periods…", ("period",)),
)
"""Command, words, and what of the view is filled in."""


class RunMenu(QPushButton):
    """Opens the menu.

    Args:
        ask: opens the form of a job with what is given.
        given: what is in view: run, line, period.
        parent: Qt's parent.
    """

    def __init__(
        self,
        ask: Callable[[str, Mapping[str, object]], None],
        given: Callable[[], Mapping[str, object]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme.icon("more"), tr("More"), parent)
        self.setAccessibleName(tr("More to do with the run"))
        self._ask, self._given = ask, given
        menu = QMenu(self)
        for command, words, names in _ENTRIES:
            if not command:
                menu.addSeparator()
                continue
            action = menu.addAction(tr(words))
            action.triggered.connect(lambda _on=False, command=command, names=names: self.go(command, names))
        self.setMenu(menu)

    def go(self, command: str, names: tuple[str, ...]) -> None:
        """Open a job's form with what is in view filled in."""
        known = self._given()
        self._ask(command, {name: known[name] for name in names if name in known})
