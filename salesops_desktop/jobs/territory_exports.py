"""A territory report as the hand-over workbook wants it."""

from __future__ import annotations

import numpy as np

from salesops_desktop.jobs.territory_reports import TerritoryReport
from salesops_desktop.model.tables import Table
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.territory_handover import (
    BalanceLine,
    Handover,
    HandoverAccount,
    HandoverTerritory,
)


def handover(report: TerritoryReport, where: Provenance, map_png: bytes | None = None) -> Handover:
    """The hand-over of a scenario.

    Args:
        report: the scenario.
        where: for the cover.
        map_png: a picture of the map, or None.
    """
    territories = report.territories
    names = [str(name) for name in territories["territory"].values]
    numbers = {name: i for i, name in enumerate(names, 1)}
    seats = tuple(
        HandoverTerritory(
            i,
            name,
            str(territories["person"].values[i - 1] or ""),
            None,
            None if np.isnan(territories["km"].values[i - 1]) else float(territories["km"].values[i - 1]),
        )
        for i, name in enumerate(names, 1)
    )
    return Handover(
        where,
        report.name,
        report.currency,
        seats,
        tuple(_account(report.accounts, i, numbers) for i in range(len(report.accounts))
              if report.accounts["territory"].values[i] is not None),
        tuple(BalanceLine(f.label, f.before, f.after, f.kind) for f in report.balance),
        report.sentences,
        map_png,
    )  # fmt: skip


def _account(accounts: Table, i: int, numbers: dict[str, int]) -> HandoverAccount:
    def text(name: str) -> str:
        value = accounts[name].values[i]
        return "" if value is None else str(value)

    activity = accounts["next_activity"]
    return HandoverAccount(
        key=text("external_id"),
        name=text("account"),
        city=text("city"),
        territory=numbers[text("territory")],
        from_territory=text("from_person"),
        from_person=text("from_person"),
        potential=int(accounts["potential"].values[i]),
        workload=float(accounts["workload"].values[i]),
        open_pipeline=int(accounts["open"].values[i]),
        next_activity=None if activity.is_missing(i) else activity.values[i].astype("datetime64[D]").astype(object),
        moves=bool(accounts["moves"].values[i]),
    )
