"""What else can be done with a run, and with the line or person in view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.book_asking import BookAsking
from salesops_desktop.ui.tabs.commissions.item_asking import ItemAsking
from salesops_desktop.ui.tabs.tab import Shell


class RunMenu(QPushButton):
    """Opens the menu.

    Args:
        shell: the window.
        items: asks for adjustments, holds and questions.
        books: asks for payroll, amortisation and corrections.
        history: shows who did what with the run.
        parent: Qt's parent.
    """

    def __init__(
        self,
        shell: Shell,
        items: ItemAsking,
        books: BookAsking,
        history: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme.icon("more"), tr("More"), parent)
        self.setAccessibleName(tr("More to do with the run"))
        self._shell = shell
        groups: tuple[tuple[tuple[str, Callable[[], None]], ...], ...] = (
            (
                (tr("Ask about this line…"), items.ask),
                (tr("Answer an inquiry…"), items.answer),
                (tr("All inquiries"), lambda: self._report(tr("Inquiries"), "commissions inquiries")),
            ),
            ((tr("Adjust…"), items.adjust), (tr("Hold…"), items.hold), (tr("Release…"), items.release)),
            (
                (tr("Payroll export…"), books.payroll),
                (tr("Amortisation…"), books.amortise),
                (tr("Correct locked periods…"), books.retro),
            ),
            (
                (tr("Who and when"), history),
                (tr("Approval by somebody else…"), lambda: shell.ask_job("commissions four-eyes")),
            ),
        )
        menu = QMenu(self)
        for number, entries in enumerate(groups):
            if number:
                menu.addSeparator()
            for words, act in entries:
                menu.addAction(words).triggered.connect(lambda _on=False, act=act: act())
        self.setMenu(menu)

    def _report(self, title: str, command: str) -> None:
        self._shell.run_job(command, on_done=lambda report: self._shell.show_report(title, report), quiet=True)
