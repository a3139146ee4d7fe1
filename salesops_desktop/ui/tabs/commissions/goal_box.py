"""Goal seek: what must a person still book to be paid a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import heading, words
from salesops_desktop.ui.widgets.forms import ChoiceField, Form, MoneyField

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_goal_seek import Goal
    from salesops_desktop.jobs.commission_scenarios import PreparedPeriod
    from salesops_desktop.model.errors import SalesOpsError


class GoalBox(QWidget):
    """Asks for a person and a sum, and says what pays it.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._prepared: PreparedPeriod | None = None
        self._currencies: dict[str, str] = {}
        self._wanted = ""
        self.person = ChoiceField(tr("Person"))
        self.amount = MoneyField(tr("is to earn"), "", required=True)
        self.form = Form({"person": self.person, "amount": self.amount})
        self.find_button = QPushButton(theme.icon("gauge"), tr("Find what pays it"))
        self.find_button.setAccessibleName(tr("Find what pays it"))
        self.answer = words(muted=False)
        self.answer.setAccessibleName(tr("What pays the sum"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["m"])
        column.addWidget(heading(tr("Goal seek: what pays a sum?")))
        column.addWidget(self.form)
        column.addWidget(self.find_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.answer)
        self.person.changed.connect(self._person_chosen)
        self.amount.input.returnPressed.connect(self.seek)
        self.find_button.clicked.connect(self.seek)

    def set_prepared(self, prepared: PreparedPeriod) -> None:
        """Offer the people of a period."""
        if prepared is self._prepared:
            return
        self._prepared = prepared
        self._currencies = dict(prepared.payees)
        self.person.set_choices(list(self._currencies))
        self._person_chosen()
        self.choose(self._wanted)

    def choose(self, person: str) -> None:
        """Ask about a person, as soon as a period is prepared that pays them."""
        self._wanted = person
        if person in self._currencies:
            self._wanted = ""
            self.person.set_value(person)
            self._person_chosen()
            self.amount.setFocus(Qt.FocusReason.OtherFocusReason)

    def _person_chosen(self) -> None:
        self.amount.set_currency(self._currencies.get(self.person.read() or "", ""))
        self.answer.clear()

    def seek(self) -> None:
        """Look for the least further booking that pays the sum."""
        if self._prepared is None or not self.form.validate():
            return
        values = self.form.values()
        params = {"period": self._prepared.label, "person": values["person"], "amount": f"{values['amount']:f}"}
        self.find_button.setEnabled(False)

        def done(goal: Goal) -> None:
            self._say("\n".join(goal.summary()), "")

        def failed(error: SalesOpsError) -> None:
            self._say(f"{error.sentence} {error.way_out or ''}".strip(), "error")

        self._shell.run_job("commissions goal-seek", params, topic="commissions.goal", on_done=done, on_error=failed)

    def _say(self, text: str, tone: str) -> None:
        self.find_button.setEnabled(True)
        self.answer.setText(text)
        theme.dress(self.answer, tone=tone)
