"""How many territories a company needs: from workload and capacity, and by comparing designs of several counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.territory_inputs import TerritoryInputs, load_territory_inputs
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import to_minor
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory.headcount import CountRow, Headcount, compare_counts, headcount, split_count
from salesops_desktop.territory.problem import DesignProblem

__all__ = ["HeadcountReport", "plan_headcount"]

Floats = npt.NDArray[np.float64]
_T, _I, _N, _F, _M = (
    ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.FRACTION, ValueKind.MONEY,
)  # fmt: skip
_MOST = 12
"""So many counts are compared at most: each is a design of its own."""


@dataclass(frozen=True, slots=True)
class HeadcountReport:
    """The people needed and what designs with more and fewer of them come to.

    Attributes:
        needed: territories by workload over capacity, rounded up.
        exact: the same before rounding, in full-time people.
        people: who may work a territory today.
        full_time: the same in full-time people, by part time, ramp and absence over the coming year.
        capacity_hours: hours a year a full-time person spends with customers.
        counts: one row per number of territories compared.
        regions: one row per region: its workload and the people it needs and has.
        sentences: what a reader should know.
    """

    needed: int
    exact: float
    people: int
    full_time: float
    capacity_hours: float
    counts: Table
    regions: Table
    sentences: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """How many are needed, how many there are."""
        return self.sentences

    def tables(self) -> Sequence[Table]:
        """The comparison, then the regions."""
        return [table for table in (self.counts, self.regions) if len(table)]


@job(
    "territories headcount",
    title="Plan headcount",
    group="territories",
    examples=(
        "territories headcount company.salesops",
        "territories headcount company.salesops --hours 1650 --selling 55 --lowest 60 --highest 68 --cost 120000",
    ),
)
def plan_headcount(
    context: JobContext,
    *,
    hours: float = 1720.0,
    selling: float = 60.0,
    per_account: float = 0.0,
    lowest: int = 0,
    highest: int = 0,
    tolerance: float = 10.0,
    cost: str = "",
    within_regions: bool = True,
    seed: int = 1,
) -> HeadcountReport:
    """Work out how many territories the accounts' workload asks for, and compare quick designs of several counts.

    Args:
        hours: hours of a full-time year.
        selling: per cent of them that is spent with customers.
        per_account: hours a year of an account whose workload is not known.
        lowest: compare from so many territories on; two fewer than needed by default.
        highest: to so many; two more than needed by default.
        tolerance: per cent by which a territory may lie off the mean of each measure.
        cost: what a person costs a year, in the company's currency.
        within_regions: keep accounts in the region of their people, where people have regions.
        seed: of what is left to chance.
    """
    if lowest < 0 or highest < 0 or (lowest and highest and lowest > highest):
        raise InputRefusedError(f"From {lowest} to {highest} territories is no range.", way_out="Give two numbers.")
    with context.workspace.read() as connection:
        inputs = load_territory_inputs(connection, within_regions=within_regions, progress=context.progress)
    full_time = inputs.people["capacity"].to_numpy(np.float64)
    load = inputs.accounts["workload"].to_numpy(np.float64, copy=True)
    guessed = int((load == 0).sum()) if per_account > 0 else 0
    load[load == 0] = max(per_account, 0.0)
    asked = headcount(float(load.sum()), hours=hours, selling=selling / 100, people=float(full_time.sum()))
    counts = _counts(asked, lowest, highest, inputs)
    rows = compare_counts(
        lambda count: _problems(inputs, load, count, tolerance / 100), counts, workload="workload",
        capacity=asked.capacity, seed=seed, progress=context.progress,
    )  # fmt: skip
    currency = inputs.facts.currency
    head = _cost(cost, currency)
    said = _sentences(asked, inputs, rows, hours, selling)
    if guessed:
        said.append(f"{guessed:,} accounts without a workload count as {per_account:g} hours each.")
    return HeadcountReport(
        asked.needed, asked.exact, len(inputs.people), float(full_time.sum()), asked.capacity,
        _table(rows, currency, head, int(inputs.accounts["potential_minor"].sum())),
        _regions(inputs, load, full_time, asked), tuple(said),
    )  # fmt: skip


def _parts(inputs: TerritoryInputs) -> list[str]:
    return sorted({str(part) for part in inputs.accounts["part"]})


def _counts(asked: Headcount, lowest: int, highest: int, inputs: TerritoryInputs) -> list[int]:
    """The counts to compare: those asked for, else around what is needed and what there is today."""
    least, most = len(_parts(inputs)), len(inputs.accounts)
    if lowest or highest:
        first, last = lowest or max(asked.needed - 2, 1), highest or max(asked.needed + 2, lowest)
        wanted = set(range(first, last + 1))
    else:
        wanted = {*range(asked.needed - 2, asked.needed + 3), len(inputs.people)}
    kept = sorted(count for count in wanted if least <= count <= most)
    if not kept:
        raise InputRefusedError(
            f"{min(wanted):,} to {max(wanted):,} territories cannot share {most:,} accounts in {least:,} regions.",
            way_out=f"Compare numbers from {least:,} to {most:,}.",
        )
    if len(kept) > _MOST:  # spread over the range, both ends included
        kept = [kept[round(i * (len(kept) - 1) / (_MOST - 1))] for i in range(_MOST)]
    return kept


def _problems(inputs: TerritoryInputs, load: Floats, count: int, tolerance: float) -> list[DesignProblem]:
    """One problem per region, the territories divided by workload; nobody's home draws them."""
    part = inputs.accounts["part"].to_numpy(str)
    names = _parts(inputs)
    shares = split_count(count, [float(load[part == name].sum()) for name in names])
    problems = []
    for name, territories in zip(names, shares, strict=True):
        rows = np.flatnonzero(part == name)
        accounts = inputs.accounts.iloc[rows]
        measures: dict[str, npt.NDArray[np.int64] | Floats] = {"workload": load[rows]}
        if accounts["potential_minor"].sum() > 0:
            measures["potential"] = accounts["potential_minor"].to_numpy(np.int64)
        problems.append(
            DesignProblem(
                accounts["latitude"].to_numpy(np.float64),
                accounts["longitude"].to_numpy(np.float64),
                measures,
                min(territories, len(rows)),
                tolerance=dict.fromkeys(measures, tolerance),
                group=inputs.group[rows],
                unit_names=accounts["name"].astype(str).tolist(),
            )
        )
    return problems


def _cost(text: str, currency: str) -> int:
    if not text.strip():
        return 0
    try:
        return to_minor(Decimal(text.replace(",", "").replace(" ", "")), currency)
    except (ValueError, InvalidOperation, OverflowError):
        raise InputRefusedError(f"{text!r} is no amount of {currency} for the cost of a person.") from None


def _table(rows: Sequence[CountRow], currency: str, cost: int, potential: int) -> Table:
    specs = [
        ColumnSpec("count", "Territories", _I),
        ColumnSpec("km", "Mean distance (km)", _N, digits=0),
        ColumnSpec("worst_workload", "Workload: worst off", _F, digits=1),
        ColumnSpec("worst_potential", "Potential: worst off", _F, digits=1),
        ColumnSpec("hours", "Hours each", _N, digits=0),
        ColumnSpec("load", "Load of a full-time person", _F, digits=0),
        ColumnSpec("most_load", "Highest load", _F, digits=0),
        ColumnSpec("whole", "In one piece", _F, digits=0),
        ColumnSpec("potential", "Potential each", _M, currency),
    ]
    if cost:
        specs += [
            ColumnSpec("cost", "Cost a year", _M, currency),
            ColumnSpec("cost_share", "Cost to potential", _F, digits=1),
        ]
    values = []
    for row in rows:
        told: list[object] = [
            row.count, row.mean_km, row.worst.get("workload"), row.worst.get("potential"), row.hours, row.load,
            row.most_load, row.whole, potential // row.count,
        ]  # fmt: skip
        if cost:
            told += [cost * row.count, cost * row.count / potential if potential else None]
        values.append(told)
    return build_table("Counts compared", specs, values)


def _regions(inputs: TerritoryInputs, load: Floats, full_time: Floats, asked: Headcount) -> Table:
    specs = [
        ColumnSpec("region", "Region", _T),
        ColumnSpec("accounts", "Accounts", _I),
        ColumnSpec("workload", "Workload (h)", _N, digits=0),
        ColumnSpec("needed", "People needed", _N, digits=1),
        ColumnSpec("people", "People today", _I),
        ColumnSpec("full_time", "In full-time people", _N, digits=1),
        ColumnSpec("load", "Load today", _F, digits=0),
    ]
    part, theirs = inputs.accounts["part"].to_numpy(str), inputs.people["part"].to_numpy(str)
    rows = []
    for name in _parts(inputs):
        hours, there = float(load[part == name].sum()), float(full_time[theirs == name].sum())
        rows.append(
            (
                name or "All", int((part == name).sum()), hours, hours / asked.capacity, int((theirs == name).sum()),
                there, hours / (there * asked.capacity) if there else None,
            )
        )  # fmt: skip
    return build_table("Regions", specs, rows)


def _sentences(
    asked: Headcount, inputs: TerritoryInputs, rows: Sequence[CountRow], hours: float, selling: float
) -> list[str]:
    asks = f"The accounts ask for {asked.workload:,.0f} hours a year"
    has = f"a full-time person has {hours:,.0f} × {selling:g} % = {asked.capacity:,.0f} hours with customers"
    said = [f"{asks}; {has}: {asked.exact:,.1f} people, {asked.needed:,} territories."]
    today = "" if math.isinf(asked.load) else f", loaded to {asked.load:.0%}"
    there = f"Today {len(inputs.people):,} people ({asked.people:,.1f} full-time by part time, ramp and absence)"
    said.append(f"{there} may work a territory{today}.")
    if len(rows) > 1:
        first, last = rows[0], rows[-1]
        said.append(
            f"From {first.count:,} to {last.count:,} territories the mean distance goes from {first.mean_km:,.0f} to "
            f"{last.mean_km:,.0f} km, the load of a full-time person from {first.load:.0%} to {last.load:.0%}."
        )
    return said
