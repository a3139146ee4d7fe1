"""The guided start of a design: what to balance, how many, what must not move. Sensible as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.territories.presenter import Wishes
from salesops_desktop.ui.tabs.words_box import WordsBox, heading, words
from salesops_desktop.ui.widgets.forms import (
    CheckField,
    ChoiceField,
    Field,
    Form,
    IntegerField,
    PercentField,
    TextField,
)

_MEASURES: Final = (
    ("potential", "Potential"),
    ("workload", "Workload"),
    ("accounts", "Number of accounts"),
    ("open_pipeline", "Open pipeline"),
    ("won_last_year", "Won last year"),
)
_USUAL: Final = Decimal("0.10")
_DEFAULTS: Final = {
    "stability": 0.5,
    "capacity": True,
    "keep_parents": True,
    "connected": True,
    "effort": "quick",
}
"""What a design asks for before anybody has looked at the data: the job's own defaults."""


SETTINGS: Final = {
    "Balance": "measures",
    "Territories": "territories",
    "Boundary": "boundary",
    "Parents together": "keep_parents",
    "Cities together": "keep_metros",
    "Price of moving": "stability",
    "Capacity per person": "capacity",
    "Must not move": "keep",
}
"""What a suggestion calls a setting, and its name in the job."""


class MeasuresBox(QWidget):
    """What is balanced, each with a tolerance of its own, and a formula for what has no name."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: dict[str, CheckField] = {}
        self.tolerances: dict[str, PercentField] = {}
        self.formula = TextField(tr("A formula over the fields of accounts"), placeholder="annual_revenue * 0.2")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(theme.tokens().spacing["s"])
        grid.setColumnStretch(0, 1)
        for row, (name, label) in enumerate(_MEASURES):
            check = CheckField(tr(label))
            check.set_value(name in ("potential", "workload"))
            self.checks[name] = check
            grid.addWidget(check, row, 0)
            self._add_tolerance(grid, row, name, tr(label))
            check.changed.connect(self._enable)
        grid.addWidget(self.formula, len(_MEASURES), 0)
        self._add_tolerance(grid, len(_MEASURES), "formula", tr("The formula"))
        self.formula.changed.connect(self._enable)
        self._enable()

    def _add_tolerance(self, grid: QGridLayout, row: int, name: str, label: str) -> None:
        field = PercentField(
            tr("Tolerance of {measure}", measure=label),
            required=True,
            check=lambda share: "" if Decimal("0.005") <= share <= 1 else tr("From 0.5 to 100 per cent."),
        )
        field.set_value(_USUAL)
        field.setMaximumWidth(10 * self.fontMetrics().averageCharWidth() + 30)
        self.tolerances[name] = field
        sign = QLabel("±")
        sign.setBuddy(field.focusProxy() or field)
        grid.addWidget(sign, row, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(field, row, 2)

    def _enable(self) -> None:
        for name, field in self.tolerances.items():
            field.setEnabled(bool(self.formula.read_text()) if name == "formula" else self.checks[name].read())

    def validate(self) -> bool:
        """Show faults; whether there are none."""
        faulty = [field for field in self.tolerances.values() if field.isEnabled() and not field.validate()]
        return not faulty

    def asked(self) -> list[str]:
        """The measures as the job wants them; call :meth:`validate` first."""
        chosen = [name for name, check in self.checks.items() if check.read()]
        made = [f"{name}:{float(self.tolerances[name].value() * 100):g}" for name in chosen]
        if self.formula.read_text():
            made.append(f"{self.formula.read_text()}:{float(self.tolerances['formula'].value() * 100):g}")
        return made

    def show_asked(self, measures: list[str], tolerance: float) -> None:
        """Show measures as the job has them."""
        usual = Decimal(str(tolerance)) / 100
        names = {}
        for text in measures:
            name, _, own = text.partition(":")
            names[name.strip().replace(" ", "_")] = Decimal(own) / 100 if own else usual
        for name, check in self.checks.items():
            if names:
                check.set_value(name in names)
            self.tolerances[name].set_value(names.get(name, usual))
        formula = [text for text in names if text not in self.checks]
        self.formula.set_value(formula[0] if formula else "")
        self._enable()


class DesignPane(WordsBox):
    """Three questions and, folded, what else can be asked."""

    suggest_asked = Signal()
    """The person wants the settings that suit the data."""

    def __init__(self) -> None:
        super().__init__(tr("Settings of the design"))
        self.measures = MeasuresBox()
        parts = (_count_fields(), _move_fields(), _further_fields())
        self.fields: dict[str, Field] = {name: field for part in parts for name, field in part.items()}
        self.name = self.fields["name"]
        self._keep: tuple[int, ...] = ()
        add = self.column.addWidget
        self.suggest_button = QPushButton(theme.icon("sample"), tr("Suggest from the data"))
        self.suggest_button.setAccessibleName(tr("Suggest settings from the data"))
        self.suggest_button.clicked.connect(self.suggest_asked)
        self.why = words("")
        add(self.suggest_button)
        add(self.why)
        self.why.hide()
        add(heading(tr("1. What is to be balanced?")))
        add(self.measures)
        add(heading(tr("2. How many territories?")))
        self._forms = [Form(part) for part in parts]
        add(self._forms[0])
        add(heading(tr("3. What must not move?")))
        add(self._forms[1])
        self.more = QPushButton(tr("More settings"))
        self.more.setCheckable(True)
        self.more.setAccessibleName(tr("Show more settings"))
        self._forms[2].hide()
        self.more.toggled.connect(self._forms[2].setVisible)
        add(self.more)
        add(self._forms[2])
        self.end()
        self.show_asked(_DEFAULTS, {})

    def focus_first(self) -> None:
        """Go to the first question."""
        self.measures.checks["potential"].setFocus(Qt.FocusReason.OtherFocusReason)

    def offer_bases(self, scenarios: Mapping[str, int]) -> None:
        """Scenarios whose locks may be kept: name to number."""
        field = self.fields["based_on"]
        assert isinstance(field, ChoiceField)
        field.set_choices({tr("nothing: all anew"): 0, **scenarios})

    def wishes(self) -> Wishes | None:
        """What is asked; None where a field has a fault, which is then shown beside it."""
        bad = [form for form in self._forms if not form.validate()]
        if bad or not self.measures.validate():
            if self._forms[2] in bad:
                self.more.setChecked(True)
            return None
        asked: dict[str, Any] = {name: field.value() for name, field in self.fields.items()}
        asked["name"] = asked["name"] or ""
        asked["measures"] = self.measures.asked() or None
        for name in ("territories", "vacancies"):
            asked[name] = asked[name] or 0
        asked["budget"] = None if asked["budget"] is None else float(asked["budget"] * 100)
        asked["keep"] = list(self._keep) if asked["keep"] and self._keep else None
        return Wishes(_typed(asked))

    def show_asked(self, asked: Mapping[str, Any], reasons: Mapping[str, str], sentence: str = "") -> None:
        """Show settings, each with why.

        Args:
            asked: by the names of the job.
            reasons: by the same names.
            sentence: what is said above them.
        """
        self.measures.show_asked(list(asked.get("measures") or ()), float(asked.get("tolerance", 10.0)))
        for name, field in self.fields.items():
            if name == "keep":
                self._keep = tuple(asked.get("keep") or ())
                field.set_value(bool(self._keep))
                field.setEnabled(bool(self._keep))
            elif name in asked and name not in ("name", "based_on"):
                value = asked[name]
                if name in ("territories", "vacancies"):
                    value = value or None
                elif name == "budget":
                    value = None if value is None else Decimal(str(value)) / 100
                field.set_value(str(value) if isinstance(field, ChoiceField) and name != "stability" else value)
            if name in reasons:
                field.set_hint(reasons[name])
        said = [text for text in (sentence, reasons.get("measures", "")) if text]
        self.why.setText("\n".join(said))
        self.why.setVisible(bool(said))


def _typed(asked: dict[str, Any]) -> dict[str, Any]:
    """Texts of choices as the job's own words."""
    from salesops_desktop.jobs.territory_wishes import Boundary, Compactness, Effort, UnitKind  # noqa: PLC0415  # heavy

    kinds = {"boundary": Boundary, "compactness": Compactness, "effort": Effort, "units": UnitKind}
    return {name: kinds[name](value) if name in kinds else value for name, value in asked.items()}


def _count_fields() -> dict[str, Field]:
    return {
        "territories": IntegerField(tr("Territories"), placeholder=tr("one per person")),
        "vacancies": IntegerField(tr("Vacancies"), placeholder=tr("none")),
        "capacity": CheckField(tr("Part-time and new people get less")),
    }


def _move_fields() -> dict[str, Field]:
    choices = {
        tr("may move freely"): 0.0,
        tr("move where it helps"): 0.5,
        tr("mostly stay with their owners"): 1.0,
        tr("stay unless balance needs them"): 2.0,
    }
    boundary = {
        tr("their region"): "region",
        tr("their country"): "country",
        tr("their segment"): "segment",
        tr("no boundary"): "none",
    }
    return {
        "stability": ChoiceField(tr("Accounts"), choices),
        "budget": PercentField(tr("Changes hands at most"), hint=tr("Of the potential; empty for no limit.")),
        "boundary": ChoiceField(tr("Kept within"), boundary),
        "keep_parents": CheckField(tr("Accounts of one parent stay together")),
        "keep_metros": CheckField(tr("Accounts of one city stay together")),
        "keep": CheckField(tr("Accounts that had better stay do")),
        "based_on": ChoiceField(tr("Locks kept from"), {tr("nothing: all anew"): 0}),
    }


def _further_fields() -> dict[str, Field]:
    units = {text: text for text in ("accounts", "postal codes", "counties", "states", "countries")}
    return {
        "name": TextField(tr("Name"), placeholder=tr("Design 1, Design 2 …")),
        "units": ChoiceField(tr("Handed out"), {tr(text): value for text, value in units.items()}),
        "compactness": ChoiceField(
            tr("Kept short"), {tr("distances to travel"): "distance", tr("the span of each territory"): "span"}
        ),
        "connected": CheckField(tr("In one piece")),
        "effort": ChoiceField(
            tr("Search"),
            {
                tr("a second"): "quick",
                tr("a quarter of a minute"): "thorough",
                tr("a minute"): "long",
            },
        ),
    }
