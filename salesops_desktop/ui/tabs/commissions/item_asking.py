"""What people put beside the lines of a run: questions and answers, adjustments, holds and their release."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.in_view import InView
from salesops_desktop.ui.tabs.commissions.presenter import CommissionPresenter
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.widgets.forms import CheckField, ChoiceField, Field, MoneyField, TextField

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_desk import Held
    from salesops_desktop.jobs.workspaces import Sentences


class ItemAsking:
    """Asks for what an item needs, then has it written.

    Args:
        shell: the window.
        presenter: knows what is shown.
        seen: what is in view.
    """

    def __init__(self, shell: Shell, presenter: CommissionPresenter, seen: Callable[[], InView | None]) -> None:
        self._shell, self._presenter, self._seen = shell, presenter, seen

    # ------------------------------------------------------------------ questions

    def ask(self) -> None:
        """Write down a question about the line in view."""
        seen = self._seen()
        if seen is None or not seen.line:
            self._shell.say(tr("Select the line that the question is about."))
            return
        question = TextField(tr("Question"), required=True)
        self._confirm(
            tr("Ask about a line"),
            tr(
                "Line {line} of {person} ({deal}). The question stays open until it is answered.",
                line=seen.line, person=seen.person, deal=seen.deal,
            ),
            tr("Ask"),
            lambda values: self._do("commissions ask", {"run": seen.run, "line": seen.line, **values}),
            {"question": question},
        )  # fmt: skip

    def answer(self, inquiry: int = 0) -> None:
        """Answer a question; the one in view first.

        Args:
            inquiry: its number; 0 for the oldest that is open.
        """
        table = self._presenter.state.inquiries
        choices: dict[str, int] = {}
        for i in range(0 if table is None else len(table)):
            assert table is not None
            if str(table["status"].values[i]) != "closed":
                number, person, what = (table[name].values[i] for name in ("id", "person", "question"))
                choices[f"{number}: {person}, {what}"] = int(number)
        if not choices:
            self._shell.say(tr("No question waits for an answer."))
            return
        which = ChoiceField(tr("Inquiry"), choices)
        if inquiry in choices.values():
            which.set_value(inquiry)
        text = TextField(tr("Answer"), required=True)
        close = CheckField(tr("The matter is closed with it"))
        self._confirm(
            tr("Answer an inquiry"),
            tr("The answer stands with the question, with who gave it and when."),
            tr("Answer"),
            lambda values: self._do("commissions answer", values),
            {"inquiry": which, "text": text, "close": close},
        )

    # ------------------------------------------------------------------ adjustments and holds

    def adjust(self) -> None:
        """Add an amount to what the person in view earns, or take it away."""
        seen = self._changeable()
        if seen is None:
            return
        fields: dict[str, Field] = {"line": self._about(seen)}
        if len(seen.plans) > 1:
            fields["plan"] = ChoiceField(tr("Plan"), seen.plans)
        fields["amount"] = MoneyField(
            tr("Amount"), seen.currency, required=True, hint=tr("With a minus it is taken away."),
            check=lambda amount: "" if amount else tr("An adjustment of nothing changes nothing."),
        )  # fmt: skip
        fields["reason"] = TextField(tr("Reason"), required=True, hint=tr("It stands on the statement."))

        def go(values: dict[str, Any]) -> None:
            amount: Decimal = values["amount"]
            whom = {} if values["line"] else {"person": seen.person}
            self._do("commissions adjust", {**values, **whom, "run": seen.run, "amount": f"{amount:f}"})

        self._confirm(
            tr("Adjust {person}", person=seen.person),
            tr("It is paid with {run}, and can be undone until that is approved.", run=seen.name),
            tr("Adjust"),
            go,
            fields,
        )

    def hold(self) -> None:
        """Let the pay of the line or person in view wait."""
        seen = self._changeable()
        if seen is None:
            return
        reason = TextField(tr("Reason"), required=True)

        def go(values: dict[str, Any]) -> None:
            whom = {} if values["line"] else {"person": seen.person}
            self._do("commissions hold", {**values, **whom, "run": seen.run})

        self._confirm(
            tr("Hold a payment"),
            tr("What is earned and owed stays as it is; it is paid when the hold is released, here or in a later run."),
            tr("Hold"),
            go,
            {"line": self._about(seen), "reason": reason},
        )

    def release(self) -> None:
        """Pay what was held, in the run in view."""
        seen, desk = self._changeable(), self._presenter.state.desk
        if seen is None:
            return
        held = () if desk is None else desk.held
        if not held:
            self._shell.say(tr("Nothing is held."))
            return
        self._confirm(
            tr("Release a held payment"),
            tr("It is paid with {run}. A hold of that run itself is taken away.", run=seen.name),
            tr("Release"),
            lambda values: self._do(
                "commissions release", {**values, "run": seen.run, "reason": values["reason"] or ""}
            ),
            {
                "item": ChoiceField(tr("Held"), {_held(one): one.item for one in held}),
                "reason": TextField(tr("Why it may be paid"), placeholder=tr("(optional)")),
            },
        )

    @staticmethod
    def _about(seen: InView) -> ChoiceField:
        choices = {tr("all that {person} is paid", person=seen.person): 0}
        if seen.line:
            choices[tr("line {line}: {deal}", line=seen.line, deal=seen.deal)] = seen.line
        field = ChoiceField(tr("About"), choices)
        field.set_value(seen.line)
        return field

    def _changeable(self) -> InView | None:
        """What is in view, where its run may still be changed; else says why not."""
        seen = self._seen()
        if seen is None or not seen.person:
            return None
        if not seen.changeable:
            said = tr("{run} is {status}: nothing in it can be changed.", run=seen.name, status=tr(seen.status.value))
            self._shell.say(said, kind="warning")
            return None
        return seen

    def _confirm(
        self, title: str, sentence: str, action: str, go: Callable[[dict[str, Any]], None], fields: dict[str, Field]
    ) -> None:
        Confirm(title, sentence, action, go, self._shell.dialog_parent, fields).open()

    def _do(self, command: str, params: dict[str, Any]) -> None:
        def done(said: Sentences) -> None:
            self._shell.say(" ".join(said.summary()), kind="success")

        self._shell.run_job(command, params, on_done=done)


def _held(one: Held) -> str:
    about = f", {one.transaction}" if one.transaction else ""
    return f"{one.person}{about}: {one.amount} ({one.run}, {one.why})"
