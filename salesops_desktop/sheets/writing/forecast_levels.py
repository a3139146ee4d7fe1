"""A sheet for each level of the hierarchy: every row the live sum of its rows one level below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.book import Book, Check
from salesops_desktop.sheets.writing.forecast_records import Level, NodeRow, Tree
from salesops_desktop.sheets.writing.formulas import column_reference
from salesops_desktop.sheets.writing.sheet import Sheet

_TEXT: Final = ValueKind.TEXT
_THOUSANDTHS: Final = 1000


def level_sheets(book: Book, tree: Tree) -> list[Sheet]:
    """The levels' sheets, still empty, in the order of the book."""
    made = []
    for level in tree.levels:
        source = "" if level.below is None else f", summed live from {tree.levels[level.below].name}"
        made.append(book.sheet(level.name, f"{tree.measure} by period: {level.name.lower()}{source}"))
    return made


def fill_levels(book: Book, tree: Tree, sheets: Sequence[Sheet]) -> None:
    """Fill the sheets from the lowest level up, and check every level against the program's own totals."""
    final: dict[int, TablePlan] = {}
    model: dict[int, TablePlan] = {}
    for place in reversed(range(len(tree.levels))):
        level, sheet = tree.levels[place], sheets[place]
        _head(tree, level, sheet)
        below = level.below
        final[place] = _final(tree, place, sheet, None if below is None else final[below])
        if tree.overridden:
            sheet.heading("The model alone")
            sheet.note("What the model forecasts by period, before any override.")
            model[place] = _model(tree, place, sheet, None if below is None else model[below])
    for place, plan in sorted(final.items()):
        _check(book, tree, place, plan, model.get(place))


def _head(tree: Tree, level: Level, sheet: Sheet) -> None:
    unit = tree.currency or "units"
    sheet.title(level.name, f"{tree.measure} by period, {tree.periods[0]} to {tree.periods[-1]}, in {unit}")
    if level.below is None:
        sheet.note(f"The lowest level: the program's own figures. {tree.reconciliation}")
    else:
        under = tree.levels[level.below].name
        sheet.note(f"Each amount is the sum of the rows on the sheet {under} that carry the row's number.")
    said = "With overrides is what counts; Model is the sum of the model alone. " if tree.overridden else ""
    sheet.note(f"{said}Low and high ends come from joint paths: they do not add up, and must not be added.")


def _amount(tree: Tree, name: str, label: str) -> ColumnSpec:
    if tree.currency is None:
        return ColumnSpec(name, label, ValueKind.NUMBER, digits=3)
    return ColumnSpec(name, label, ValueKind.MONEY, tree.currency)


def _shown(tree: Tree, value: int | None) -> int | float | None:
    return value if value is None or tree.currency is not None else value / _THOUSANDTHS


def _digits(tree: Tree) -> int:
    return 3 if tree.currency is None else exponent(tree.currency)


def _keys(level: Level) -> list[ColumnSpec]:
    specs = [ColumnSpec(f"key{i}", label, _TEXT) for i, label in enumerate(level.keys)]
    return specs or [ColumnSpec("key0", "Node", _TEXT)]


def _numbers(tree: Tree, level: Level) -> list[ColumnSpec]:
    feeds = [
        ColumnSpec(f"in{i}_no", f"No. in {tree.levels[f].name}", ValueKind.INTEGER) for i, f in enumerate(level.feeds)
    ]
    return [ColumnSpec("row_no", "No.", ValueKind.INTEGER), *feeds]


def _named(row: NodeRow) -> dict[str, object]:
    return {f"key{i}": name for i, name in enumerate(row.names)}


def _numbered(row: NodeRow) -> dict[str, object]:
    return {"row_no": row.number, **{f"in{i}_no": parent for i, parent in enumerate(row.parents)}}


def _sums(tree: Tree, place: int, below: TablePlan | None, names: Sequence[str]) -> dict[str, str]:
    """For each column the sum of the rows below that carry the row's number."""
    if below is None:
        return {}
    under = tree.levels[place].below
    assert under is not None
    feed = tree.levels[under].feeds.index(place)
    carried = column_reference(below.name, below.label(f"in{feed}_no"))
    return {
        name: f"ROUND(SUMIFS({column_reference(below.name, below.label(name))},{carried},{{row_no}}),{_digits(tree)})"
        for name in names
    }


def _final(tree: Tree, place: int, sheet: Sheet, below: TablePlan | None) -> TablePlan:
    """The numbers that count, with what stands beside them."""
    level = tree.levels[place]
    steps = [f"p{i}" for i in range(len(tree.periods))]
    before = all(row.before is not None for row in level.rows)
    specs = [
        *_keys(level),
        *([_amount(tree, "before", "A year before")] if before else []),
        *(_amount(tree, name, label) for name, label in zip(steps, tree.periods, strict=True)),
        _amount(tree, "total", "With overrides" if tree.overridden else "Forecast"),
    ]
    if tree.overridden:
        specs += [_amount(tree, "model", "Model"), _amount(tree, "moved", "Moved by overrides")]
    specs += [
        _amount(tree, "low", "Low 80 %"), _amount(tree, "high", "High 80 %"),
        ColumnSpec("method", "Method", _TEXT), ColumnSpec("error", "Back-test error", ValueKind.FRACTION, digits=1),
        *_numbers(tree, level), _amount(tree, "program", "Program's total"), _amount(tree, "difference", "Difference"),
    ]  # fmt: skip
    if any(row.note for row in level.rows):
        specs.append(ColumnSpec("note", "To beware of", _TEXT))
    rows = [_row(tree, row, steps) for row in level.rows]
    total = "+".join(f"{{{name}}}" for name in steps)
    digits = _digits(tree)
    formulas: Mapping[str, str] = {
        **_sums(tree, place, below, [*(["before"] if before else []), *steps, *(["model"] if tree.overridden else [])]),
        "total": f"ROUND({total},{digits})",
        "difference": f"ROUND({{total}}-{{program}},{digits})",
    } | ({"moved": f"ROUND({{total}}-{{model}},{digits})"} if tree.overridden else {})
    summed = [*(["before"] if before else []), *steps, "total"] + (["model", "moved"] if tree.overridden else [])
    kept = {spec.name for spec in specs}
    plan = sheet.table(
        build_table(level.name, specs, [{k: v for k, v in row.items() if k in kept} for row in rows]),
        name=f"Level_{place}_{level.name}",
        formulas=formulas,
        totals=summed if len(rows) > 1 else (),
        freeze=True,
    )
    sheet.printed_columns = plan.place("error")  # what follows is for checking, not for reading
    return plan


def _row(tree: Tree, row: NodeRow, steps: Sequence[str]) -> dict[str, object]:
    total, model = sum(row.adjusted), sum(row.model)
    return {
        **_named(row), **_numbered(row), "before": _shown(tree, row.before),
        **{name: _shown(tree, value) for name, value in zip(steps, row.adjusted, strict=True)},
        "total": _shown(tree, total), "model": _shown(tree, model), "moved": _shown(tree, total - model),
        "low": _shown(tree, row.low), "high": _shown(tree, row.high), "method": row.method, "error": row.error,
        "program": _shown(tree, total), "difference": 0, "note": row.note or None,
    }  # fmt: skip


def _model(tree: Tree, place: int, sheet: Sheet, below: TablePlan | None) -> TablePlan:
    """The model's own numbers by period."""
    level = tree.levels[place]
    steps = [f"p{i}" for i in range(len(tree.periods))]
    specs = [
        *_keys(level),
        *(_amount(tree, name, label) for name, label in zip(steps, tree.periods, strict=True)),
        _amount(tree, "total", "Model"),
        *_numbers(tree, level),
    ]
    rows = [
        {
            **_named(row), **_numbered(row), "total": _shown(tree, sum(row.model)),
            **{name: _shown(tree, value) for name, value in zip(steps, row.model, strict=True)},
        }
        for row in level.rows
    ]  # fmt: skip
    total = "+".join(f"{{{name}}}" for name in steps)
    return sheet.table(
        build_table(f"{level.name}, the model alone", specs, rows),
        name=f"Model_{place}_{level.name}",
        formulas={**_sums(tree, place, below, steps), "total": f"ROUND({total},{_digits(tree)})"},
        totals=[*steps, "total"] if len(rows) > 1 else (),
    )


def _check(book: Book, tree: Tree, place: int, plan: TablePlan, model: TablePlan | None) -> None:
    """The level's live columns against the company's forecast, and every row against the program's."""
    level, digits = tree.levels[place], _digits(tree)
    top = tree.levels[0].rows[0]

    def add(name: str, formula: str, expected: int) -> None:
        book.check(Check(f"{level.name}: {name}", formula, Decimal(expected).scaleb(-digits), digits=digits))

    for i, (label, amount) in enumerate(zip(tree.periods, top.adjusted, strict=True)):
        add(label, f"SUM({column_reference(plan.name, plan.label(f'p{i}'))})", amount)
    add("all periods", f"SUM({column_reference(plan.name, plan.label('total'))})", sum(top.adjusted))
    if model is not None:
        span = column_reference(model.name, model.label("total"))
        add("the model alone", f"SUM({span})", sum(top.model))
    difference = column_reference(plan.name, plan.label("difference"))
    add("rows that differ from the program", f"SUMPRODUCT(ABS({difference}))", 0)
