"""The pipeline forecast against everything else one could do, walk-forward, and its intervals against known truth.

    python -m benchmarks.forecast_pipeline [--companies 40] [--crm FOLDER]

First a CRM export of 8,800 opportunities (shared data beside the checkout; skipped where absent): at each month-end
with two months of closings behind it, every method sees what was known then and predicts the value won from the deals
open then, one and three calendar months ahead. Then companies simulated with a truth of their own (see
:mod:`benchmarks.pipeline_companies`): how often the result lay between P10 and P90. Nothing is tuned to either run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.pipeline_companies import simulated
from salesops_desktop.forecast import forecast_pipeline
from salesops_desktop.forecast.calibration import calibration_bins, calibration_error
from salesops_desktop.forecast.creation import new_wins
from salesops_desktop.forecast.pipeline_race import RaceRow
from salesops_desktop.forecast.pipeline_rows import WON, as_rows, date_of, month_end, number_of, prepared
from salesops_desktop.forecast.simulation import SPEEDS, Outlook, Scenario, simulate
from salesops_desktop.forecast.walk_forward import Walk
from salesops_desktop.model.periods import FiscalCalendar

ROOT = Path(__file__).resolve().parents[1]
ORIGINS = (5, 8, 12, 16, 21, 25, 30)
"""Months of history at which the simulated companies are judged."""


def crm_export(folder: Path) -> pd.DataFrame:
    """The export with its product names mended, amounts in minor units."""
    rows = pd.read_csv(folder / "sales_pipeline.csv").replace({"product": {"GTXPro": "GTX Pro"}})
    rows = rows.merge(pd.read_csv(folder / "products.csv"), on="product", how="left")
    rows = rows.merge(pd.read_csv(folder / "accounts.csv")[["account", "sector"]], on="account", how="left")
    return pd.DataFrame(
        {
            "id": range(len(rows)),
            "stage": rows["deal_stage"],
            "status": rows["deal_stage"].map({"Won": "won", "Lost": "lost"}).fillna("open"),
            "amount_minor": (rows["close_value"] * 100).astype("Int64"),
            "list_price_minor": rows["sales_price"] * 100,
            "created_on": rows["engage_date"],
            "close_on": rows["close_date"],
            "owner": rows["sales_agent"],
            "product": rows["product"],
            "segment": rows["sector"],
        }
    )


def race_lines(race: tuple[RaceRow, ...]) -> list[str]:
    """The race as a table, best error first within its kind."""
    lines = [f"{'':14} {'n':>3} {'WAPE':>7} {'bias':>7} {'Brier':>7} {'ECE':>6} {'AUC':>6}"]
    for months in sorted({row.months for row in race}):
        for whole in (False, True):
            rows = [row for row in race if row.months == months and row.whole == whole]
            if not rows:
                continue
            lines.append(f"{months} month(s) ahead, {'all wins' if whole else 'value won from the deals open then'}")
            for row in sorted(rows, key=lambda row: row.wape):
                mark = "chosen" if row.chosen else "naive" if row.naive else ""
                lines.append(
                    f"  {row.method:12} {row.origins:3} {row.wape:7.3f} {row.bias:+7.3f} {row.brier:7.4f} "
                    f"{row.calibration_error:6.3f} {row.discrimination:6.3f}  {mark:6} {row.label}"
                )
    return lines


def coverage(companies: int) -> list[str]:
    """How often the results of simulated companies lay within the intervals, and how far the median was off."""
    found: dict[int, list[tuple[float, float, float, float]]] = {1: [], 3: []}
    chances: list[np.ndarray] = []
    outcomes: list[np.ndarray] = []
    for seed in range(1000, 1000 + companies):
        rows = as_rows(prepared(simulated(seed, staged=False).opportunities), None)
        walk = Walk(rows)
        for months, results in found.items():
            for history in ORIGINS:
                day = month_end(number_of(dt.date(2022, 1, 15)), history - 1)
                end = month_end(day, months)
                record, learned = walk.record(day, end, "calibrated"), walk.correction(day, end - day)
                new = new_wins(walk, day, end - day, SPEEDS)
                hazards = np.repeat(-np.log1p(-np.minimum(record.chance, 1 - 1e-9))[None, :], len(SPEEDS), axis=0)
                outlook = Outlook(
                    rows.id[record.which], record.worth * learned.realised, hazards, 0, learned.shock, new.wins,
                    new.amounts, new.shock,
                )  # fmt: skip
                result = simulate(outlook, seed=seed)
                came_open = float(record.gained.sum())
                fresh = (rows.created > day) & (rows.closed <= end) & (rows.status == WON)
                came = came_open + float(rows.amount[fresh].sum())
                place = (result.totals < came).mean()
                open_place = (result.open_part < came_open).mean()
                results.append((float(place), float(open_place), came, float(result.quantile(0.5))))
                chances.append(record.chance)
                outcomes.append(record.won)
    lines = []
    for months, rows_of in found.items():
        table = np.array(rows_of)
        inside = {level: float((np.abs(table[:, 0] - 0.5) <= level / 200).mean()) for level in (50, 80, 95)}
        of_open = float((np.abs(table[:, 1] - 0.5) <= 0.4).mean())
        wape = float(np.abs(table[:, 2] - table[:, 3]).sum() / table[:, 2].sum())
        lines.append(
            f"{months} month(s): {len(table)} results; 50 / 80 / 95 % intervals held "
            f"{inside[50]:.1%} / {inside[80]:.1%} / {inside[95]:.1%}; 80 % of the open deals' part {of_open:.1%}; "
            f"median off by {wape:.1%}"
        )
    error = calibration_error(calibration_bins(np.concatenate(chances), np.concatenate(outcomes)))
    lines.append(f"calibration error over {sum(map(len, chances)):,} deals: {error:.3f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=40)
    shared = Path(os.environ.get("SALESOPS_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--crm", type=Path, default=shared / "data" / "crm_maven")
    wanted = parser.parse_args()
    if (wanted.crm / "sales_pipeline.csv").exists():
        deals = crm_export(wanted.crm)
        began = time.process_time()
        target = 200_000_000
        last, period = dt.date(2017, 12, 31), FiscalCalendar().parse("2018-Q1")
        result = forecast_pipeline(deals, period, as_of=last, target=target)
        print(
            f"{len(deals):,} opportunities, as of {date_of(number_of(last))}: {time.process_time() - began:.1f} CPU s"
        )
        print("\n".join(race_lines(result.race)))
        p10, p50, p90 = (value / 100 for value in result.simulation.quantiles((0.1, 0.5, 0.9)))
        print(f"{period.label}: P10 {p10:,.0f}  P50 {p50:,.0f}  P90 {p90:,.0f}", end="; ")
        print(f"chance of {target / 100:,.0f}: {result.simulation.chance_of(target):.0%}")
        began = time.perf_counter()
        for step in range(20):
            result.simulation.under(Scenario(win_rate=0.8 + step / 50, cycle=0.8 + step / 40, heads=1 + step / 100))
        print(f"sliders: {20 / (time.perf_counter() - began):.0f} redraws a second, {len(result.deals):,} open deals")
    else:
        print(f"{wanted.crm} is not here: no walk-forward on a CRM export.")
    if wanted.companies:
        began = time.process_time()
        print(f"{wanted.companies} simulated companies at {', '.join(map(str, ORIGINS))} months of history")
        print("\n".join(coverage(wanted.companies)))
        print(f"{time.process_time() - began:.0f} CPU s")


if __name__ == "__main__":
    main()
