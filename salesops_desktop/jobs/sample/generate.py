"""The sample company as the spreadsheets its systems would export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from salesops_desktop.jobs.sample import calendar
from salesops_desktop.jobs.sample import exports as ex
from salesops_desktop.jobs.sample.accounts import Account, make_accounts, towns_of_teams
from salesops_desktop.jobs.sample.bookings import Credit, Transaction, make_bookings
from salesops_desktop.jobs.sample.catalogue import FAMILIES, Product, make_products
from salesops_desktop.jobs.sample.demand import Activity, Lead, make_activities, make_leads
from salesops_desktop.jobs.sample.faults import SeededFault, seed_faults
from salesops_desktop.jobs.sample.pipeline import Opportunity, make_opportunities, snapshots
from salesops_desktop.jobs.sample.roster import Roster, make_roster
from salesops_desktop.jobs.sample.targets import MonthRate, Quota, make_quotas, make_rates
from salesops_desktop.jobs.sample.writing import write_export
from salesops_desktop.model.entities import ENTITIES
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.gazetteer import load_gazetteer
from salesops_desktop.model.progress import Progress, silent

AS_OF = dt.date(2026, 9, 30)
"""The sample's today."""
_ACCOUNTS, _OPPORTUNITIES, _LEADS, _ACTIVITIES, _SEATS = 4000, 15_500, 6000, 40_000, 66


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One file that was written."""

    path: Path
    entity: str
    rows: int


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """What was written, in the order to import it."""

    folder: Path
    as_of: dt.date
    files: tuple[SampleFile, ...]
    raw: tuple[SampleFile, ...] = ()
    """The second export with its faults, in the folder ``raw``."""
    faults: tuple[SeededFault, ...] = ()
    """Every fault put into the second export."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of the clean export in the order to import them."""
        return tuple(file.path for file in self.files)


@dataclass(frozen=True, slots=True)
class Company:
    """Everything there is to know about the sample company."""

    first: int
    last: int
    roster: Roster
    products: tuple[Product, ...]
    accounts: tuple[Account, ...]
    opportunities: tuple[Opportunity, ...]
    transactions: tuple[Transaction, ...]
    credits: tuple[Credit, ...]
    leads: tuple[Lead, ...]
    activities: tuple[Activity, ...]
    quotas: tuple[Quota, ...]
    rates: tuple[MonthRate, ...]


def make_company(*, seed: int = 7, scale: float = 1.0, as_of: dt.date = AS_OF, progress: Progress = silent) -> Company:
    """Make the company in memory: the same for the same seed, scale and day.

    Args:
        seed: another one gives another company.
        scale: 1 is about 120 people, 4,000 accounts and 14,000 opportunities; every part shrinks or grows with it.
        as_of: the sample's today; the records begin three years before the month after it.
        progress: told in percent.

    Raises:
        InputRefusedError: the scale is not between 0.01 and 20.
    """
    if not 0.01 <= scale <= 20:
        raise InputRefusedError(f"A sample of scale {scale} cannot be made.", way_out="Give a scale from 0.01 to 20.")
    chance = [np.random.default_rng([seed, part]) for part in range(7)]
    last = calendar.number(as_of)
    first = calendar.month_start(as_of.year - 3, as_of.month + 1)

    def size(whole: int, least: int) -> int:
        return max(least, round(whole * scale))

    def within(low: float, high: float) -> Progress:
        return lambda done, total, what="": progress(low + (high - low) * done / max(total, 1), 100, what)

    gazetteer = load_gazetteer()
    progress(0, 100, "People")
    towns = towns_of_teams(gazetteer)
    products = make_products(chance[0])
    roster = make_roster(chance[1], towns, tuple(FAMILIES), first=first, last=last, seats=size(_SEATS, 18))
    accounts = make_accounts(
        chance[2], roster, towns, gazetteer, count=size(_ACCOUNTS, 90), first=first, last=last, progress=within(2, 20)
    )
    span = {"first": first, "last": last}
    sales = make_opportunities(
        chance[3], accounts, products, roster, count=size(_OPPORTUNITIES, 300), progress=within(20, 40), **span
    )
    transactions, credits_made = make_bookings(chance[4], sales, roster, last)
    leads = make_leads(chance[5], sales, roster, count=size(_LEADS, 60), progress=within(40, 50), **span)
    activities = make_activities(
        chance[6], sales, roster, count=size(_ACTIVITIES, 400), progress=within(50, 65), **span
    )
    quotas = make_quotas(roster, credits_made, first, last)
    rates = make_rates(np.random.default_rng([seed, 7]), first, last)
    return Company(
        first, last, roster, products, accounts, sales, transactions, credits_made, leads, activities, quotas, rates
    )


def exports_of(company: Company, progress: Progress = silent) -> list[ex.Export]:
    """The files of a company, in the order to import them."""
    c, roster = company, company.roster
    made = [
        ex.products_export(c.products),
        ex.people_export(roster, c.last),
        ex.accounts_export(c.accounts, roster, c.last),
        ex.opportunities_export(c.opportunities, roster, c.last),
        ex.snapshots_export(snapshots(c.opportunities, roster, c.first, c.last, progress), roster),
        *ex.transactions_exports(c.transactions, roster),
        ex.credits_export(c.credits, roster),
        ex.leads_export(c.leads, roster),
        ex.activities_export(c.activities, roster),
        ex.quotas_export(c.quotas, roster),
        ex.incentives_export(c.quotas, roster),
        ex.scores_export(c.quotas, roster),
        ex.reporting_export(roster),
        ex.rates_export(c.rates),
    ]
    order = {spec.name: i for i, spec in enumerate(ENTITIES)}
    return sorted(made, key=lambda export: order[export.entity])


def generate(
    folder: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    raw: bool = False,
    as_of: dt.date = AS_OF,
    progress: Progress = silent,
) -> SampleFiles:
    """Write the sample company's spreadsheets into ``folder``, which is made if it is not there.

    The same arguments give the same bytes. What was won equals what was booked; the direct and split credits of each
    booking sum to the whole; everybody acted within their dates of service.

    Args:
        folder: where the files go; files of the same names are replaced.
        seed: another one gives another company.
        scale: 1 is about 120 people, 4,000 accounts and 14,000 opportunities.
        raw: also write ``folder/raw``: the export before anybody cleaned it, with known faults.
        as_of: the sample's today.
        progress: told in percent.

    Raises:
        InputRefusedError: the scale is not between 0.01 and 20.
    """
    company = make_company(seed=seed, scale=scale, as_of=as_of, progress=progress)
    tables = exports_of(company, lambda done, total, what="": progress(65 + 10 * done / total, 100, what))
    files = _write(tables, folder, lambda done, total, what="": progress(75 + 15 * done / total, 100, what))
    if not raw:
        progress(100, 100, "Sample company")
        return SampleFiles(folder, as_of, files)
    dirty, faults = seed_faults(np.random.default_rng([seed, 8]), tables)
    raw_files = _write(dirty, folder / "raw", lambda done, total, what="": progress(90 + 10 * done / total, 100, what))
    progress(100, 100, "Sample company")
    return SampleFiles(folder, as_of, files, raw_files, faults)


def _write(tables: Sequence[ex.Export], folder: Path, progress: Progress) -> tuple[SampleFile, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for i, table in enumerate(tables):
        progress(i, len(tables), table.file)
        files.append(SampleFile(write_export(table, folder), table.entity, len(table.rows)))
    return tuple(files)
