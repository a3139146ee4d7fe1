"""The pipeline as the forecast workbook wants it: deals with chances and reasons in short, and the last waterfall."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import numpy as np

from salesops_desktop.forecast.waterfall import MOVEMENTS
from salesops_desktop.jobs.pipeline_forecasts import PipelineReport, Reason
from salesops_desktop.jobs.pipeline_frames import Pipeline, Selection
from salesops_desktop.jobs.pipeline_snapshots import waterfall_of
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import Table
from salesops_desktop.sheets.writing import forecast_records as sheet

_MOST_TERMS = 3
_WORTH_SAYING = 0.05


def deals_of(report: PipelineReport) -> tuple[sheet.PipelineDeal, ...]:
    """Every open deal."""
    table = report.deals
    assert table.keys is not None
    reasons = report.forecast.reasons
    return tuple(
        sheet.PipelineDeal(
            key=_text(table, "external_id", i), name=_text(table, "name", i) or _text(table, "external_id", i),
            account=_text(table, "account", i), owner=_text(table, "owner", i), stage=_text(table, "stage", i),
            close_on=_day(table, "close_on", i), expected_close=_day(table, "expected_close", i),
            amount=_whole(table, "amount_minor", i), probability=_ppm(table, "win_probability", i),
            weighted=_whole(table, "weighted_minor", i), category=_text(table, "category", i),
            period_probability=_ppm(table, "period_probability", i),
            period_weighted=_whole(table, "period_weighted_minor", i),
            pushes=None if table["pushes"].is_missing(i) else _whole(table, "pushes", i),
            stale=_text(table, "why_stale", i),
            why=_short(reasons[int(key)]) if int(key) in reasons else "",
        )
        for i, key in enumerate(table.keys)
    )  # fmt: skip


def key_deals(report: PipelineReport) -> tuple[sheet.KeyDeal, ...]:
    """The deals on which the result hangs most, with the reasons that tell most."""
    known = report.tables_.drivers
    found = []
    for i, driver in enumerate(report.simulation.drivers):
        reasons = report.why(driver.deal) if driver.deal in report.forecast.reasons else ()
        found.append(
            sheet.KeyDeal(
                _text(known, "external_id", i), _text(known, "name", i) or _text(known, "external_id", i),
                _text(known, "owner", i), driver.amount_minor, driver.chance, driver.variance_share, driver.reach_won,
                driver.reach_lost, " ".join(reason.sentence for reason in _telling(reasons)),
            )
        )  # fmt: skip
    return tuple(found)


def outcome_of(report: PipelineReport) -> tuple[tuple[str, int], ...]:
    """The range of the period's result by the simulation."""
    p10, p50, p90 = report.simulation.quantiles((0.1, 0.5, 0.9))
    return (
        (f"Won in {report.period.label} so far", report.won_minor),
        ("P10: nine of ten simulations bring more", p10),
        ("P50: half of them bring more", p50),
        ("P90: one of ten brings more", p90),
    )


def _short(reasons: Sequence[Reason]) -> str:
    """The usual chance, and the factors that move it most."""
    return ", ".join(
        f"a new deal {r.chance:.0%}" if r.term == "base" else f"{r.term} × {r.factor:.2f}" for r in _telling(reasons)
    )


def _telling(reasons: Sequence[Reason]) -> list[Reason]:
    """The usual chance, and the reasons that move it most."""
    moving = [r for r in reasons if r.term != "base" and r.factor > 0 and abs(math.log(r.factor)) >= _WORTH_SAYING]
    moving.sort(key=lambda r: -abs(math.log(r.factor)))
    return [*(r for r in reasons if r.term == "base"), *moving[:_MOST_TERMS]]


def changes_of(loaded: Pipeline, period: Period) -> sheet.Changes | None:
    """The waterfall between the last two snapshots, of the deals due in the period; None without two."""
    days = loaded.snapshot_days
    if len(days) < 2:
        return None
    report = waterfall_of(loaded, days[-2], days[-1], period, Selection())
    found, table = report.waterfall, report.deals
    moves = tuple(
        sheet.Move(_text(report.bars, "bar", i), _whole(report.bars, "amount", i), _whole(report.bars, "deals", i),
                   _text(report.bars, "meaning", i))
        for i in range(1, len(report.bars) - 1)
    )  # fmt: skip
    deals = tuple(
        sheet.ChangedDeal(
            _text(table, "external_id", i), _text(table, "name", i) or _text(table, "external_id", i),
            _text(table, "account", i), _text(table, "owner", i), _text(table, "movement", i),
            _whole(table, "before_minor", i), _whole(table, "after_minor", i), _whole(table, "currency_minor", i),
            _text(table, "stage_before", i), _text(table, "stage_after", i), _day(table, "close_before", i),
            _day(table, "close_after", i),
        )
        for i in range(len(table))
    )  # fmt: skip
    return sheet.Changes(
        found.start_day, found.end_day, f"due in {period.label}", found.start_minor, found.end_minor,
        MOVEMENTS["currency"], moves, deals, (*report.notes, *map(str, report.left_out)),
    )  # fmt: skip


def _text(table: Table, name: str, row: int) -> str:
    column = table[name]
    return "" if column.is_missing(row) else str(column.values[row])


def _whole(table: Table, name: str, row: int) -> int:
    column = table[name]
    return 0 if column.is_missing(row) else int(column.values[row])


def _ppm(table: Table, name: str, row: int) -> int:
    value = float(np.nan_to_num(np.float64(table[name].values[row])))
    return round(value * PPM)


def _day(table: Table, name: str, row: int) -> dt.date | None:
    value = table[name].cell(row)
    return value if isinstance(value, dt.date) else None
