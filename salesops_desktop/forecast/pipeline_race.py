"""All methods side by side at past month-ends, one and three months ahead, with the naive yardsticks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from salesops_desktop.forecast.calibration import calibration_bins, calibration_error, discrimination
from salesops_desktop.forecast.creation import new_wins
from salesops_desktop.forecast.pipeline_backtest import METHODS, expected_value, methods_for, month_ends
from salesops_desktop.forecast.pipeline_rows import WON, Vector, month_end
from salesops_desktop.forecast.walk_forward import TIMED, Walk
from salesops_desktop.model.progress import Progress, silent

MONTHS = (1, 3)
LEAST_ORIGINS = 3
"""Month-ends below which a race decides nothing."""

NAIVE = {
    "same_point": "what the deals open at the same point of the last quarter brought, in proportion",
    "last_windows": "mean of what open deals brought in the last three windows over",
    "last_months": "mean of the last three months",
    "with_creation": "the chosen method, and the rate at which deals are created",
}


@dataclass(frozen=True, slots=True)
class RaceRow:
    """How one method did at one distance.

    Attributes:
        method: its id.
        label: its name.
        months: calendar months ahead.
        origins: month-ends judged.
        deals: deals judged (0 for a naive method: it knows no deals).
        wape: Σ|expected − won value| ÷ Σ won value over the origins.
        bias: Σ(expected − won value) ÷ Σ won value.
        brier: mean squared difference of chance and outcome; NaN for a naive method.
        calibration_error: mean distance of predicted and observed chances over ten bins of equal size; NaN likewise.
        naive: a yardstick.
        chosen: the method in use.
        discrimination: the chance that a deal that was won had been given more than one that was not (AUC).
        whole: judged on all wins of the window, those of deals not yet created included; else on deals open then.
    """

    method: str
    label: str
    months: int
    origins: int
    deals: int
    wape: float
    bias: float
    brier: float
    calibration_error: float
    naive: bool
    chosen: bool
    discrimination: float = float("nan")
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Sums:
    """Expected and won values at the origins a row is judged on."""

    expected: Vector
    won: Vector

    @property
    def wape(self) -> float:
        total = float(self.won.sum())
        return float(np.abs(self.expected - self.won).sum() / total) if total > 0 else float("nan")

    @property
    def bias(self) -> float:
        total = float(self.won.sum())
        return float((self.expected - self.won).sum() / total) if total > 0 else float("nan")


def run_race(walk: Walk, as_of: int, *, progress: Progress = silent) -> tuple[RaceRow, ...]:
    """Judge all methods at the past month-ends, one and three calendar months ahead, and choose one.

    Args:
        walk: the rows.
        as_of: day number; nothing later is looked at.
        progress: told of each distance.
    """
    origins = {months: month_ends(walk.rows, as_of, months=months) for months in MONTHS}
    rows: list[RaceRow] = []
    for done, months in enumerate(MONTHS):
        progress(done, len(MONTHS), "Racing the methods")
        rows += [_row(walk, origins[months], months, name) for name in methods_for(walk.rows) if origins[months]]
    chosen = choose(rows)
    marked = [replace(row, chosen=row.method == chosen) for row in rows]
    for months in MONTHS:
        if origins[months]:
            marked += _yardsticks(walk, origins[months], months, chosen)
    return tuple(sorted(marked, key=lambda row: (row.months, row.whole, row.naive)))


def choose(rows: list[RaceRow]) -> str:
    """The method whose Brier score and error of the sum, each against the best at its distance, are least together.

    With too few origins the race decides nothing, and the most complete method stands, unproven: it falls back to
    its simpler ones by itself wherever the data do not carry their refinement.
    """
    scores: dict[str, float] = {}
    for months in MONTHS:
        here = [row for row in rows if row.months == months and row.origins >= LEAST_ORIGINS]
        # Deals of which not one was won tell nothing of sums.
        here = [row for row in here if not np.isnan(row.wape)]
        if not here:
            continue
        brier, wape = min(row.brier for row in here), min(row.wape for row in here)
        for row in here:
            score = row.brier / max(brier, 1e-9) + (row.wape + 0.05) / (wape + 0.05)
            scores[row.method] = scores.get(row.method, 0.0) + score
    return min(scores, key=lambda name: (scores[name], list(METHODS).index(name))) if scores else TIMED[0]


def method_in_use(walk: Walk, as_of: int, race: tuple[RaceRow, ...]) -> str:
    """The method the race chose; the overall win rate where deals were won but none of them has both its dates."""
    if timeless(walk, as_of):
        return "overall"
    return next((row.method for row in race if row.chosen), TIMED[0])


def timeless(walk: Walk, as_of: int) -> bool:
    """Whether wins are on record but nothing of when they come."""
    won = (walk.rows.status == WON) & (walk.rows.closed <= as_of)
    return bool(won.any()) and walk.hazards(as_of).wins == 0


def reason_for(rows: tuple[RaceRow, ...], chosen: str) -> str:
    """Why the method is in use, as a sentence."""
    row = next((row for row in rows if row.method == chosen and row.origins >= LEAST_ORIGINS), None)
    if row is None:
        return "There is too little history for a back-test: the method is unproven here."
    flat = next(other for other in rows if other.method == "overall" and other.months == row.months)
    ahead = "one month" if row.months == 1 else f"{row.months} months"
    return (
        f"Chosen at {row.origins} past month-ends: {ahead} ahead the won value was missed by {row.wape:.0%} "
        f"(the overall win rate by {flat.wape:.0%}), Brier score {row.brier:.3f} (against {flat.brier:.3f})."
    )


def _row(walk: Walk, dates: list[int], months: int, name: str) -> RaceRow:
    records = [walk.record(day, month_end(day, months), name) for day in dates]
    p, y = np.concatenate([r.chance for r in records]), np.concatenate([r.won for r in records])
    expected = np.array([expected_value(walk, day, month_end(day, months), name) for day in dates])
    sums = _Sums(expected, np.array([float(r.gained.sum()) for r in records]))
    brier = float(((p - y) ** 2).mean()) if len(p) else float("nan")
    return RaceRow(
        name, METHODS[name], months, len(dates), len(p), sums.wape, sums.bias, brier,
        calibration_error(calibration_bins(p, y)), naive=name == "overall", chosen=False,
        discrimination=discrimination(p, y),
    )  # fmt: skip


def _yardsticks(walk: Walk, dates: list[int], months: int, chosen: str) -> list[RaceRow]:
    """The naive ways, on the deals open then and on the whole result, each at the dates at which it could speak."""
    open_won = [float(walk.record(day, month_end(day, months), chosen).gained.sum()) for day in dates]
    all_won = [_won_between(walk, day, month_end(day, months)) for day in dates]
    rows = []
    for name, values, won, whole in (
        ("same_point", [_same_point(walk, day, months) for day in dates], open_won, False),
        ("last_windows", [_last_windows(walk, day, months) for day in dates], open_won, False),
        ("last_months", [_last_months(walk, day, months) for day in dates], all_won, True),
        ("with_creation", [_whole(walk, day, months, chosen) for day in dates], all_won, True),
    ):
        pairs = [(value, came) for value, came in zip(values, won, strict=True) if value is not None]
        if not pairs:
            continue
        sums = _Sums(np.array([value for value, _ in pairs]), np.array([came for _, came in pairs]))
        none, naive = float("nan"), name != "with_creation"
        rows.append(
            RaceRow(
                name, NAIVE[name], months, len(pairs), 0, sums.wape, sums.bias, none, none, naive,
                chosen=False, whole=whole,
            )
        )  # fmt: skip
    return rows


def _won_between(walk: Walk, day: int, end: int) -> float:
    rows = walk.rows
    won = (rows.status == WON) & (rows.closed > day) & (rows.closed <= end)
    return float(np.nansum(rows.amount[won]))


def _first(walk: Walk) -> int:
    return int(walk.rows.closed.min(initial=2**40))


def _same_point(walk: Walk, day: int, months: int) -> float | None:
    """Won value of the deals open a quarter earlier ÷ their open value × today's open value (Gong's projection)."""
    before = month_end(day, -3)
    if month_end(before, months) > day or before < _first(walk):
        return None
    then = walk.record(before, month_end(before, months), "overall")
    now = walk.record(day, day, "overall")
    base = float(then.worth.sum())
    return float(then.gained.sum()) * float(now.worth.sum()) / base if base > 0 else None


def _last_windows(walk: Walk, day: int, months: int) -> float | None:
    """Mean won value of the deals open at the last three month-ends whose windows were over by ``day``."""
    values = []
    for back in range(months, months + 3):
        past = month_end(day, -back)
        if past >= _first(walk):
            values.append(float(walk.record(past, month_end(past, months), "overall").gained.sum()))
    return float(np.mean(values)) if values else None


def _last_months(walk: Walk, day: int, months: int) -> float | None:
    """All won value of the last three months, as a mean per month × months."""
    before = month_end(day, -3)
    return None if before + 1 < _first(walk) else _won_between(walk, before, day) * months / 3


def _whole(walk: Walk, day: int, months: int, chosen: str) -> float:
    end = month_end(day, months)
    new = new_wins(walk, day, end - day, np.ones(1))
    mean = float(new.amounts.mean()) if len(new.amounts) else 0.0
    return expected_value(walk, day, end, chosen) + float(new.wins[0]) * mean
