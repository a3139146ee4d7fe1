"""Two kept forecasts of different dates side by side: what was said then, what was said later, what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_lines import Source, load_lines
from salesops_desktop.jobs.forecast_records import known_day
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import Money
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["ComparedPeriod", "ForecastComparison", "KeptHead", "compare_forecasts"]

_HEADS = """
SELECT id, name, kind, as_of, period_kind, currency, origin FROM forecast f
WHERE measure IN ('bookings', 'amount') AND currency IS NOT NULL
  AND EXISTS (SELECT 1 FROM forecast_point p WHERE p.forecast_id = f.id AND p.node_id IS NULL)
ORDER BY as_of DESC, id DESC
"""
_POINTS = """
SELECT period_start, period_end, period_label, mean, low80, high80 FROM forecast_point
WHERE forecast_id = ? AND node_id IS NULL ORDER BY period_start
"""
_REACH = "SELECT forecast_id, period_start || period_end FROM forecast_point WHERE node_id IS NULL"
_NOTHING: tuple[None, None, None] = (None, None, None)


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A kept forecast of the company."""

    id: int
    name: str
    kind: str
    as_of: dt.date
    period_kind: str
    currency: str
    origin: str


@dataclass(frozen=True, slots=True)
class ComparedPeriod:
    """One period of either forecast, in minor units; None where a forecast does not reach it."""

    start: dt.date
    end: dt.date
    label: str
    first: int | None
    first_low: int | None
    first_high: int | None
    second: int | None
    second_low: int | None
    second_high: int | None
    actual: int | None
    """What came; None while the period is not over."""

    @property
    def change(self) -> int | None:
        """Second − first."""
        return None if self.first is None or self.second is None else self.second - self.first


@dataclass(frozen=True, slots=True)
class ForecastComparison:
    """Two kept forecasts side by side, the earlier one first."""

    first: KeptHead
    second: KeptHead
    periods: tuple[ComparedPeriod, ...]
    kept: tuple[KeptHead, ...]
    """All that could be compared, newest day of knowledge first."""

    def summary(self) -> Sequence[str]:
        """How the forecast of the periods both reach has changed, and which came closer."""
        both = [p for p in self.periods if p.change is not None]
        if not both:
            return [f"The forecasts of {self.first.as_of} and {self.second.as_of} have no period in common."]
        change = sum(p.change or 0 for p in both)
        before = sum(p.first or 0 for p in both)
        money = Money(change, self.second.currency)
        share = f" ({change / before:+.1%})" if before else ""
        said = [
            f"From {self.first.as_of} to {self.second.as_of} the forecast of {_span(both)} changed by {money}{share}."
        ]
        over = [p for p in both if p.actual is not None]
        if over:
            errors = [sum(abs((v or 0) - (p.actual or 0)) for v, p in zip(side, over, strict=True))
                      for side in ([p.first for p in over], [p.second for p in over])]  # fmt: skip
            closer = self.second if errors[1] < errors[0] else self.first
            said.append(f"Of {_span(over)}, which is over, the forecast of {closer.as_of} came closer.")
        return said

    def tables(self) -> Sequence[Table]:
        """One row per period."""
        money, currency = ValueKind.MONEY, self.second.currency
        specs = [
            ColumnSpec("label", "Period", ValueKind.TEXT),
            ColumnSpec("first", f"Said on {self.first.as_of}", money, currency),
            ColumnSpec("second", f"Said on {self.second.as_of}", money, currency),
            ColumnSpec("change", "Change", money, currency),
            ColumnSpec("actual", "Came", money, currency),
        ]
        rows = [(p.label, p.first, p.second, p.change, p.actual) for p in self.periods]
        return [build_table("Two dates side by side", specs, rows)]


def _span(periods: Sequence[ComparedPeriod]) -> str:
    first, last = periods[0].label, periods[-1].label
    return first if first == last else f"{first} to {last}"


@job(
    "forecast compare",
    title="Compare two kept forecasts",
    group="forecast",
    examples=("forecast compare company.salesops", "forecast compare company.salesops --first 3 --second 8"),
)
def compare_forecasts(context: JobContext, *, first: int = 0, second: int = 0) -> ForecastComparison:
    """Set two kept forecasts of the company side by side, period by period, with what came.

    Args:
        first: the number of a kept forecast (forecast list --json tells them); by default the newest of an earlier
            date than the second, by the same kind of period.
        second: another; by default the newest one.
    """
    with context.workspace.read() as connection:
        heads = [
            KeptHead(int(i), str(n), str(k), dt.date.fromisoformat(str(d)), str(p), str(c), str(o))
            for i, n, k, d, p, c, o in connection.exec_driver_sql(_HEADS)
        ]
        reach: dict[int, set[str]] = {}
        for number, start in connection.exec_driver_sql(_REACH):
            reach.setdefault(int(number), set()).add(str(start))
        earlier, later = _chosen(heads, reach, first, second)
        today = known_day(connection, None)
        return ForecastComparison(earlier, later, _periods(connection, earlier, later, today), tuple(heads))


def _chosen(
    heads: Sequence[KeptHead], reach: Mapping[int, set[str]], first: int, second: int
) -> tuple[KeptHead, KeptHead]:
    by_id = {head.id: head for head in heads}
    unknown = [str(number) for number in (first, second) if number and number not in by_id]
    if unknown:
        raise InputRefusedError(
            f"No forecast of the company was kept under {' and '.join(unknown)}.", way_out="See forecast list."
        )
    lacking = NothingToDoError(
        "There are no two kept forecasts of different dates to compare.", way_out="Forecast and keep on another day."
    )
    pairs = (
        (one, other)
        for other in heads
        for one in heads
        if (not second or other.id == second)
        and (not first or one.id == first)
        and one.id != other.id
        and one.currency == other.currency
        and (first or (one.as_of < other.as_of and (one.period_kind, one.kind) == (other.period_kind, other.kind)))
    )
    found = list(pairs)
    if not found:
        raise lacking
    # The newest pair that speaks of the same periods; without one the newest pair.
    one, other = next((pair for pair in found if reach[pair[0].id] & reach[pair[1].id]), found[0])
    return (one, other) if one.as_of <= other.as_of else (other, one)


def _periods(connection: Connection, first: KeptHead, second: KeptHead, today: dt.date) -> tuple[ComparedPeriod, ...]:
    sides: list[dict[tuple[str, str], tuple[str, int, int | None, int | None]]] = []
    for head in (first, second):
        rows = connection.exec_driver_sql(_POINTS, (head.id,))
        sides.append({(str(s), str(e)): (str(label), mean, low, high) for s, e, label, mean, low, high in rows})
    try:
        frame = load_lines(connection, Source.AUTO, "amount", (), today).frame
    except NothingToDoError:
        frame = None
    found = []
    for start, end in sorted(set(sides[0]) | set(sides[1])):
        one, other = (side.get((start, end)) for side in sides)
        label = (one or other or ("",))[0]
        actual = None
        if frame is not None and end <= today.isoformat():
            actual = int(frame.loc[frame["day"].between(start, end), "value"].sum())
        a, b = (_NOTHING if side is None else side[1:] for side in (one, other))
        found.append(
            ComparedPeriod(
                dt.date.fromisoformat(start), dt.date.fromisoformat(end), label, a[0], a[1], a[2], b[0], b[1], b[2],
                actual,
            )
        )  # fmt: skip
    return tuple(found)
