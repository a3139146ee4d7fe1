"""Numbers that people fix, put into a forecast that adds up: exact where they are fixed, the rest moved as little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.forecast.overrides import Override, check
from salesops_desktop.forecast.reconcile import nearest
from salesops_desktop.forecast.rounding import Rounding
from salesops_desktop.forecast.weights import bottom_only
from salesops_desktop.model.errors import InputRefusedError

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def fix(
    hierarchy: Hierarchy,
    model: Integers,
    overrides: Sequence[Override],
    floor: Mask,
    rounding: Rounding,
    names: Sequence[object],
) -> tuple[tuple[Override, ...], Integers]:
    """What is fixed, with the amounts of locks filled in, and the (n, h) forecast with it, adding up.

    Args:
        hierarchy: n nodes.
        model: (n, h) the model's forecast, adding up.
        overrides: what is fixed.
        floor: (b,) bottom series that must not fall below 0.
        rounding: of this hierarchy.
        names: of the periods ahead, as far as they are known.

    Raises:
        InputRefusedError: one number fixed at two amounts.
        FaultsError: numbers that contradict each other; all at once.
    """
    if not overrides:
        return (), model
    fixed = tuple(
        one if one.amount is not None else Override(one.node, one.step, int(model[one.node, one.step]))
        for one in overrides
    )
    by_step = _by_step(hierarchy, fixed, names)
    check(hierarchy, by_step, floor, period=lambda step: _called(names, step))  # again, for now locks have amounts
    mean = model.copy()
    for step, amounts in by_step.items():
        mean[:, step] = adjusted(hierarchy, model[:, step], amounts, floor, rounding)
    return fixed, mean


def refuse(
    hierarchy: Hierarchy, horizon: int, overrides: Sequence[Override], floor: Mask, names: Sequence[object]
) -> None:
    """Refuse fixed numbers that cannot be, before any forecast is made; locks have no amount yet.

    Raises:
        InputRefusedError: nodes or periods that are not forecast; one number fixed at two amounts.
        FaultsError: numbers that contradict each other; all at once.
    """
    outside = [one for one in overrides if not (0 <= one.node < hierarchy.n and 0 <= one.step < horizon)]
    if outside:
        raise InputRefusedError(f"{len(outside)} fixed numbers point at nodes or periods that are not forecast.")
    fixed = _by_step(hierarchy, [one for one in overrides if one.amount is not None], names)
    check(hierarchy, fixed, floor, period=lambda step: _called(names, step))


def _by_step(hierarchy: Hierarchy, fixed: Sequence[Override], names: Sequence[object]) -> dict[int, dict[int, int]]:
    """Per step, the amounts of its fixed nodes; none of them twice with different ones."""
    by_step: dict[int, dict[int, int]] = defaultdict(dict)
    for one in fixed:
        amount = one.amount if one.amount is not None else 0
        if by_step[one.step].setdefault(one.node, amount) != amount:
            raise InputRefusedError(
                f"{hierarchy.name(one.node)} is fixed at {by_step[one.step][one.node]:,} and at {amount:,}.",
                where=_called(names, one.step),
                way_out="Keep one of them.",
            )
    return by_step


def adjusted(
    hierarchy: Hierarchy, model: Integers, amounts: dict[int, int], floor: Mask, rounding: Rounding
) -> Integers:
    """(n,) the nearest numbers to one period's (n,) that add up with some nodes fixed exactly.

    Distances are weighed by the size of the bottom forecasts, so that what is spread below a node goes in proportion.
    """
    mask = np.zeros(hierarchy.n, dtype=bool)
    wanted = np.zeros(hierarchy.n)
    for node, amount in amounts.items():
        mask[node], wanted[node] = True, amount
    size = np.abs(model).astype(np.float64)
    weights = bottom_only(hierarchy, size if size.any() else np.ones(len(size)))
    values = nearest(hierarchy, model.astype(np.float64), weights, fixed=mask, amounts=wanted, floor=floor)
    # What lies in no fixed node is asked for nothing: it stays to the unit, whatever the solver's ridge moved.
    bottoms = values[hierarchy.bottom]
    outside = np.asarray(hierarchy.summing[list(amounts)].sum(axis=0)).ravel() == 0
    bottoms[outside] = model[hierarchy.bottom[outside]]
    return rounding(np.asarray(hierarchy.sums(bottoms), dtype=np.float64), amounts)


def _called(names: Sequence[object], step: int) -> str:
    return str(names[step]) if step < len(names) else f"Period {step + 1} ahead"
