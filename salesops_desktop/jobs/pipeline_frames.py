"""The pipeline for forecasts: deals and snapshots in one currency, whose are asked about, and what is left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission.exchange import convert_column
from salesops_desktop.jobs.company import CompanyFacts, company, newest_day
from salesops_desktop.jobs.currencies import ExchangeRates, load_rates
from salesops_desktop.model.errors import InputRefusedError, NothingToDoError
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import Period, PeriodKind

__all__ = ["EVERYTHING", "Flags", "LeftOut", "Pipeline", "Selection", "load_pipeline", "period_of", "worth_of"]

Flags = npt.NDArray[np.bool_]

_OPPORTUNITIES = """
SELECT o.id, o.external_id, o.name, o.stage, o.status, o.amount AS original_minor, o.currency, o.created_on,
       o.close_on, o.probability, o.forecast_category, o.lead_source AS source, o.next_activity_on,
       o.owner_id, p.list_price AS list_minor, p.currency AS list_currency, p.name AS product, p.family,
       a.name AS account, a.segment
FROM opportunity o LEFT JOIN product p ON p.id = o.product_id LEFT JOIN account a ON a.id = o.account_id
ORDER BY o.id
"""
_SNAPSHOTS = """
SELECT s.taken_on, s.opportunity_id AS opportunity, s.stage, s.status, s.amount AS original_minor, s.currency,
       s.close_on, s.probability, s.forecast_category, coalesce(s.owner_id, o.owner_id) AS owner_id
FROM snapshot_line s JOIN opportunity o ON o.id = s.opportunity_id WHERE s.taken_on <= ? ORDER BY s.taken_on, s.id
"""
_PEOPLE = "SELECT id, name, manager_id, team, region, role FROM person ORDER BY id"


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose deals are asked about; every field given must fit."""

    manager: str | None = None
    """Everybody under this person, at any depth, and the person."""
    team: str | None = None
    region: str | None = None
    owner: str | None = None
    product: str | None = None
    """A product or a product family."""

    @property
    def whole(self) -> bool:
        """Whether nothing is left out by choice."""
        return all(getattr(self, name) is None for name in self.__slots__)

    def __str__(self) -> str:
        said = [f"{name} {getattr(self, name)}" for name in self.__slots__ if getattr(self, name) is not None]
        return ", ".join(said) or "whole company"


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Deals that no figure holds."""

    why: str
    deals: int
    amount: Money

    def __str__(self) -> str:
        noun = "deal" if self.deals == 1 else "deals"
        return f"Left out: {self.deals:,} {noun} of {self.amount} together, {self.why}."


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Deals and snapshots as the forecasts read them.

    Attributes:
        facts: the company.
        as_of: the day of knowledge.
        opportunities: one row per deal: ``id``, ``external_id``, ``name``, ``stage``, ``status``, ``amount_minor``
            (company currency at the rate of the day of closing, for open deals of ``as_of``; NA allowed),
            ``list_price_minor``, ``original_minor`` and ``currency`` as stored, dates, ``probability`` (ppm),
            ``forecast_category``, ``owner_id``, ``owner``, ``manager``, ``team``, ``region``, ``product``,
            ``family``, ``account``, ``segment``, ``source``.
        snapshots: one row per deal and snapshot up to ``as_of``: ``taken_on``, ``opportunity``, ``stage``, ``status``,
            ``amount_minor`` (at the rate of ``taken_on``), ``original_minor``, ``currency``, ``close_on``,
            ``probability``, ``forecast_category``, ``owner_id``, ``owner``.
        people: ``id``, ``name``, ``manager_id``, ``team``, ``region``, ``role``.
        rates: the exchange rates.
        left_out: deals in currencies without a rate; they are in neither frame.
    """

    facts: CompanyFacts
    as_of: dt.date
    opportunities: pd.DataFrame
    snapshots: pd.DataFrame
    people: pd.DataFrame
    rates: ExchangeRates
    left_out: tuple[LeftOut, ...]

    @property
    def snapshot_days(self) -> list[dt.date]:
        """The days of the snapshots in order."""
        return [day.date() for day in sorted(self.snapshots["taken_on"].unique())]

    def owners(self, selection: Selection) -> set[int] | None:
        """The ids of the people whose deals the selection asks about; None for everybody's.

        Raises:
            InputRefusedError: no person fits.
        """
        people = self.people
        fits = np.ones(len(people), dtype=np.bool_)
        for name in ("team", "region"):
            wanted = getattr(selection, name)
            if wanted is not None:
                fits &= _is(people[name], wanted)
        if selection.owner is not None:
            fits &= _is(people["name"], selection.owner)
        if selection.manager is not None:
            fits &= people["id"].isin(_under(people, _is(people["name"], selection.manager))).to_numpy(np.bool_)
        if all(getattr(selection, name) is None for name in ("team", "region", "owner", "manager")):
            return None
        if not fits.any():
            raise InputRefusedError(
                f"Nobody fits {Selection(selection.manager, selection.team, selection.region, selection.owner)}.",
                way_out="Write names as the people's table has them.",
            )
        return {int(i) for i in people.loc[fits, "id"]}

    def members(self, rows: pd.DataFrame, selection: Selection, ids: str = "id") -> Flags:
        """Which rows belong to the selection, by their own owner and their deal's product.

        Args:
            rows: with ``owner_id`` and the deal's id.
            selection: whose deals.
            ids: the column of the deal's id.
        """
        fits = np.ones(len(rows), dtype=np.bool_)
        owners = self.owners(selection)
        if owners is not None:
            fits &= rows["owner_id"].isin(list(owners)).to_numpy(np.bool_)
        if selection.product is not None:
            deals = self.opportunities
            named = _is(deals["product"], selection.product) | _is(deals["family"], selection.product)
            if not named.any():
                raise InputRefusedError(
                    f"No deal is about a product or family called {selection.product!r}.",
                    way_out="Write it as the products' table has it.",
                )
            fits &= rows[ids].isin(deals.loc[named, "id"]).to_numpy(np.bool_)
        return fits

    def standing(self, day: dt.date) -> pd.DataFrame:
        """The deals as they stood on the day of a snapshot, or stand today: the columns of snapshots and ``id``.

        Raises:
            InputRefusedError: the day is neither today nor one of a snapshot.
        """
        if day in self.snapshot_days:
            lines = self.snapshots[self.snapshots["taken_on"] == pd.Timestamp(day)]
            return lines.rename(columns={"opportunity": "id"}).reset_index(drop=True)
        if day == self.as_of:
            return self.opportunities.copy()
        raise InputRefusedError(
            f"There is no snapshot of {day}.", way_out="Choose one of those that `forecast snapshots` lists."
        )

    def at_rates_of(self, lines: pd.DataFrame, day: dt.date) -> pd.Series[int]:
        """The amounts at the exchange rates of another day; as they are where that day has no rate."""
        found = lines["amount_minor"].copy()
        for currency, rows in lines[lines["original_minor"].notna()].groupby("currency"):
            rate = self.rates.on(str(currency), self.facts.currency, day)
            if rate and currency != self.facts.currency:
                rates = np.full(len(rows), rate, dtype=np.int64)
                amounts = rows["original_minor"].to_numpy(np.int64)
                found.loc[rows.index] = convert_column(amounts, str(currency), self.facts.currency, rates)
        return found


def load_pipeline(connection: Connection, as_of: dt.date | None = None, *, needed: bool = True) -> Pipeline:
    """Read deals and snapshots, money in the company's currency; what has no rate is left out and told.

    Args:
        connection: a read connection.
        as_of: the day of knowledge; by default the newest day the pipeline or the bookings speak of.
        needed: False takes a company without opportunities for what it is: one with an empty pipeline.

    Raises:
        NothingToDoError: there are no opportunities, and they are needed.
    """
    facts, rates = company(connection), load_rates(connection)
    day = as_of or newest_day(connection) or dt.datetime.now(dt.UTC).date()
    deals = _read(connection, _OPPORTUNITIES, (), ("created_on", "close_on", "next_activity_on"))
    if deals.empty and needed:
        raise NothingToDoError("There are no opportunities.", way_out="Import a pipeline export.")
    lines = _read(connection, _SNAPSHOTS, (day.isoformat(),), ("taken_on", "close_on"))
    people = _read(connection, _PEOPLE, (), ())
    now = pd.Timestamp(day)
    deals["rate_day"] = deals["close_on"].where(deals["status"] != "open", now).fillna(now)
    lacking = _convert(deals, "original_minor", "amount_minor", "currency", "rate_day", facts.currency, rates)
    unpriced = _convert(deals, "list_minor", "list_price_minor", "list_currency", "rate_day", facts.currency, rates)
    deals.loc[unpriced, "list_price_minor"] = pd.NA
    old = _convert(lines, "original_minor", "amount_minor", "currency", "taken_on", facts.currency, rates)
    gone = deals.loc[lacking, "id"]
    left = [
        LeftOut(f"for there is no exchange rate from {code} to {facts.currency}", len(rows), _sum(rows, str(code)))
        for code, rows in deals[lacking].groupby("currency")
    ]
    named = people.set_index("id")["name"]
    deals = deals[~lacking].drop(columns=["rate_day", "list_minor", "list_currency"]).reset_index(drop=True)
    lines = lines[~old & ~lines["opportunity"].isin(gone).to_numpy(np.bool_)].reset_index(drop=True)
    owners = people.set_index("id").reindex(deals["owner_id"])
    deals["owner"] = owners["name"].to_numpy(object)
    deals["manager"] = owners["manager_id"].map(named).to_numpy(object)
    deals["team"], deals["region"] = owners["team"].to_numpy(object), owners["region"].to_numpy(object)
    lines["owner"] = lines["owner_id"].map(named).to_numpy(object)
    return Pipeline(facts, day, deals, lines, people, rates, tuple(left))


def period_of(pipeline: Pipeline, label: str | None, *, ahead: bool = False) -> Period:
    """The period called ``label``; by default the quarter of today.

    Args:
        pipeline: gives the calendar and today.
        label: as 2026-Q3 or 2026-09.
        ahead: on the last day of a quarter take the next one: its result is what can still be forecast.
    """
    calendar = pipeline.facts.calendar
    if label is not None:
        return calendar.parse(label)
    current = calendar.containing(pipeline.as_of, PeriodKind.QUARTER)
    return calendar.following(current) if ahead and pipeline.as_of == current.end else current


def worth_of(rows: pd.DataFrame, prices: pd.Series[int]) -> tuple[npt.NDArray[np.int64], int, int]:
    """What each deal is worth: its amount, else its list price, else 0; a lost deal's 0 is no amount.

    Args:
        rows: ``id``, ``status``, ``amount_minor``.
        prices: list prices by the deal's id.

    Returns:
        (n,) minor units; how many list prices stand in; how many open deals have neither.
    """
    listed = prices.reindex(rows["id"]).reset_index(drop=True)
    amounts = rows["amount_minor"].reset_index(drop=True)
    wiped = (rows["status"].reset_index(drop=True) == "lost") & (amounts == 0).fillna(value=False)
    blank = (amounts.isna() | wiped).to_numpy(np.bool_)
    priced = blank & listed.notna().to_numpy(np.bool_)
    worth = np.where(blank, listed.fillna(0).to_numpy(np.int64), amounts.fillna(0).to_numpy(np.int64))
    is_open = (rows["status"] == "open").to_numpy(np.bool_)
    return worth, int((priced & is_open).sum()), int((blank & ~priced & is_open).sum())


def _is(column: pd.Series[str], wanted: str) -> Flags:
    return (
        (column.astype("string").str.casefold() == wanted.strip().casefold())
        .fillna(value=False)
        .to_numpy(np.bool_, copy=True)
    )


def _under(people: pd.DataFrame, heads: Flags) -> set[int]:
    """The ids of these people and of everybody below them."""
    found = {int(i) for i in people.loc[heads, "id"]}
    while True:
        more = {int(i) for i in people.loc[people["manager_id"].isin(list(found)), "id"]} - found
        if not more:
            return found
        found |= more


def _read(connection: Connection, statement: str, values: tuple[str, ...], days: tuple[str, ...]) -> pd.DataFrame:
    result = connection.exec_driver_sql(statement, values)
    names = list(result.keys())
    rows = result.cursor.fetchall()
    result.close()
    frame = pd.DataFrame({name: [row[place] for row in rows] for place, name in enumerate(names)}, columns=names)
    for name in days:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[s]")
    for name in frame.columns:
        if name.endswith("_minor") or name in ("owner_id", "manager_id", "probability"):
            frame[name] = frame[name].astype("Int64")
    return frame


def _convert(
    frame: pd.DataFrame, source: str, target: str, currency: str, day: str, wanted: str, rates: ExchangeRates
) -> Flags:
    """Fill ``target`` with the amounts of ``source`` in the wanted currency; the rows without a rate."""
    frame[currency] = frame[currency].fillna(wanted)
    frame[target] = frame[source].astype("Int64")
    lacking = np.zeros(len(frame), dtype=np.bool_)
    for code, rows in frame[frame[source].notna() & (frame[currency] != wanted)].groupby(currency):
        found = rates.lookup(str(code), wanted, rows[day].to_numpy().astype("datetime64[D]"))
        amounts = convert_column(rows[source].to_numpy(np.int64), str(code), wanted, found)
        frame.loc[rows.index, target] = amounts
        lacking[rows.index.to_numpy()[found == 0]] = True
    return lacking


def _sum(rows: pd.DataFrame, currency: str) -> Money:
    return Money(int(rows["original_minor"].sum()), currency)
