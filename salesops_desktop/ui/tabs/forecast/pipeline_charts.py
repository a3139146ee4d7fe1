"""Pictures and tables of the open pipeline: what the period may bring, how good such chances were, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.chart_marks import Bars, ChartContent, Line, Marker, Scatter, Series
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import PipelineForecast
    from salesops_desktop.jobs.pipeline_forecasts import Simulation

Vector = npt.NDArray[np.float64]
BINS = 48
"""Bars of the distribution."""
_SHARES = (0.1, 0.5, 0.9)


def distribution_chart(
    base: Vector, shown: Vector, target: int | None, label: str, currency: str, formats: Formats
) -> ChartContent:
    """How often the simulations end where.

    Args:
        base: (paths,) sorted results as the past teaches, in minor units.
        shown: the same under the scenario; ``base`` itself without one.
        target: the period's, None without one.
        label: the period's name.
        currency: ISO code.
        formats: how figures are written.
    """
    edges = _edges(base, shown, target)
    middles = (edges[:-1] + edges[1:]) / 2
    counts = np.histogram(shown, edges)[0] / len(shown)
    before = np.histogram(base, edges)[0] / len(base)
    reached = edges[:-1] >= target - 0.5 if target is not None else np.ones(len(counts), dtype=np.bool_)
    series: list[Series] = []
    if target is not None:
        series.append(Bars(tr("Below target"), middles, np.where(reached, 0.0, counts), "border_strong", wide=True))
    series.append(
        Bars(tr("Target reached") if target is not None else tr("Outcomes"), middles, np.where(reached, counts, 0.0),
             "accent", wide=True)
    )  # fmt: skip
    if shown is not base:
        series.append(Line(tr("As the past teaches"), middles, before, dashed=True, color="text", width=1.4))
    markers = [Marker(float(np.quantile(shown, share)), f"P{share * 100:.0f}", "text_muted", 0.95) for share in _SHARES]
    if target is not None:
        markers.append(Marker(float(target), tr("target"), "error", 0.86))
    # Room over the bars for the words; steps, so that the axes stand still while a slider is dragged.
    top = _rounded_up(max(float(counts.max()), float(before.max())) * 1.32, 0.02)
    return ChartContent(
        outcome_words(shown, target, label, currency, formats), tuple(series), tuple(markers),
        x_kind="money", currency=currency,
        x_label=tr("Result of {period} in {currency}", period=label, currency=currency), y_kind=ValueKind.FRACTION,
        subtitle=tr("Share of {n} simulated outcomes by result", n=formats.integer(len(shown))),
        frame=(float(edges[0]), float(edges[-1]), 0.0, top),
    )  # fmt: skip


def _rounded_up(value: float, step: float) -> float:
    return float(np.ceil(value / step - 1e-9) * step)


def _edges(base: Vector, shown: Vector, target: int | None) -> Vector:
    """Ends of the bars: they hold 99 of 100 outcomes, and the target lies on one, so that no bar is cut by it.

    As wide as the past teaches it, whatever is assumed; what an assumption needs beyond that comes in eighths.
    """
    low, high = _span(base)
    if target is not None and low - (high - low) < target < high + (high - low):
        low, high = min(low, target), max(high, target)
    step = (high - low) / BINS or 1.0
    origin, room = (low if target is None else float(target)), step * BINS / 8
    least, most = _span(shown)
    low -= _rounded_up(max(0.0, low - least), room)
    high += _rounded_up(max(0.0, most - high), room)
    first, last = int(np.floor((low - origin) / step)), int(np.ceil((high - origin) / step))
    return np.asarray(origin + step * np.arange(first, last + 1), dtype=np.float64)


def _span(totals: Vector) -> tuple[float, float]:
    """What 99 of 100 sorted results lie between."""
    low, high = np.quantile(totals, (0.003, 0.997))
    return float(low), float(high)


def outcome_words(shown: Vector, target: int | None, label: str, currency: str, formats: Formats) -> str:
    """The distribution in a sentence."""
    low, high = (formats.short_money(float(q), currency) for q in np.quantile(shown, (0.1, 0.9)))
    said = tr("{period}: {low} to {high} in eight of ten outcomes", period=label, low=low, high=high)
    if target is None:
        return said
    chance = chance_of(shown, target)
    return tr("{said}; target reached in {chance}", said=said, chance=formats.percent(chance, 0))


def chance_of(totals: Vector, target: int) -> float:
    """The share of sorted results that reach a target."""
    return 1.0 - int(np.searchsorted(totals, target, side="left")) / len(totals)


def calibration_chart(pipeline: PipelineForecast, formats: Formats) -> ChartContent:
    """The predicted chance of groups of deals against the share that was won."""
    bins = [b for b in pipeline.backtest.bins if b.n]
    counts = np.array([b.n for b in bins], dtype=np.float64)
    sizes = 7.0 + 15.0 * np.sqrt(counts / max(1.0, float(counts.max(initial=1.0))))
    diagonal = np.array([0.0, 100.0])
    dots = Scatter(
        tr("Deals by predicted chance"),
        np.array([100 * b.predicted for b in bins]),
        np.array([b.observed for b in bins]),
        tuple(tr("{n} deals", n=b.n) for b in bins),
        color="accent",
        sizes=sizes,
    )
    right = Line(tr("Where promise and result agree"), diagonal, diagonal / 100, dashed=True, color="border_strong")
    title = tr("Of the deals said to have a chance of …, … were won")
    if pipeline.calibration_error is not None:
        title = tr("Chances missed by {x} on average", x=formats.percent(pipeline.calibration_error, 1))
    return ChartContent(
        title,
        (right, dots),
        x_label=tr("Predicted chance in %"), y_kind=ValueKind.FRACTION,
        subtitle=tr("Share that was won within {days} days, at past month-ends; larger dots are more deals",
                    days=pipeline.backtest.window),
    )  # fmt: skip


def past_chart(pipeline: PipelineForecast, currency: str, formats: Formats) -> ChartContent:
    """What the open deals were expected to bring at past month-ends, and what they brought."""
    test = pipeline.backtest
    at = np.arange(len(test.dates), dtype=np.float64)
    said, came = float(np.sum(test.expected)), float(np.sum(test.won))
    title = tr("What open deals were expected to bring, and what they brought")
    if came > 0:
        text = "In all {x} more was expected than won" if said >= came else "In all {x} less was expected than won"
        title = tr(text, x=formats.percent(abs(said / came - 1), 0))
    return ChartContent(
        title,
        (
            Line(tr("Expected then"), at, test.expected, dashed=True, color="accent"),
            Line(tr("Won"), at, test.won, color="text"),
        ),
        x_kind="category", categories=tuple(formats.date(day) for day in test.dates), y_kind=ValueKind.MONEY,
        currency=currency, zero=True,
        subtitle=tr("Open deals, {currency} within {days} days after each month-end", currency=currency,
                    days=test.window),
    )  # fmt: skip


def drivers_table(simulation: Simulation, names: dict[int, str], currency: str) -> Table:
    """The deals that matter most for the period, and what the target's chance is with and without each."""
    specs = [
        ColumnSpec("account", tr("Deal"), ValueKind.TEXT),
        ColumnSpec("amount", tr("Amount ({currency})", currency=currency), ValueKind.NUMBER, digits=0),
        ColumnSpec("chance", tr("Chance"), ValueKind.FRACTION, digits=0,
                   description=tr("Of a win within the period.")),
        ColumnSpec("won", tr("Target if won"), ValueKind.FRACTION, digits=0,
                   description=tr("Chance of reaching the target when this deal is won within the period.")),
        ColumnSpec("lost", tr("If not"), ValueKind.FRACTION, digits=0,
                   description=tr("Chance of reaching the target when it is not.")),
        ColumnSpec("share", tr("Of the spread"), ValueKind.FRACTION, digits=0,
                   description=tr("Its part of the variance that the deals' own luck gives to the result.")),
    ]  # fmt: skip
    unit = 10 ** exponent(currency)
    drivers = simulation.drivers
    rows = [
        {
            "id": d.deal, "account": names.get(d.deal, str(d.deal)), "amount": d.amount_minor / unit,
            "chance": d.chance, "won": d.reach_won, "lost": d.reach_lost, "share": d.variance_share,
        }
        for d in drivers
    ]  # fmt: skip
    if all(d.reach_won is None for d in drivers):
        specs = [spec for spec in specs if spec.name not in ("won", "lost")]
    return build_table(tr("Ten deals that matter"), specs, rows, entity="opportunity", key="id")


def race_table(pipeline: PipelineForecast) -> Table:
    """All methods and the naive yardsticks at one and three months, best first."""
    fraction = ValueKind.FRACTION
    specs = [
        ColumnSpec("method", tr("Method"), ValueKind.TEXT),
        ColumnSpec("role", tr("Role"), ValueKind.TEXT,
                   description=tr("Chosen by the back-test; naive methods are the yardstick.")),
        ColumnSpec("wape1", tr("Error, 1 month"), fraction, digits=0, description=_WAPE()),
        ColumnSpec("wape3", tr("3 months"), fraction, digits=0, description=_WAPE()),
        ColumnSpec("bias3", tr("Bias"), fraction, digits=0,
                   description=tr("Σ(expected − won) ÷ Σ won at three months.")),
        ColumnSpec("off", tr("Calibration error"), fraction, digits=1,
                   description=tr("Mean distance of predicted and observed chance at one month.")),
    ]  # fmt: skip
    rows: dict[str, dict[str, object]] = {}
    for each in pipeline.race:
        row = rows.setdefault(each.method, {"method": each.label, "role": _role(each.chosen, each.naive)})
        row[f"wape{each.months}"] = _known(each.wape)
        if each.months == 3:
            row["bias3"] = _known(each.bias)
        else:
            row["off"] = _known(each.calibration_error)
    ordered = sorted(rows.values(), key=lambda row: float(str(row.get("wape3") or row.get("wape1") or 9)))
    return build_table(tr("Back-test by method"), specs, ordered)


def _WAPE() -> str:  # noqa: N802  # a text, translated when it is asked for
    return tr("Σ|expected − won| ÷ Σ won over the past month-ends.")


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _role(chosen: bool, naive: bool) -> str:  # two facts of a row
    return ", ".join(word for word, holds in ((tr("chosen"), chosen), (tr("naive"), naive)) if holds)


def why_rows(pipeline: PipelineForecast, deal: int, formats: Formats) -> list[tuple[str, str, str]]:
    """Why a deal has its chance: (sentence, factor, chance after it), a line a step."""
    try:
        reasons = pipeline.why(deal)
    except KeyError:
        return []
    rows = []
    for reason in reasons:
        factor = "" if reason.term == "base" else f"× {formats.number(reason.factor, 2)}"
        rows.append((reason.sentence, factor, formats.percent(reason.chance, 1)))
    return rows


def naive_words(pipeline: PipelineForecast, formats: Formats) -> str:
    """Whether a naive method did better than the chosen one, and by how much; how much worse it was where not."""
    said = []
    for months in sorted({row.months for row in pipeline.race}):
        rows = [row for row in pipeline.race if row.months == months and np.isfinite(row.wape)]
        chosen = next((row for row in rows if row.chosen), None)
        naive = min((row for row in rows if row.naive), key=lambda row: row.wape, default=None)
        if chosen is None or naive is None:
            continue
        span = tr("one month") if months == 1 else tr("{n} months", n=months)
        texts = {
            "span": span, "own": formats.percent(chosen.wape, 0), "naive": formats.percent(naive.wape, 0),
            "label": naive.label,
        }  # fmt: skip
        if naive.wape < chosen.wape:
            said.append(
                tr("Over {span} a naive rule wins: “{label}” misses by {naive}, the chosen method by {own}.", **texts)
            )
        else:
            said.append(
                tr(
                    "Over {span} the chosen method missed by {own}, the best naive rule by {naive} (“{label}”).",
                    **texts,
                )
            )
    return " ".join(said)


def names_of(deals: Table) -> dict[int, str]:
    """What each open deal is called: its account, else its own id."""
    if deals.keys is None:
        return {}
    accounts = deals["account"].values if "account" in deals.names else [None] * len(deals)
    own = deals["external_id"].values if "external_id" in deals.names else deals.keys
    return {int(key): str(account or mark) for key, account, mark in zip(deals.keys, accounts, own, strict=True)}
