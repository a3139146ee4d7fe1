"""The sheet of plan tables: every number of the plans in a cell that can be changed, and what windows bring."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from openpyxl.utils.cell import get_column_letter

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import Cell, ValueKind
from salesops_desktop.sheets.writing.commission_package import Page
from salesops_desktop.sheets.writing.commission_records import PlanTable, Recipe, Statement, Term, WindowFacts
from salesops_desktop.sheets.writing.formulas import Formula, quoted_sheet
from salesops_desktop.sheets.writing.style import DATE_FORMAT, Look, Role, kind_format

NAME: Final = "Plan tables"
SHEET: Final = quoted_sheet(NAME)
_EXACT: Final = 6
"""The first column with plan terms in smallest units."""
_WINDOW: Final = 10
"""The first column with windows' figures in smallest units."""
_WHOLE: Final = Look(number_format="#,##0", align="right")
_TEXT: Final = Look(align="left", indent=1)
_FORMATS: Final = {"rate": "0.0###%", "units": "#,##0.0#####"}
_PLACE: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_FIGURES: Final = ("quota", "target", "factor", "factor_of")


@dataclass(slots=True)
class PlanPage:
    """Where the numbers of plans and windows stand.

    Attributes:
        terms: term key → the absolute address of its number in smallest units, without the sheet.
        windows: per window its names (quota, tier_2_from) → absolute addresses, without the sheet.
        first: the first row with terms.
        last: the last row with terms.
        check: what the terms come to, each times the number of its row.
    """

    terms: dict[str, str] = field(default_factory=dict)
    windows: list[dict[str, str]] = field(default_factory=list)
    first: int = 1
    last: int = 1
    check: int = 0

    def fingerprint(self) -> str:
        """A formula that changes when any term does."""
        columns = [get_column_letter(_EXACT + i) for i in range(3)]
        spans = [f"{SHEET}!${c}${self.first}:${c}${self.last}" for c in columns]
        return "+".join(f"{i}*SUMPRODUCT({span},ROW({span}))" for i, span in enumerate(spans, 1))

    def reference(self, recipe: Recipe, window: Mapping[str, str], name: str) -> str:
        """The address of a window's figure or a plan's term, with its sheet."""
        place = window.get(name) or self.terms[recipe.terms[name]]
        return f"{SHEET}!{place}"


def filled(template: str, cell: Mapping[str, str], other: PlanPage, recipe: Recipe, window: Mapping[str, str]) -> str:
    """A template with cells in place of its names; ``cell`` holds those of the line's own row."""

    def place(match: re.Match[str]) -> str:
        name, end = match.groups()
        if end:
            return f"{other.reference(recipe, window, name)}:{other.terms[recipe.terms[end]]}"
        known = cell.get(name)
        return other.reference(recipe, window, name) if known is None else known

    return _PLACE.sub(place, template)


def fill_plan_page(
    page: Page,
    tables: Sequence[PlanTable],
    recipes: Sequence[Recipe],
    windows: Sequence[tuple[Statement, int, WindowFacts, str]],
) -> PlanPage:
    """Fill the sheet.

    Args:
        page: the sheet.
        tables: of the plans that the workbook's people have.
        recipes: of the run.
        windows: the statement, the recipe's place, the facts and the component's name of each block of lines.
    """
    made = PlanPage()
    page.title(NAME, "What the plans say. Change a tinted cell and every statement of this workbook follows.")
    made.first = page.row
    for table in tables:
        _plan_table(page, table, made)
    made.last = max(made.first, page.row - 1)
    _windows(page, recipes, windows, made)
    page.protected = True
    for column, width in ((1, 24), (2, 28), (3, 18), (4, 18), (5, 20), (6, 17), (7, 17), (8, 17), (9, 3)):
        page.widen(column, width)
    for column in range(_WINDOW, page.last_column + 1):
        page.widen(column, 16)
    page.printed = _WINDOW - 2
    return made


def _plan_table(page: Page, table: PlanTable, made: PlanPage) -> None:
    page.heading(f"{table.plan} · {table.component}: {table.words}")
    count = len(table.headings)
    gap = [""] * (_EXACT - 2 - count)
    exact = [f"{heading}, in smallest units" for heading in table.headings]
    right = Look(align="right")
    page.header(["", *table.headings, *gap, *exact], [Look(align="left"), *[right] * (count + len(gap) + count)])
    for label, terms in table.rows:
        row = page.row
        shown: list[tuple[Cell | Formula, Look]] = [(label, _TEXT)]
        whole: list[tuple[Cell | Formula, Look]] = []
        for i, term in enumerate(terms):
            if term is None:
                shown.append((None, Look()))
                whole.append((None, Look()))
                continue
            shown.append((Decimal(term.value) / term.scale, _term_look(term)))
            letter = get_column_letter(2 + i)
            whole.append((Formula(f"ROUND({letter}{row}*{term.scale},0)", term.value), _WHOLE))
            made.terms[term.key] = f"${get_column_letter(_EXACT + i)}${row}"
            made.check += term.value * row * (i + 1)
        page.put([*shown, *[(None, Look())] * len(gap), *whole])
    first, last = page.row - len(table.rows), page.row - 1
    page.validations.append(
        (f"B{first}:{get_column_letter(1 + count)}{last}", "See what another number would pay.", 1e12)
    )


def _term_look(term: Term) -> Look:
    number_format = _FORMATS.get(term.unit) or kind_format(ValueKind.MONEY, currency=term.currency)
    return Look(Role.INPUT, number_format, "right", 1)


def _windows(
    page: Page,
    recipes: Sequence[Recipe],
    windows: Sequence[tuple[Statement, int, WindowFacts, str]],
    made: PlanPage,
) -> None:
    """One row per person, component and window: quota, target, factors, and where tiers begin in money."""
    page.heading("Quotas and other figures of each person")
    bounds = max((len(recipes[recipe].bounds) for _, recipe, _, _ in windows), default=0)
    labels = ["Person", "Component", "Since", "Quota", "Target incentive", "Factors", "Gate", "", ""]
    labels += ["Quota", "Target", "Factors", "Divided by", *(f"Tier bound {i + 1}" for i in range(bounds))]
    looks = [Look(align="left")] * 2 + [Look(align="center")] + [Look(align="right")] * (len(labels) - 3)
    page.header(labels, looks)
    for statement, place, facts, name in windows:
        made.windows.append(_window(page, recipes[place], statement, facts, name, bounds, made))


def _window(
    page: Page, recipe: Recipe, statement: Statement, facts: WindowFacts, name: str, bounds: int, made: PlanPage
) -> dict[str, str]:
    """One window's row; returns where its figures stand."""
    row, scale = page.row, 10 ** exponent(statement.currency)
    letters = [get_column_letter(_WINDOW + i) for i in range(len(_FIGURES) + bounds)]
    places = {figure: f"${letter}${row}" for figure, letter in zip(_FIGURES, letters, strict=False)}
    money = Look(Role.INPUT, kind_format(ValueKind.MONEY, currency=statement.currency), "right", 1)
    cells: list[tuple[Cell | Formula, Look]] = [
        (statement.person, _TEXT),
        (name, _TEXT),
        (facts.since, Look(number_format=DATE_FORMAT, align="center")),
    ]
    whole: list[tuple[Cell | Formula, Look]] = []
    for letter, amount in (("D", facts.quota), ("E", facts.target)):
        cells.append((Decimal(amount) / scale, money) if amount else (None, Look()))
        whole.append((Formula(f"ROUND({letter}{row}*{scale},0)", amount) if amount else 0, _WHOLE))
    factor = Formula(f"{places['factor']}/{places['factor_of']}", facts.factor / facts.factor_of)
    cells.append((factor, Look(number_format="0.0###", align="right")))
    cells.append(("open" if facts.is_open else "closed", Look(align="right", indent=1)))
    whole += [(facts.factor, _WHOLE), (facts.factor_of, _WHOLE)]
    for (bound, template), value, letter in zip(recipe.bounds, facts.bounds, letters[len(_FIGURES) :], strict=False):
        text = _PLACE.sub(
            lambda match: places.get(match.group(1)) or made.terms[recipe.terms[match.group(1)]], template
        )
        whole.append((0, _WHOLE) if text == "0" else (Formula(text, value), _WHOLE))
        places[bound] = f"${letter}${row}"
    page.put([*cells, (None, Look()), (None, Look()), *whole])
    if facts.quota or facts.target:
        page.validations.append((f"D{row}:E{row}", "See what another figure would pay.", 1e15))
    return places
