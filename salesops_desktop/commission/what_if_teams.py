"""Pay on the pay of a team, prepared: whose lines count for whom, whatever those lines pay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.calculation import Calculation
from salesops_desktop.commission.carving import Carving, carvings
from salesops_desktop.commission.counting import Counted
from salesops_desktop.commission.exchange import convert_column
from salesops_desktop.commission.ordering import order_by
from salesops_desktop.commission.spans import Spans
from salesops_desktop.commission.staff import Staff
from salesops_desktop.expressions.rational import to_int64

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


def team_carving(run: Calculation, spans: Sequence[Spans], own: Sequence[tuple[Staff, Counted]]) -> Carving | None:
    """Who carves what out of the pools of a period; None where no plan carves.

    Args:
        run: the calculation.
        spans: who is paid by each plan, and when.
        own: what each component that rests on people's own credits counts, with its staff.
    """
    if not carvings(run.plans):
        return None
    inside = [np.flatnonzero(run.in_period[counted.rows]) for _, counted in own]
    none = np.zeros(0, dtype=np.int64)
    row = np.concatenate([none, *(c.rows[at] for (_, c), at in zip(own, inside, strict=True))]).astype(np.intp)
    person = np.concatenate([none, *(c.person[at] for (_, c), at in zip(own, inside, strict=True))])
    plan = np.concatenate([none, *(np.full(len(at), s.number) for (s, _), at in zip(own, inside, strict=True))])
    return run.carving(spans, person, plan.astype(np.int64), row)


class Override:
    """What managers count of the pay of their people's own credits in a period.

    Args:
        run: the calculation.
        staff: the people of the plan.
        place: of the component.
        own: what each component that rests on people's own credits counts, with its staff.
    """

    def __init__(self, run: Calculation, staff: Staff, place: int, own: Sequence[tuple[Staff, Counted]]) -> None:
        component, self._currency = staff.plan.components[place], staff.plan.currency
        inside = [np.flatnonzero(run.in_period[counted.rows]) for _, counted in own]
        none = np.zeros(0, dtype=np.int64)
        row = np.concatenate([none, *(c.rows[at] for (_, c), at in zip(own, inside, strict=True))]).astype(np.intp)
        base = np.concatenate([none, *(c.person[at] for (_, c), at in zip(own, inside, strict=True))])
        plan = np.concatenate(
            [none, *(np.full(len(at), s.number, dtype=np.int64) for (s, _), at in zip(own, inside, strict=True))]
        )
        line, person = run.hierarchy.managers(base, run.dates[row], component.depth)
        held = staff.spans.find(person, run.dates[row[line]]) >= 0
        line, person = line[held], person[held]
        order = order_by([person, run.place[row[line]]], len(line))
        line, person = line[order], person[order]
        mine = row[line]
        edges = np.r_[True, (person[1:] != person[:-1]) | (mine[1:] != mine[:-1])][: len(line)]
        group, first = np.cumsum(edges) - 1, np.flatnonzero(edges)
        zero = np.zeros(len(first), dtype=np.int64)
        counted = Counted(mine[first], person[first], zero, run.dates[mine[first]], zero, zero, None, mine[:0])
        kept = run.filtered(component, staff.plan, counted)  # the engine's own step
        stays = np.isin(mine[first], kept.rows) if len(first) else np.zeros(0, dtype=np.bool_)
        fresh = np.cumsum(stays) - 1
        here = np.flatnonzero(stays[group]) if len(line) else line
        self.counted = kept
        self._line, self._group = line[here], fresh[group[here]] if len(line) else group
        self._keys = [s.number for s, _ in own]
        self._plans = [(number, run.plans[number].currency) for number in sorted(set(self._keys))]
        self._plan = plan[self._line]
        self._fx = np.zeros(len(self._line), dtype=np.int64)
        for number, currency in self._plans:
            at = np.flatnonzero(self._plan == number)
            self._fx[at] = run.rates_of(staff.plan).lookup(currency, self._currency, run.dates[row[self._line[at]]])

    def amounts(self, own_pay: Sequence[Ints]) -> Ints:
        """What each line of the managers counts.

        Args:
            own_pay: what the lines of each component in ``own`` pay.
        """
        amount = np.concatenate([np.zeros(0, dtype=np.int64), *own_pay])[self._line]
        for number, currency in self._plans:
            if currency != self._currency:
                at = np.flatnonzero(self._plan == number)
                amount[at] = convert_column(amount[at], currency, self._currency, self._fx[at])
        sums = np.zeros(len(self.counted.rows), dtype=np.int64)
        np.add.at(sums, self._group, np.where(self._fx > 0, amount, 0))
        return to_int64(sums, "A total")
