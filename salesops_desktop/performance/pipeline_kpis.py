"""Weighted pipeline, pipeline efficiency and forecast accuracy of one slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.performance.definitions import FORECAST_ACCURACY, PIPELINE_EFFICIENCY, WEIGHTED_PIPELINE
from salesops_desktop.performance.figures import NO_IDS, Figure, Ids, Slice, divide, exact_sum, ids_of, mean
from salesops_desktop.performance.frames import NOT_GIVEN, Columns, Rows
from salesops_desktop.performance.sales_kpis import QUOTA_GROUPS, closed_rows, cycle_days

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """The pipeline of a slice on one day.

    Attributes:
        rows: the opportunities' rows.
        worth: (n,) minor units; the list price where there is no amount, 0 where there is neither.
        probability: (n,) ppm; −1 where nothing is known.
        notes: what stood in for what.
    """

    rows: Rows
    worth: Ints
    probability: Ints
    notes: tuple[str, ...]


def open_deals(s: Slice) -> OpenDeals:
    """The opportunities open at the end of the slice's period, or today."""
    taken = _snapshot(s)
    if taken is not None:
        return taken
    opportunities = s.data["opportunities"]
    rows = s.rows["opportunities"]
    day = np.datetime64(s.end)
    state = opportunities["status"][rows]
    created, closed = opportunities["created_on"][rows], opportunities["close_on"][rows]
    undated = np.isnat(created.astype("datetime64[D]"))
    today = s.end >= s.as_of
    begun = (created <= day) | (undated & (state == "open") & today)
    rows = rows[begun & ((state == "open") | (closed > day))]
    notes = []
    waiting = int((undated & (state == "open")).sum())
    if waiting and not today:
        notes.append(f"{waiting:,} open opportunities without a creation date count today only.")
    current = opportunities["status"][rows] == "open"
    stated = np.where(opportunities.missing("probability")[rows], -1, opportunities["probability"][rows])
    worth, told = _worth(opportunities, rows, opportunities["amount_minor"][rows].astype(np.int64))
    return OpenDeals(rows, worth, np.where(current, stated, -1).astype(np.int64), (*notes, *told))


def _snapshot(s: Slice) -> OpenDeals | None:
    """The last snapshot within the period; None without one, or where the day is today's own."""
    snapshots, opportunities = s.data["snapshots"], s.data["opportunities"]
    days = s.company.snapshot_days()
    inside = (days >= np.datetime64(s.period.start)) & (days <= np.datetime64(s.end))
    if not inside.any() or s.end >= s.as_of:
        return None
    day = days[inside].max()
    rows, lines = s.company.snapshot_on(day)
    mine = s.is_mine(rows)
    rows, lines = rows[mine], lines[mine]
    known = ~snapshots.missing("amount_minor")[lines]
    amounts = np.where(known, snapshots["amount_minor"][lines], 0).astype(np.int64)
    worth, told = _worth(opportunities, rows, amounts, known=known)
    stated = np.where(snapshots.missing("probability")[lines], -1, snapshots["probability"][lines])
    return OpenDeals(rows, worth, stated.astype(np.int64), (f"From the snapshot of {day}.", *told))


def _worth(
    opportunities: Columns, rows: Rows, amounts: Ints, known: npt.NDArray[np.bool_] | None = None
) -> tuple[Ints, tuple[str, ...]]:
    """Amounts, with the list price where there is none; a lost deal's 0 is no amount either."""
    if known is None:
        known = ~opportunities.missing("amount_minor")[rows]
    wiped = (opportunities["status"][rows] == "lost") & (amounts == 0)
    blank = ~known | wiped
    priced = ~opportunities.missing("list_price_minor")[rows]
    worth = np.where(blank, np.where(priced, opportunities["list_price_minor"][rows], 0), amounts).astype(np.int64)
    notes = []
    if (blank & priced).any():
        notes.append(f"{int((blank & priced).sum()):,} opportunities have no amount: their list price stands in.")
    if (blank & ~priced).any():
        notes.append(f"{int((blank & ~priced).sum()):,} have neither amount nor list price: counted as 0.")
    return worth, tuple(notes)


def weighted_pipeline(s: Slice) -> Figure:
    """Σ amount × probability of the open deals."""
    opportunities = s.data["opportunities"]
    if not opportunities.length:
        return Figure(None, reason=s.reason("there are no opportunities", WEIGHTED_PIPELINE.needs))
    if s.period.start > s.as_of:
        return Figure(None, reason=s.reason("it has not begun", "Choose a period that has."))
    deals = open_deals(s)
    created = opportunities["created_on"][deals.rows].astype("datetime64[D]")
    dated = ~np.isnat(created)
    prices = opportunities["list_price_minor"][deals.rows]
    ages = (np.datetime64(s.end) - created[dated]).astype("timedelta64[D]").astype(np.int64)
    details = {
        "open_count": float(len(deals.rows)),
        "open_value": float(exact_sum(deals.worth)),
        "open_list_value": float(exact_sum(prices)),
        "dated_count": float(dated.sum()),
        "dated_list_value": float(exact_sum(prices[dated])),
        "mean_age_days": mean(ages),
    }
    ids = ids_of(opportunities, deals.rows)
    probability, notes = deals.probability, list(deals.notes)
    blank = probability < 0
    if blank.any():
        rate = s.company.win_rate_until(s.end)
        if rate is None:
            what = f"{int(blank.sum()):,} open opportunities have no probability and nothing was closed by then"
            return Figure(None, reason=s.reason(what, "Import closed opportunities too."), ids=ids, details=details)
        probability = np.where(blank, rate, probability)
        notes.append(f"{int(blank.sum()):,} have no probability: the win rate of {rate / PPM:.1%} stands in.")
    total = exact_sum(_weighted(deals.worth, probability.astype(np.int64)))
    return Figure(float(total), total, None, ids=ids, details=details, notes=tuple(notes))


def _weighted(worth: Ints, probability: Ints) -> Ints:
    """Each amount × ppm, rounded half up to a minor unit; split so that no product leaves 64 bits."""
    whole, rest = np.divmod(worth, PPM)
    return np.asarray(whole * probability + (rest * probability + PPM // 2) // PPM)


def pipeline_efficiency(s: Slice) -> Figure:
    """Open deals × win rate × average won amount ÷ cycle days."""
    opportunities = s.data["opportunities"]
    closed = closed_rows(s)
    won = closed_rows(s, "won")
    days, _, _ = cycle_days(s, won)
    cycle = mean(days)
    if not len(won) or not cycle:
        what = "no opportunity with a creation date was won in it" if opportunities.length else "there are none"
        return Figure(None, reason=s.reason(what, PIPELINE_EFFICIENCY.needs))
    valued = won[~opportunities.missing("amount_minor")[won]]
    if not len(valued):
        return Figure(None, reason=s.reason("no won opportunity has an amount", PIPELINE_EFFICIENCY.needs))
    deals = open_deals(s)
    total = exact_sum(opportunities["amount_minor"][valued])
    average = total / len(valued)
    numerator = len(deals.rows) * (len(won) / len(closed)) * average
    details = {
        "closed_basis": len(won) * average / cycle,
        "yield": divide(total, exact_sum(deals.worth)),
    }
    ids: Ids = np.union1d(ids_of(opportunities, closed), ids_of(opportunities, deals.rows))
    return Figure(numerator / cycle, numerator, cycle, ids=ids, details=details, notes=deals.notes)


def forecast_accuracy(s: Slice, periods: tuple[Period, ...]) -> Figure:
    """1 − Σ|forecast − won| ÷ Σ won, over those of ``periods`` that are over and have a forecast.

    Args:
        s: the slice; its period spans ``periods``.
        periods: the periods to judge one by one.
    """
    forecasts = s.data["forecasts"]
    if s.group_by is not None and s.group_by not in QUOTA_GROUPS:
        what = f"forecasts are not made by {s.group_by}"
        return Figure(None, reason=s.reason(what, "Group by person, manager or region."))
    if not forecasts.length:
        return Figure(None, reason=s.reason("there are no forecasts", FORECAST_ACCURACY.needs))
    said, came, ids = [], [], [NO_IDS]
    for period in periods:
        rows = _judged_rows(s, period)
        if period.end > s.as_of or not len(rows):
            continue
        said.append(exact_sum(forecasts["amount_minor"][rows]))
        won = closed_rows(Slice(s.company, s.rows, period, s.as_of, s.group_by), "won")
        came.append(exact_sum(s.data["opportunities"]["amount_minor"][won]))
        ids.append(ids_of(forecasts, rows))
    if not said:
        what = "no forecast was made for it" if s.period.end <= s.as_of else "no period with a forecast is over"
        return Figure(None, reason=s.reason(what, FORECAST_ACCURACY.needs))
    error = sum(abs(f - a) for f, a in zip(said, came, strict=True))
    forecast, actual = sum(said), sum(came)
    details = {
        "forecast": float(forecast),
        "actual": float(actual),
        "bias": divide(forecast - actual, actual),
        "attained": divide(actual, forecast),
        "periods": float(len(said)),
    }
    behind = np.concatenate(ids)
    if actual == 0:
        why = s.reason("nothing was won, so errors have no scale", "Judge a longer period.")
        return Figure(None, error, 0, why, behind, details)
    return Figure(1 - error / actual, error, actual, ids=behind, details=details)


def _judged_rows(s: Slice, period: Period) -> Rows:
    """The forecast rows to judge for one period.

    Everybody's last call before the period began, else the first one within it. A row for the whole company wins over
    the rows of its people, so that nothing is counted twice.
    """
    forecasts = s.data["forecasts"]
    rows = s.rows["forecasts"]
    start, end = np.datetime64(period.start), np.datetime64(period.end)
    rows = rows[(forecasts["period_start"][rows] == start) & (forecasts["period_end"][rows] == end)]
    owners = forecasts.groups.get("owner")
    owner = np.full(len(rows), NOT_GIVEN, dtype=object) if owners is None else owners[rows]
    if s.group_by is None and (owner == NOT_GIVEN).any():
        rows, owner = rows[owner == NOT_GIVEN], owner[owner == NOT_GIVEN]
    made = forecasts["made_on"][rows]
    judged = np.zeros(len(rows), dtype=np.bool_)
    for person in set(owner):
        own = owner == person
        before, inside = own & (made < start), own & (made >= start) & (made <= end)
        if before.any():
            judged[_last_of(forecasts, rows, before & (made == made[before].max()))] = True
        elif inside.any():
            judged[_last_of(forecasts, rows, inside & (made == made[inside].min()))] = True
    chosen: Rows = rows[judged]
    return chosen


def _last_of(forecasts: Columns, rows: Rows, same_day: npt.NDArray[np.bool_]) -> int:
    """The place of the newest of several calls made on one day: a forecast kept twice counts once."""
    places = np.flatnonzero(same_day)
    return int(places[np.argmax(forecasts["id"][rows[places]])])
