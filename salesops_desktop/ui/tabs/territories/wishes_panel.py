"""What a design is to respect: sensible as it stands, changeable by who wants to."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtWidgets import QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.territories.presenter import Wishes
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.forms import CheckField, ChoiceField, Field, Form, PercentField, TextField


class WishesPanel(WrapRow):
    """The parameters of a design."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, spacing=theme.tokens().spacing["xl"])
        self.name = TextField(tr("Name"), placeholder=tr("Design 1, Design 2 …"))
        self.tolerance = PercentField(
            tr("Tolerance"),
            required=True,
            hint=tr("How far a territory may lie off the mean."),
            check=lambda share: "" if Decimal("0.01") <= share <= 1 else tr("From 1 to 100 per cent."),
        )
        self.stability = ChoiceField(
            tr("Accounts"),
            {
                tr("may move freely"): 0.0,
                tr("move where it helps"): 0.5,
                tr("mostly stay with their owners"): 1.0,
                tr("stay unless balance needs them"): 2.0,
            },
            hint=tr("What a change of hands costs."),
        )
        self.within_regions = CheckField(tr("Keep accounts in their region"))
        self.keep_parents = CheckField(tr("Keep accounts of one parent together"))
        forms: tuple[dict[str, Field], ...] = (
            {"name": self.name, "tolerance": self.tolerance},
            {"stability": self.stability},
            {"within_regions": self.within_regions, "keep_parents": self.keep_parents},
        )
        self._forms = [Form(fields) for fields in forms]
        self.flow.setContentsMargins(*[theme.tokens().spacing["m"]] * 4)
        self.add(*self._forms)
        self.set_wishes(Wishes())

    def set_wishes(self, wishes: Wishes) -> None:
        """Show parameters."""
        self.name.set_value(wishes.name)
        self.tolerance.set_value(Decimal(str(wishes.tolerance)) / 100)
        self.stability.set_value(wishes.stability)
        self.within_regions.set_value(wishes.within_regions)
        self.keep_parents.set_value(wishes.keep_parents)

    def wishes(self) -> Wishes | None:
        """The parameters; None where a field has a fault, which is then shown beside it."""
        bad = [form for form in self._forms if not form.validate()]  # each shows its faults
        if bad:
            return None
        return Wishes(
            self.name.value() or "",
            float(self.tolerance.value() * 100),
            self.stability.value(),
            self.within_regions.value(),
            self.keep_parents.value(),
        )
