"""Every kept forecast and every manager's number scored when its period is over: who adds value, and who leans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.forecast.scoring import Added, Leaning, Score, leaning, score, value_added
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.forecast_actuals import Actuals, levels_of
from salesops_desktop.jobs.forecast_keeping import asked_measure
from salesops_desktop.jobs.forecast_lines import THOUSANDTHS, Source, load_lines
from salesops_desktop.jobs.forecast_outlooks import LABELS
from salesops_desktop.jobs.forecast_records import kept_points, known_day, own_numbers
from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["Bias", "ScoresReport", "StepScore", "forecast_scores"]

STEPS = ("naive", "series", "pipeline", "combined", "judgement")
"""From the simplest to the last word: each is weighed against the one before it."""
STEP_LABELS = {"naive": "Same period last year", **LABELS}
NEAR = pd.Timedelta(days=45)
"""How old the forecast of an earlier step may be to be weighed against."""
_COLUMNS = (
    "step", "subject", "person_id", "origin", "node_key", "level", "dimension", "label", "as_of", "period_start",
    "period_end", "period_label", "horizon", "forecast", "low50", "high50", "low80", "high80", "low95", "high95",
    "actual", "scale", "naive",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepScore:
    """One step of the stair: its score, and what it added to the step before it (None for the first)."""

    step: str
    label: str
    score: Score
    added: Added | None
    against: str
    """The label of the step it was weighed against."""

    @property
    def sentence(self) -> str:
        """What it added, with how sure that is."""
        if self.added is None or self.added.low is None or self.added.high is None:
            return "" if self.added is None else f"{self.label}: too few periods to weigh against {self.against}."
        a = self.added
        verb = "took off" if a.value >= 0 else "added"
        sure = "beyond luck" if a.proven else "which may be luck"
        return (
            f"{self.label} {verb} {abs(a.value):.1%} of the actuals {'from' if a.value >= 0 else 'to'} the error of "
            f"{self.against} ({a.low:+.1%} to {a.high:+.1%}, {a.n:,} forecasts of {a.periods:,} periods): {sure}."
        )


@dataclass(frozen=True, slots=True)
class Bias:
    """How a subject leans."""

    subject_kind: str
    """``person`` or ``method``."""
    subject: str
    label: str
    person_id: int | None
    leaning: Leaning

    @property
    def sentence(self) -> str:
        """Whether somebody is consistently too high or too low, by how much."""
        found = self.leaning
        if not found.consistent:
            return f"{self.label}: no consistent leaning in {found.periods:,} periods ({found.bias:+.1%})."
        side, word = ("optimism", "above") if found.bias > 0 else ("sandbagging", "below")
        times = found.over if found.bias > 0 else found.periods - found.over
        return (
            f"{self.label}: consistent {side}, {abs(found.bias):.1%} {word} what came ({found.low:+.1%} to "
            f"{found.high:+.1%}); {times} of {found.periods} periods, by luck with a chance of {found.p:.1%}."
        )


@dataclass(frozen=True, slots=True)
class ScoresReport:
    """The accuracy of everything that was forecast.

    Attributes:
        today: periods that end by this day are judged.
        records: one row per forecast of a period that is over: ``step``, ``subject`` (the step, or the person),
            ``person_id``, ``origin`` (shown, rebuilt), ``node_key``, ``level``, ``dimension``, ``label``, ``as_of``,
            ``period_start``, ``period_end``, ``period_label``, ``horizon`` (1: the period that holds the day after
            ``as_of``), ``forecast``, ``low50`` … ``high95``, ``actual``, ``scale``, ``naive``; minor units.
        steps: the stair of forecasts that were shown; of rebuilt ones where none was shown.
        biases: of people and methods.
        rebuilt: how many of the records are rebuilt.
        currency: of the amounts; empty where they are no money but thousandths of a unit.
        measure: what was forecast, as it is kept.
    """

    today: dt.date
    records: pd.DataFrame
    steps: tuple[StepScore, ...]
    biases: tuple[Bias, ...]
    rebuilt: int
    currency: str
    measure: str = "bookings"

    def summary(self) -> Sequence[str]:
        """How many were judged, what each step added, who leans."""
        if self.records.empty:
            return [f"No kept forecast of {self.measure} is about a period that was over on {self.today}."]
        shown = len(self.records) - self.rebuilt
        said = [f"{shown:,} forecasts as shown and {self.rebuilt:,} rebuilt ones, of periods over on {self.today}."]
        said += [step.sentence for step in self.steps if step.sentence]
        leaners = [bias for bias in self.biases if bias.leaning.consistent]
        said += [bias.sentence for bias in leaners]
        return said if leaners else [*said, "Nobody leans to one side consistently."]

    def tables(self) -> Sequence[Table]:
        """The stair, the errors by level and horizon, the league, the leanings."""
        return [self.stair(), self.levels(), self.league(), self.leanings()]

    def _cells(self, found: Score) -> tuple[object, ...]:
        return _score_cells(found, money=bool(self.currency))

    def stair(self) -> Table:
        """What each step added."""
        share, whole = ValueKind.FRACTION, ValueKind.INTEGER
        specs = [
            ColumnSpec("step", "Step", ValueKind.TEXT), *_score_specs(self.currency),
            ColumnSpec("against", "Weighed against", ValueKind.TEXT),
            ColumnSpec("added", "Value added", share, digits=1, description="Its error less this step's, same pairs."),
            ColumnSpec("low", "From", share, digits=1, description="95 % bootstrap interval over periods."),
            ColumnSpec("high", "To", share, digits=1), ColumnSpec("pairs", "Pairs", whole),
        ]  # fmt: skip
        rows = [
            (
                s.label, *self._cells(s.score), s.against,
                *((s.added.value, s.added.low, s.added.high, s.added.n) if s.added else (None,) * 4),
            )
            for s in self.steps
        ]  # fmt: skip
        return build_table("Forecast value added", specs, rows)

    def levels(self) -> Table:
        """Errors by step, level and periods ahead."""
        specs = [
            ColumnSpec("step", "Forecast", ValueKind.TEXT), ColumnSpec("origin", "Shown or rebuilt", ValueKind.TEXT),
            ColumnSpec("dimension", "Level", ValueKind.TEXT), ColumnSpec("horizon", "Periods ahead", ValueKind.INTEGER),
            *_score_specs(self.currency),
        ]  # fmt: skip
        groups = self.records.groupby(["step", "origin", "level", "dimension", "horizon"], sort=True)
        rows = [
            (STEP_LABELS[str(step)], origin, dimension, int(str(horizon)), *self._cells(scored(rows)))
            for (step, origin, _, dimension, horizon), rows in groups
        ]
        return build_table("Errors by level and horizon", specs, rows)

    def league(self) -> Table:
        """Methods and people by their error, best first."""
        specs = [
            ColumnSpec("subject", "Who", ValueKind.TEXT), ColumnSpec("origin", "Shown or rebuilt", ValueKind.TEXT),
            *_score_specs(self.currency),
        ]  # fmt: skip
        rows = [
            (STEP_LABELS.get(str(subject), str(subject)), origin, *self._cells(scored(rows)))
            for (subject, origin), rows in self.records.groupby(["subject", "origin"], sort=True)
        ]
        rows.sort(key=lambda row: float(str(np.inf if row[3] is None else row[3])))
        return build_table("League", specs, rows)

    def leanings(self) -> Table:
        """How far people and methods lean."""
        share = ValueKind.FRACTION
        specs = [
            ColumnSpec("subject", "Who", ValueKind.TEXT), ColumnSpec("periods", "Periods", ValueKind.INTEGER),
            ColumnSpec("over", "Too high in", ValueKind.INTEGER), ColumnSpec("bias", "Bias", share, digits=1),
            ColumnSpec("low", "From", share, digits=1), ColumnSpec("high", "To", share, digits=1),
            ColumnSpec("p", "Chance by luck", share, digits=1),
            ColumnSpec("consistent", "Consistent", ValueKind.BOOLEAN),
        ]  # fmt: skip
        rows = [
            (b.label, b.leaning.periods, b.leaning.over, b.leaning.bias, b.leaning.low, b.leaning.high, b.leaning.p,
             b.leaning.consistent)
            for b in self.biases
        ]  # fmt: skip
        return build_table("Leanings", specs, rows)


def _score_specs(currency: str) -> list[ColumnSpec]:
    share = ValueKind.FRACTION
    return [
        ColumnSpec("n", "Forecasts", ValueKind.INTEGER),
        ColumnSpec("wape", "Error", share, digits=1, description="Σ|forecast − actual| ÷ Σ|actual|."),
        ColumnSpec("bias", "Bias", share, digits=1, description="Σ(forecast − actual) ÷ Σ|actual|."),
        ColumnSpec("mae", "Mean absolute error", ValueKind.MONEY, currency)
        if currency
        else ColumnSpec("mae", "Mean absolute error", ValueKind.NUMBER, digits=1),
        ColumnSpec("mase", "MASE", ValueKind.NUMBER, digits=2, description="Below 1 beats the seasonal naive's past."),
        ColumnSpec("held80", "Within 80 %", share, digits=0), ColumnSpec("held95", "Within 95 %", share, digits=0),
    ]  # fmt: skip


def _score_cells(found: Score, *, money: bool) -> tuple[object, ...]:
    error = round(found.mae) if money else found.mae / THOUSANDTHS
    return found.n, found.wape, found.bias, error, found.mase, found.coverage.get(80), found.coverage.get(95)


def scored(rows: pd.DataFrame) -> Score:
    """The score of some records."""
    numbers = {name: rows[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in _COLUMNS[13:]}
    ends = {level: (numbers[f"low{level}"], numbers[f"high{level}"]) for level in (50, 80, 95)}
    return score(numbers["forecast"], numbers["actual"], scale=numbers["scale"], intervals=ends)


@job(
    "forecast scores",
    title="Score what was forecast",
    group="forecast",
    examples=("forecast scores company.salesops", "forecast scores company.salesops --as-of 2026-09-30"),
)
def forecast_scores(context: JobContext, *, as_of: dt.date | None = None, measure: str = "bookings") -> ScoresReport:
    """Hold every kept forecast and every manager's number against what came, once its period is over.

    Args:
        as_of: periods that end by this day are judged; by default the newest day the workspace speaks of.
        measure: bookings, or another one that was forecast: invoiced, paid, margin, units, count or a formula.
            Managers' numbers are about bookings.
    """
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        today = known_day(connection, as_of)
        return scores_of(connection, today, measure)


def scores_of(connection: Connection, today: dt.date, measure: str = "bookings") -> ScoresReport:
    """The report of :func:`forecast_scores`."""
    said = _said(connection, today, measure)
    said = said[said["period_end"] <= pd.Timestamp(today)].reset_index(drop=True)
    lines = None
    if len(said):
        try:
            source = _source(said)
            lines = load_lines(connection, source, asked_measure(measure), levels_of(said["node_key"]), today)
        except NothingToDoError:
            said = said.iloc[:0]
    records = pd.DataFrame(columns=list(_COLUMNS))
    if lines is not None:
        records = _judged(said, Actuals(lines))
    shown = records[records["origin"] == "shown"]
    stair = shown if len(shown) else records
    currency = company(connection).currency if lines is None else lines.currency or ""
    rebuilt = int((records["origin"] == "rebuilt").sum())
    return ScoresReport(today, records, _stair(stair), _biases(records), rebuilt, currency, measure)


def _source(said: pd.DataFrame) -> Source:
    """Where the actuals come from: what most of the forecasts were made of."""
    named = said["source"].dropna()
    return Source(named.mode().iloc[0]) if len(named) else Source.AUTO


def _said(connection: Connection, today: dt.date, measure: str) -> pd.DataFrame:
    """Kept forecasts of a measure, and people's own numbers where it is bookings, in one frame."""
    kept = kept_points(connection, today)
    kept = kept[kept["measure"] == measure].copy()
    kept["subject"] = kept["who"].where(kept["who"].notna(), kept["kind"])
    kept["step"] = kept["kind"]
    numbers = own_numbers(connection, today)
    numbers = numbers[(numbers["field"] == "own number") & (measure == "bookings")].copy()
    numbers["step"], numbers["origin"], numbers["subject"] = "judgement", "shown", numbers["who"]
    numbers["label"] = numbers["node_label"].where(numbers["node_label"].notna(), "Company")
    keys = [levels_of(pd.Series([key], dtype=object)) for key in numbers["node_key"]]
    numbers["level"] = [len(levels) for levels in keys]
    numbers["dimension"] = [" × ".join(levels) or "company" for levels in keys]
    numbers["source"] = None
    columns = [name for name in (*_COLUMNS, "source", "mean") if name in kept or name in numbers]
    both = [frame.reindex(columns=columns).astype(object) for frame in (kept, numbers) if len(frame)]
    if not both:
        return pd.DataFrame(columns=columns).astype({"period_end": "datetime64[s]"})
    found = pd.concat(both, ignore_index=True)
    for name in ("as_of", "period_start", "period_end"):
        found[name] = pd.to_datetime(found[name])
    return found


def _judged(said: pd.DataFrame, actuals: Actuals) -> pd.DataFrame:
    rows = []
    for r in said.to_dict("records"):
        key, known = str(r["node_key"]), r["as_of"].date()
        first, last = r["period_start"].date(), r["period_end"].date()
        period = _period_of(actuals.calendar, first, last)
        if period is None:
            continue
        rows.append({
            **{str(name): value for name, value in r.items()}, "forecast": int(r["mean"]),
            "period_label": period.label, "actual": actuals.of(key, first, last),
            "scale": actuals.scale(key, period.kind, known), "naive": actuals.naive(key, period, known),
            "horizon": _ahead(actuals.calendar, period, known),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _period_of(calendar: FiscalCalendar, first: dt.date, last: dt.date) -> Period | None:
    for kind in PeriodKind:
        period = calendar.containing(first, kind)
        if (period.start, period.end) == (first, last):
            return period
    return None


def _ahead(calendar: FiscalCalendar, period: Period, known: dt.date) -> int:
    return len(calendar.between(known + dt.timedelta(days=1), period.end, period.kind))


def _stair(records: pd.DataFrame) -> tuple[StepScore, ...]:
    """Each step against the last one before it that forecast the same."""
    found: list[StepScore] = []
    if records.empty:
        return ()
    naive = records[records["naive"].notna()].drop_duplicates(["node_key", "period_start", "period_end", "as_of"])
    naive = naive.assign(step="naive", forecast=naive["naive"])
    blank = [name for name in _COLUMNS if name.startswith(("low", "high"))]
    naive[blank] = np.nan
    everything = pd.concat([naive, records], ignore_index=True) if len(naive) else records
    for step in STEPS:
        own = everything[everything["step"] == step]
        if own.empty:
            continue
        added, against = None, ""
        for earlier in reversed(STEPS[: STEPS.index(step)]):
            pairs = _pairs(own, everything[everything["step"] == earlier])
            if len(pairs):
                added = value_added(
                    pairs["before"].to_numpy(np.float64), pairs["forecast"].to_numpy(np.float64),
                    pairs["actual"].to_numpy(np.float64), pairs["period_start"].to_numpy(),
                )  # fmt: skip
                against = STEP_LABELS[earlier]
                break
        found.append(StepScore(step, STEP_LABELS[step], scored(own), added, against))
    return tuple(found)


def _pairs(own: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Each forecast with the newest of the earlier step, not later than itself, of the same node and period."""
    if earlier.empty:
        return own.iloc[:0]
    same = ["node_key", "period_start", "period_end"]
    left = own[[*same, "as_of", "forecast", "actual"]].sort_values("as_of", kind="stable")
    right = earlier[[*same, "as_of", "forecast"]].rename(columns={"forecast": "before"})
    right = right.sort_values("as_of", kind="stable")
    return pd.merge_asof(left, right, on="as_of", by=same, tolerance=NEAR).dropna(subset=["before"])


def _biases(records: pd.DataFrame) -> tuple[Bias, ...]:
    """Of each person over all nodes, of each method at the company."""
    found = []
    for (step, subject), rows in records.groupby(["step", "subject"], sort=True):
        person = step == "judgement" and subject != "judgement"
        own = rows if person else rows[rows["node_key"] == "{}"]
        if own["period_start"].nunique() < 2 or not float(own["actual"].abs().sum()):
            continue
        numbers = [own[name].to_numpy(np.float64) for name in ("forecast", "actual")]
        ids = own["person_id"].dropna()
        found.append(
            Bias(
                "person" if person else "method", str(subject), STEP_LABELS.get(str(subject), str(subject)),
                int(ids.iloc[-1]) if len(ids) and person else None,
                leaning(numbers[0], numbers[1], own["period_start"].to_numpy()),
            )
        )  # fmt: skip
    return tuple(found)
