"""Which way of making forecasts add up does best: each tried from past origins with what was known there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast.hierarchy import Hierarchy
from salesops_desktop.forecast.reconcile import bottom_up, historic_proportions, nonnegative, reconcile, top_down
from salesops_desktop.forecast.weights import Weights, by_variance, diagonal, ordinary, shrunken, structural
from salesops_desktop.model.progress import Progress, silent

Matrix = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

LABELS = {
    "base": "Each node by itself (does not add up)",
    "bottom_up": "Bottom-up",
    "top_down": "Top-down (historic proportions)",
    "ols": "OLS",
    "top_kept": "OLS, the top kept",
    "structural": "WLS by structure",
    "variance": "WLS by variance",
    "mint": "MinT (shrunken)",
    "blend": "Mean of OLS and MinT, the top kept",
}
WAYS = tuple(name for name in LABELS if name != "base")

_TOP_LOSS = 1.01
"""How much worse than its own forecast the top may become for the sake of the others."""

_DEFAULT = "blend"
_TOLERANCE = 0.1
"""How much better than the mean of two a way must be to be chosen: on a few origins less is mostly luck."""

_KEPT = 1e-6
_LEAST_COLUMNS = 4
_MOST_COLUMNS = 60
_RECENT = 2


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What the nodes' own forecasts said from past origins, and what came.

    Attributes:
        values: (n, t) the nodes' histories that add up; 0 where there was nothing yet.
        forecasts: (n, o, h) of each node by itself; NaN where it was too young to have one, or nothing came yet.
        known: (o,) how many periods each origin knew, in any order.
        season: periods in a season.
    """

    values: Matrix
    forecasts: Matrix
    known: Index
    season: int

    @property
    def came(self) -> Mask:
        """(o, h) where something came to compare with."""
        steps = np.arange(1, self.forecasts.shape[2] + 1)
        return np.asarray(self.known[:, None] + steps <= self.values.shape[1])

    def errors(self) -> Matrix:
        """(n, o, h) forecast − actual, NaN where either is missing."""
        return self.forecasts - self.actuals()

    def actuals(self) -> Matrix:
        """(n, o, h) what came, NaN where nothing came yet."""
        horizon = self.forecasts.shape[2]
        at = np.minimum(self.known[:, None] + np.arange(horizon), self.values.shape[1] - 1)
        return np.where(self.came, self.values[:, at], np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """The outcome.

    Attributes:
        way: the chosen one, a key of :data:`LABELS`.
        table: one row per way and level: ``method``, ``label``, ``level``, ``wape``, ``against_base`` (its WAPE over
            that of the nodes' own forecasts), ``n`` (forecasts judged).
        errors: (n, o, h) forecast − actual of the chosen way, adding up; NaN where nothing came yet.
        origins: (o,) whether the origin counted in the race: enough was known there to estimate weights.
        sentence: what was chosen and why.
    """

    way: str
    table: pd.DataFrame
    errors: Matrix
    origins: Mask
    sentence: str


def race(
    hierarchy: Hierarchy, history: History, *, floor: Mask, ways: tuple[str, ...] = WAYS, progress: Progress = silent
) -> Race:
    """Try every way from every origin and choose.

    Weights that are estimated from errors (variance, MinT) take only errors of forecasts whose periods had passed at
    the origin. The earliest origins, where that is too little, take those of later origins that share no period with
    them, and count in the race only where no other is left. Negative bottom forecasts are cut to 0 and summed here
    (Di Fonzo & Girolimetto 2023 find it as accurate as the projection, which the forecast itself gets).

    Chosen is the lowest WAPE against the nodes' own forecasts, each level counting alike, of the ways that keep the
    top within 1 %; the mean of OLS and MinT that keep the top where it is within 10 % of that.
    """
    came = history.came
    base = np.where(np.isnan(history.forecasts), 0.0, history.forecasts)  # what was not known yet was forecast as none
    actuals = history.actuals()
    errors = history.errors()
    counted = np.zeros(len(history.known), dtype=bool)
    said = {way: np.full_like(base, np.nan) for way in ways}
    for row in range(len(history.known)):
        progress(row, len(history.known), "Comparing ways to add up")
        columns, counted[row] = _known_errors(history, errors, row)
        here = came[row]
        shares = historic_proportions(_recent(hierarchy, history, int(history.known[row])))
        for way, values in reconciled(hierarchy, base[:, row, here], columns, shares, ways).items():
            bottoms = values[hierarchy.bottom]
            bottoms[floor] = np.maximum(bottoms[floor], 0.0)
            said[way][:, row, here] = hierarchy.sums(bottoms)
    judged = counted if counted.any() else ~counted
    table = _table(hierarchy, {"base": base, **said}, actuals, judged)
    way, sentence = _choose(table, hierarchy, ways, int(judged.sum()))
    return Race(way, table, said[way] - actuals, judged, sentence)


def reconciled(
    hierarchy: Hierarchy, base: Matrix, errors: Matrix, shares: Matrix, ways: tuple[str, ...] = WAYS
) -> dict[str, Matrix]:
    """(n, m) per way, from the nodes' own forecasts, (n, T) errors for the weights and (b,) historic proportions."""
    found: dict[str, Matrix] = {}
    for way in ways:
        if way == "bottom_up":
            found[way] = bottom_up(hierarchy, base)
        elif way == "top_down":
            found[way] = top_down(hierarchy, base, shares)
        elif way != "blend":
            found[way] = reconcile(hierarchy, base, weights_of(way, hierarchy, errors))
    if "blend" in ways:
        parts = [
            found[way] if way in found else reconcile(hierarchy, base, weights_of(way, hierarchy, errors))
            for way in _BLENDED
        ]
        found["blend"] = np.asarray(np.mean(parts, axis=0))
    return found


_BLENDED = ("top_kept", "mint_top_kept")


def apply(way: str, hierarchy: Hierarchy, base: Matrix, history: History, *, floor: Mask) -> Matrix:
    """(n, h) the forecasts that add up by one way, no bottom one below 0 where ``floor`` says so."""
    if way in {"bottom_up", "top_down"}:
        shares = historic_proportions(_recent(hierarchy, history, history.values.shape[1]))
        values = reconciled(hierarchy, base, np.zeros((hierarchy.n, 0)), shares, (way,))[way]
        bottoms = values[hierarchy.bottom]
        bottoms[floor] = np.maximum(bottoms[floor], 0.0)
        return np.asarray(hierarchy.sums(bottoms), dtype=np.float64)
    errors = known_columns(history.errors(), history.came)
    parts = [
        nonnegative(hierarchy, base, weights_of(part, hierarchy, errors), floor=floor)
        for part in (_BLENDED if way == "blend" else (way,))
    ]
    return np.asarray(np.mean(parts, axis=0))


def weights_of(way: str, hierarchy: Hierarchy, errors: Matrix) -> Weights:
    """The weights of a way; those estimated fall back to the structure's where (n, T) errors are too few."""
    if way == "ols":
        return ordinary(hierarchy)
    if way == "top_kept":
        variance = np.ones(hierarchy.n)
        variance[0] = _KEPT
        return diagonal(variance)
    if way == "structural" or errors.shape[1] < _LEAST_COLUMNS:
        return structural(hierarchy)
    if way == "variance":
        return by_variance(errors)
    found = shrunken(errors)
    if way == "mint_top_kept":
        found.variance[0] *= _KEPT
        found.spread[0] = 0.0
    return found


def known_columns(errors: Matrix, usable: Mask) -> Matrix:
    """(n, T) errors of all horizons as if they were one period ahead, from (n, o, h) where (o, h) is usable.

    Each horizon is scaled by how much larger its errors are over all nodes; at most 60 columns, evenly taken.
    """
    with np.errstate(invalid="ignore"):
        size = np.abs(np.where(usable, errors, np.nan))
    each = np.nansum(size, axis=1) / np.maximum((~np.isnan(size)).sum(axis=1), 1)
    typical = each.sum(axis=0)
    first = typical[typical > 0][0] if (typical > 0).any() else 1.0
    scale = np.where(typical > 0, typical / first, 1.0)
    rows, steps = np.nonzero(usable)
    if len(rows) > _MOST_COLUMNS:
        take = np.round(np.linspace(0, len(rows) - 1, _MOST_COLUMNS)).astype(np.intp)
        rows, steps = rows[take], steps[take]
    return np.asarray(errors[:, rows, steps] / scale[steps])


def _known_errors(history: History, errors: Matrix, row: int) -> tuple[Matrix, bool]:
    steps = np.arange(1, errors.shape[2] + 1)
    passed = history.came & (history.known[:, None] + steps <= history.known[row])
    if passed.sum() >= _LEAST_COLUMNS:
        return known_columns(errors, passed), True
    apart = np.abs(history.known - history.known[row]) >= errors.shape[2]
    return known_columns(errors, history.came & apart[:, None]), False


def _recent(hierarchy: Hierarchy, history: History, known: int) -> Matrix:
    length = max(_RECENT * history.season, 4)
    return history.values[hierarchy.bottom, max(0, known - length) : known]


def _table(hierarchy: Hierarchy, said: dict[str, Matrix], actuals: Matrix, judged: Mask) -> pd.DataFrame:
    rows = []
    own: dict[int, float] = {}
    for way, forecasts in said.items():
        for level, name in enumerate(hierarchy.level_names):
            nodes = hierarchy.nodes(level)
            came = actuals[nodes][:, judged]
            error = np.abs(forecasts[nodes][:, judged] - came)
            size = float(np.nansum(np.abs(came)))
            wape = float(np.nansum(error)) / size if size else float("nan")
            if way == "base":
                own[level] = wape
            against = wape / own[level] if own[level] else float("nan")
            rows.append((way, LABELS[way], name, wape, against, int((~np.isnan(came)).sum())))
    return pd.DataFrame(rows, columns=["method", "label", "level", "wape", "against_base", "n"])


def _choose(table: pd.DataFrame, hierarchy: Hierarchy, ways: tuple[str, ...], origins: int) -> tuple[str, str]:
    ratios = table.pivot_table(index="method", columns="level", values="against_base", dropna=False).reindex(ways)
    score = ratios.mean(axis=1)
    if score.isna().all():
        way = "structural" if "structural" in ways else ways[0]  # estimated weights would have nothing to go by
        return way, f"{LABELS[way]}: there is no back-test to choose by."
    sound = score[(ratios[hierarchy.level_names[0]] <= _TOP_LOSS) | (score.index == _DEFAULT)].dropna()
    way = str((sound if len(sound) else score).idxmin())
    if _DEFAULT in sound and sound[_DEFAULT] <= sound[way] * (1 + _TOLERANCE):
        way = _DEFAULT
    better = 100 * (1 - float(score[way]))
    word = f"{abs(better):.1f} % {'lower' if better >= 0 else 'higher'}"
    return way, (
        f"{LABELS[way]} makes the levels add up: from {origins} past origin{'s' if origins != 1 else ''} its errors "
        f"were {word} than the nodes' own forecasts', each level counting alike."
    )
