"""The pay curve of a component: what each total of a window pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission import Basis, Component, Pays, TierMode, Window
from salesops_desktop.commission.tiers import Terms, earned, multiplied, slide
from salesops_desktop.expressions.rational import divide, to_int64
from salesops_desktop.model.money import PPM, divide_half_up, exponent

POINTS = 121
_FLOOR = 100_000
"""Major units that a curve without tiers spans at least."""


@dataclass(frozen=True, slots=True)
class PayCurve:
    """A pay curve as points.

    Attributes:
        sold: totals of the window, minor units (millionths of a unit where ``units``), rising.
        paid: what each pays in all, minor units.
        bounds: where tiers begin, in the same unit as ``sold``.
        units: whether units are counted, not money.
    """

    sold: npt.NDArray[np.int64]
    paid: npt.NDArray[np.int64]
    bounds: tuple[int, ...]
    units: bool


def pay_curve(component: Component, currency: str, quota: int, target: int) -> PayCurve | None:
    """The curve of a component with its factors at 100 % and its gate open; None where rates are looked up.

    Args:
        component: sound as the linter sees it.
        currency: of the plan.
        quota: of the window, minor units.
        target: the target incentive of the window, minor units.
    """
    table = component.rates
    if component.lookup is not None or not table.tiers:
        return None
    units = table.pays is Pays.AMOUNT and not table.stepped
    terms = Terms(np.array([max(quota, 1)]), np.array([divide_half_up(target * component.weight, PPM)]))
    if table.mode is TierMode.OWN_OUTPUT:
        sliding = slide(table)
        starts = [start // sliding.scale for start in sliding.starts]
    else:
        by_quota = table.basis is Basis.ATTAINMENT
        starts = [divide_half_up(max(quota, 1) * t.lower, PPM) if by_quota else t.lower for t in table.tiers]
    edges = [edge for edge in starts if edge > 0]
    least = 20 * PPM if units else _FLOOR * 10 ** exponent(currency)
    whole = quota * 3 // 2 if table.basis is Basis.ATTAINMENT or table.pays is Pays.TARGET else 0
    top = max(whole, edges[-1] * 3 // 2) if edges else whole or least
    grid = np.linspace(0, top, POINTS).astype(np.int64)
    around = [e + d for e in edges for d in (-1, 0, 1)]
    sold = np.unique(np.concatenate([grid, np.array(around, dtype=np.int64)]))
    pay = multiplied(component, earned(table, terms, sold), terms)
    paid = to_int64(np.asarray(divide(pay.num, pay.den, component.rounding)), "A commission")
    if component.window is Window.LINE and component.deal_floor is not None:
        paid = np.where(paid > 0, np.maximum(paid, component.deal_floor), paid)
    if component.window is Window.LINE and component.deal_cap is not None:
        paid = np.minimum(paid, component.deal_cap)
    return PayCurve(sold, np.broadcast_to(paid, sold.shape), tuple(edges), units)


def rounded_to_two(value: float) -> int:
    """A typical figure with two significant digits, so that nobody takes it for an exact one."""
    if value < 1:
        return 0
    size: int = 10 ** max(len(str(int(value))) - 2, 0)
    return int(round(value / size) * size)
