"""How evenly quotas lie on territories: ratios, their spread, and who stands out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import PPM
from salesops_desktop.territory.quota_request import QuotaRequest, QuotaSeat

Floats = npt.NDArray[np.float64]

NEAR = 0.10
"""Within a tenth of the company's own ratio a territory is neither above nor below."""
FAR = 3.5
"""A modified z-score above this stands out (Iglewicz & Hoaglin 1993)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One ratio over all territories that have it.

    Attributes:
        name: ``potential`` (quota for one of potential), ``capacity`` (quota for a full-time person), ``history``
            (growth demanded: quota over history - 1) or ``last`` (quota over last year's - 1).
        label: the same for a reader.
        values: per territory, NaN where it has none.
        company: the ratio of the sums.
        lowest: of the values.
        median: of the values.
        highest: of the values.
        gini: 0 where all are alike, towards 1 where one bears everything; of the ratios, growths as factors.
        above: share of the territories more than a tenth above the company's ratio.
        below: share of them more than a tenth below it.
        before: the Gini of last year's quotas on the same territories, NaN where fewer than two had one.
    """

    name: str
    label: str
    values: Floats
    company: float
    lowest: float
    median: float
    highest: float
    gini: float
    above: float
    below: float
    before: float


@dataclass(frozen=True, slots=True)
class Outlier:
    """A territory far from the others in one ratio."""

    seat: int
    """Its place in the request."""
    measure: str
    value: float
    median: float
    reason: str


@dataclass(frozen=True, slots=True)
class Fairness:
    """The spreads that can be told, and the territories that stand out."""

    spreads: tuple[Spread, ...]
    outliers: tuple[Outlier, ...]


def gini(values: Floats) -> float:
    """The Gini coefficient of values that are not negative: mean absolute difference over twice the mean."""
    known = np.sort(values[np.isfinite(values)])
    n = len(known)
    if n == 0 or known.sum() <= 0:
        return 0.0
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ known / (n * known.sum()))


def fairness(request: QuotaRequest, quotas: Sequence[int]) -> Fairness:
    """The fairness of quotas.

    Args:
        request: the territories and the rules.
        quotas: minor units per territory, in the order of the request.
    """
    seats = request.seats
    quota = np.array(quotas, dtype=np.float64)
    last = np.array([np.nan if seat.last is None else seat.last for seat in seats], dtype=np.float64)
    bases = (
        ("potential", "Quota to potential", _column(seats, "potential"), 0.0),
        ("capacity", "Quota of a full-time person", _column(seats, "capacity") / PPM, 0.0),
        ("history", "Growth demanded over history", _column(seats, "history"), 1.0),
        ("last", "Change from last year's quota", last, 1.0),
    )
    spreads, outliers = [], []
    for name, label, base, less in bases:
        spread = _spread(name, label, quota, last, base, less)
        if spread is not None:
            spreads.append(spread)
            outliers += _outliers(request, quotas, spread)
    return Fairness(tuple(spreads), tuple(outliers))


def _column(seats: Sequence[QuotaSeat], name: str) -> Floats:
    return np.array([getattr(seat, name) for seat in seats], dtype=np.float64)


def _spread(name: str, label: str, quota: Floats, last: Floats, base: Floats, less: float) -> Spread | None:
    has = np.isfinite(base) & (base > 0) & (quota > 0)
    if not has.any():
        return None
    ratio = np.full(len(quota), np.nan)
    ratio[has] = quota[has] / base[has]
    company = float(quota[has].sum() / base[has].sum())
    had = has & np.isfinite(last) & (last > 0)
    before = gini(last[had] / base[had]) if had.sum() > 1 and name != "last" else float("nan")
    known = ratio[has]
    return Spread(
        name,
        label,
        ratio - less,
        company - less,
        float(known.min()) - less,
        float(np.median(known)) - less,
        float(known.max()) - less,
        gini(known),
        float((known > company * (1 + NEAR)).mean()),
        float((known < company * (1 - NEAR)).mean()),
        before,
    )


def _outliers(request: QuotaRequest, quotas: Sequence[int], spread: Spread) -> list[Outlier]:
    """Territories whose modified z-score (0.6745 × distance from the median / median distance) is above 3.5."""
    off = np.abs(spread.values - spread.median)
    typical = float(np.nanmedian(off))
    if typical == 0:
        return []
    found = np.flatnonzero(0.6745 * off / typical > FAR)
    found = found[np.argsort(-off[found], kind="stable")]
    return [
        Outlier(i, spread.label, float(spread.values[i]), spread.median, _why(request, i, quotas[i], spread))
        for i in found.tolist()
    ]


def _why(request: QuotaRequest, i: int, quota: int, spread: Spread) -> str:
    """What explains a ratio far from the others, in the order in which it decides."""
    seat = request.seats[i]
    high = spread.values[i] > spread.median
    low, most = request.bounds(seat)
    present = request.present(seat) / (sum(request.season) * PPM)
    if seat.fixed is not None:
        return f"Its quota is fixed at {request.said(seat.fixed)}."
    if high and low and quota < low + request.unit:
        return f"Its floor of {request.said(low)} is high for it."
    if not high and most is not None and quota > most - request.unit:
        return f"Its cap of {request.said(most)} holds it down."
    if not high and present < 0.95:
        return f"Its person carries {present:.0%} of a full year."
    if spread.name == "capacity" and seat.capacity != PPM:
        return f"Its person works {seat.capacity / PPM:.0%} of full time."
    return _imbalance(request, i, spread, high=high)


def _imbalance(request: QuotaRequest, i: int, spread: Spread, *, high: bool) -> str:
    """Potential and history that speak differently of a territory."""
    seats = request.seats
    potential = seats[i].potential / (sum(seat.potential for seat in seats) or 1)
    history = seats[i].history / (sum(seat.history for seat in seats) or 1)
    words = f"It has {potential:.1%} of the potential, but {history:.1%} of the history"
    if spread.name == "capacity":
        size = "large" if high else "small"
        return f"The territory is {size}: {potential:.1%} of the potential, {history:.1%} of the history."
    if spread.name == "last":
        return f"{words}; last year's quota went by something else."
    return f"{words}."
