"""The forecasts of a running period: by series, by pipeline, both combined, and what people say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from salesops_desktop.forecast import PipelineForecast
from salesops_desktop.forecast.combination import Combination, combine
from salesops_desktop.forecast.running_period import CHANCES, LEVELS, Fan, RunningForecast, same_point
from salesops_desktop.jobs.forecast_records import COMPANY
from salesops_desktop.model.periods import Period

Vector = npt.NDArray[np.float64]

NEAR_DAYS = 10
"""A kept forecast stands for a point of an earlier period when it was made so many days from it at most."""
LABELS = {"series": "Model", "pipeline": "Pipeline", "combined": "Combined", "judgement": "Managers"}


@dataclass(frozen=True, slots=True)
class Outlook:
    """One forecast of the period's total.

    Attributes:
        kind: ``series``, ``pipeline``, ``combined`` or ``judgement``.
        label: its name on screen.
        mean: in minor units.
        lower: per level in per cent (50, 80, 95), minor units; empty for a judgement.
        upper: per level.
        weight: its share of the combination; 0 for what is no part of it.
        error: WAPE at the same point of earlier periods; None where none was forecast.
        bias: Σ(forecast − actual) ÷ Σ actual there.
        n: how many earlier periods stand behind the error.
        reason: how it was made, and what to beware of.
        chance: of reaching the target; None without target or distribution.
        quantiles: (999,) at :data:`~salesops_desktop.forecast.running_period.CHANCES`; None for a judgement.
    """

    kind: str
    label: str
    mean: int
    lower: Mapping[int, int]
    upper: Mapping[int, int]
    weight: float
    error: float | None
    bias: float | None
    n: int
    reason: str
    chance: float | None
    quantiles: Vector | None

    def quantile(self, share: float) -> int | None:
        """The total that ``share`` of what may happen stays below."""
        return None if self.quantiles is None else round(float(np.interp(share, CHANCES, self.quantiles)))

    def chance_of(self, amount: int) -> float | None:
        """The chance of at least ``amount`` minor units."""
        if self.quantiles is None:
            return None
        return 1.0 - int(np.searchsorted(self.quantiles, amount, side="left")) / len(self.quantiles)


@dataclass(frozen=True, slots=True)
class Past:
    """A kept forecast of this or the last period, as it was shown."""

    forecast_id: int
    kind: str
    who: str
    origin: str
    as_of: dt.date
    period: str
    mean: int
    low80: int | None
    high80: int | None
    actual: int | None
    """What came; None while the period runs."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What one forecast said of earlier periods, and what came; None where it said nothing."""

    said: tuple[float | None, ...]
    came: tuple[float, ...]

    def pairs(self) -> tuple[Vector, Vector]:
        known = [(s, c) for s, c in zip(self.said, self.came, strict=True) if s is not None]
        return np.array([s for s, _ in known]), np.array([c for _, c in known])

    def relative(self) -> list[float | None]:
        """Errors as parts of what came: periods of unlike size count alike."""
        return [None if s is None or c == 0 else (s - c) / c for s, c in zip(self.said, self.came, strict=True)]


def outlooks(
    running: RunningForecast | None,
    pipeline: PipelineForecast | None,
    *,
    period: Period,
    as_of: dt.date,
    per_won: float,
    kept: pd.DataFrame,
    target: int | None,
    without: str,
) -> tuple[Outlook | None, Outlook | None, Outlook | None, Combination | None]:
    """Series, pipeline and the two combined.

    Args:
        running: the model's forecast, where there is one.
        pipeline: the pipeline's.
        period: the period.
        as_of: the day of knowledge.
        per_won: what the actuals count for each unit won.
        kept: kept forecasts of the same node, see :func:`~salesops_desktop.jobs.forecast_records.kept_points`.
        target: minor units, None without.
        without: why there is no model forecast, where there is none.
    """
    origins = running.origins if running else ()
    came = tuple(running.came.tolist()) if running else ()
    records: dict[str, _Record] = {}
    spreads: dict[str, Vector] = {}
    if running is not None:
        records["series"] = _Record(tuple(running.said.tolist()), came)
        spreads["series"] = running.quantiles
    if pipeline is not None:
        said = tuple(_kept_then(kept, origin, same_point(origin, period, as_of)) for origin in origins)
        records["pipeline"] = _Record(said, came)
        spreads["pipeline"] = np.quantile(pipeline.simulation.totals, CHANCES) * per_won
    if not records:
        return None, None, None, None
    combination = combine({name: record.relative() for name, record in records.items()})
    means = {}
    made: dict[str, Outlook] = {}
    reasons = {"series": "What came, and what the rest of such a period usually brings.", "pipeline": ""}
    if pipeline is not None:
        reasons["pipeline"] = _pipeline_reason(pipeline, records["pipeline"], per_won)
        means["pipeline"] = pipeline.simulation.mean * per_won
    if running is not None:
        means["series"] = running.total
        reasons["series"] = " ".join([reasons["series"], *running.notes])
    weights = dict(zip(combination.names, combination.weights.tolist(), strict=True))
    for name, record in records.items():
        made[name] = _outlook(name, means[name], spreads[name], weights[name], record, reasons[name], target)
    spread = np.asarray(sum(weights[name] * spreads[name] for name in records))
    reason = combination.reason if running else f"{without} {combination.reason}"
    both = _outlook("combined", combination.of(means), spread, 1.0, _walked(combination, records), reason, target)
    return made.get("series"), made.get("pipeline"), both, combination


def _outlook(
    kind: str, mean: float, quantiles: Vector, weight: float, record: _Record, reason: str, target: int | None
) -> Outlook:
    said, came = record.pairs()
    size = float(np.abs(came).sum())
    ends = {level: np.interp([0.5 - level / 200, 0.5 + level / 200], CHANCES, quantiles) for level in LEVELS}
    found = Outlook(
        kind, LABELS[kind], round(mean), {level: round(float(e[0])) for level, e in ends.items()},
        {level: round(float(e[1])) for level, e in ends.items()}, weight,
        float(np.abs(said - came).sum()) / size if size else None,
        float((said - came).sum()) / size if size else None, len(said), reason, None, quantiles,
    )  # fmt: skip
    return found if target is None else replace(found, chance=found.chance_of(target))


def _kept_then(kept: pd.DataFrame, period: Period, day: dt.date) -> float | None:
    """What the pipeline forecast that was made nearest to ``day`` said of ``period``."""
    rows = kept[
        (kept["kind"] == "pipeline")
        & (kept["period_start"] == pd.Timestamp(period.start))
        & (kept["period_end"] == pd.Timestamp(period.end))
    ]
    away = (rows["as_of"] - pd.Timestamp(day)).abs()
    rows = rows[away <= pd.Timedelta(days=NEAR_DAYS)]
    if rows.empty:
        return None
    nearest = int(np.argmin(away[rows.index].to_numpy()))
    return float(rows["mean"].to_numpy(np.float64)[nearest])


def _walked(combination: Combination, records: Mapping[str, _Record]) -> _Record:
    """The combination's own past: each date weighted by what the earlier ones taught."""
    rows = [record.relative() for record in records.values()]
    came = next(iter(records.values())).came
    said: list[float | None] = []
    place = 0
    for i, value in enumerate(came):
        known = all(row[i] is not None for row in rows)
        said.append(value * (1 + float(combination.errors[place])) if known else None)
        place += known
    return _Record(tuple(said), came)


def _pipeline_reason(pipeline: PipelineForecast, record: _Record, per_won: float) -> str:
    told = f"{len(pipeline.deals):,} open deals, and those not yet created."
    if abs(per_won - 1) > 0.005:
        told += f" Each unit won has counted as {per_won:.3f} in the actuals."
    if not any(value is not None for value in record.said):
        told += " No pipeline forecast was kept at this point of an earlier period: rebuild them to see its error."
    return told


def judged(numbers: pd.DataFrame, period: Period, names: Sequence[str], factors: Mapping[str, float]) -> Outlook | None:
    """What people say of the period: the newest word on the company, else the sum of the newest words of each.

    Args:
        numbers: see :func:`~salesops_desktop.jobs.forecast_records.own_numbers`.
        period: the period.
        names: people whose numbers are expected, for the sentence on who is missing.
        factors: person → the correction that is applied to what the person says.
    """
    rows = numbers[
        (numbers["field"] == "own number")
        & (numbers["period_start"] == pd.Timestamp(period.start))
        & (numbers["period_end"] == pd.Timestamp(period.end))
    ]
    if rows.empty:
        return None
    said = rows["mean"].to_numpy(np.float64) * rows["who"].map(lambda who: factors.get(who, 1.0)).to_numpy(np.float64)
    rows = rows.assign(mean=np.rint(said).astype(np.int64))
    whole = rows[rows["node_key"] == COMPANY]
    if len(whole):
        last = whole.iloc[-1]
        speakers = [str(last["who"])]
        mean, reason = int(last["mean"]), f"{last['who']} on {last['as_of'].date()}."
    else:
        newest = rows.drop_duplicates(["who", "node_key"], keep="last").drop_duplicates("node_key", keep="last")
        mean = int(newest["mean"].sum())
        speakers = sorted(set(newest["who"]))
        missing = sorted(set(names) - set(speakers))
        reason = f"The sum of the numbers of {', '.join(speakers)}."
        reason += f" Nothing from {', '.join(missing)}." if missing else ""
    corrected = [f"{who} × {factors[who]:.3f}" for who in speakers if who in factors]
    reason += f" Corrected: {', '.join(corrected)}." if corrected else ""
    return Outlook("judgement", LABELS["judgement"], mean, {}, {}, 0.0, None, None, 0, reason, None, None)


def led_fan(running: RunningForecast | None, both: Outlook) -> Fan | None:
    """The model's way to the end, led to where the combined forecast ends."""
    if running is None:
        return None
    fan, done = running.fan, running.done
    shape = (fan.mean - done) / running.rest if running.rest > 0 else np.linspace(0.0, 1.0, len(fan.days))
    mean = done + (both.mean - done) * shape
    root = np.sqrt(shape)
    lower = {
        level: np.maximum(mean + (both.lower[level] - both.mean) * root, np.minimum(done, mean)) for level in LEVELS
    }
    upper = {level: mean + (both.upper[level] - both.mean) * root for level in LEVELS}
    return Fan(fan.days, mean, lower, upper)


def past_forecasts(kept: pd.DataFrame, periods: Sequence[Period], came: dict[str, int]) -> tuple[Past, ...]:
    """Kept forecasts of one node and of exactly these periods."""
    found = []
    rows = kept[kept["measure"] == "bookings"]
    for period in periods:
        own = rows[
            (rows["period_start"] == pd.Timestamp(period.start)) & (rows["period_end"] == pd.Timestamp(period.end))
        ]
        found += [
            Past(
                int(r["forecast_id"]), str(r["kind"]), "" if r["who"] is None else str(r["who"]), str(r["origin"]),
                r["as_of"].date(), period.label, int(r["mean"]), None if pd.isna(r["low80"]) else int(r["low80"]),
                None if pd.isna(r["high80"]) else int(r["high80"]), came.get(period.label),
            )
            for r in own.to_dict("records")
        ]  # fmt: skip
    return tuple(found)
