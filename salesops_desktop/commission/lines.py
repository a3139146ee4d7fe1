"""Payout lines as columns: what differs from line to line is kept small, what windows and credits know is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.ordering import stable_order

if TYPE_CHECKING:
    from salesops_desktop.commission.records import Credits

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Texts = npt.NDArray[np.object_]
Rows = npt.NDArray[np.intp]
Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Windows:
    """What the lines of a person's window share, as columns of equal length."""

    person: Ints
    plan: Ints
    """Index into the run's plans."""
    component: Ints
    """Index into the plan's components."""
    quota: Ints
    """0 where the component needs none."""
    target: Ints
    """The target incentive the component stands for; 0 where it needs none."""
    factor: Ints
    """Numerator of the product of the factors."""
    factor_of: Ints
    """Its denominator."""
    open: Ints
    """1 where the component's own rates hold, 0 where its gate is closed."""

    @classmethod
    def concatenate(cls, parts: Sequence[Windows]) -> Windows:
        """All windows of ``parts`` in order."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


@dataclass(frozen=True, slots=True)
class Stored:
    """What differs from line to line: integers of any width, of length 1 where all lines share a value."""

    window: Column
    """Index into the windows."""
    row: Column
    """The credit's row in the run's credits."""
    exchange_rate: Column
    """× 1e9."""
    amount: Column
    """What the component's measure counts."""
    before: Column
    """The window's total before the line."""
    tier: Column
    """The tier the total after the line lies in; -1 below the first."""
    rate: Column
    """That tier's rate, ppm."""
    start: Column
    """First day of the window, days since 1970."""
    pay: Column


class Lines:
    """Payout lines, ordered by person, plan, component, then as they accumulated; money in the plan's minor units.

    Args:
        credits_in: what the lines' rows point into.
        windows: what lines share.
        stored: what is the lines' own.
    """

    COLUMNS: Final = (
        "person", "plan", "component", "credit", "row", "date", "credit_amount", "credit_currency", "exchange_rate",
        "amount", "before", "after", "quota", "tier", "rate", "window_start", "target", "factor", "factor_of", "open",
        "pay",
    )  # fmt: skip
    """All columns; the hash of a run goes through them in this order."""

    def __init__(self, credits_in: Credits, windows: Windows, stored: Stored) -> None:
        self._credits, self._windows, self._stored = credits_in, windows, stored
        self._seen: dict[str, Column] = {}

    @classmethod
    def of(cls, credits_in: Credits, windows: Windows, stored: Stored) -> Lines:
        """The lines, their columns made as small as they may be."""
        return cls(credits_in, windows, Stored(*(_small(getattr(stored, f.name)) for f in fields(Stored))))

    @classmethod
    def empty(cls, credits_in: Credits) -> Lines:
        """No lines."""
        none = np.zeros(0, dtype=np.int64)
        windows = Windows(*(none for _ in fields(Windows)))
        return cls(credits_in, windows, Stored(*(none for _ in fields(Stored))))

    @classmethod
    def concatenate(cls, credits_in: Credits, parts: Sequence[Lines]) -> Lines:
        """All lines of ``parts``, by person; those of one person in the order of ``parts``."""
        found = [part for part in parts if len(part)]
        if len(found) < 2:
            return found[0] if found else cls.empty(credits_in)
        windows = Windows.concatenate([part._windows for part in found])  # noqa: SLF001  # its own kind
        shift, window = 0, []
        for part in found:
            window.append((part._stored.window + np.int64(shift)).astype(np.int32))  # noqa: SLF001
            shift += len(part._windows.person)  # noqa: SLF001
        at = np.concatenate(window)
        del window
        order = _by_person(windows.person, at)

        def joined(name: str) -> Column:
            columns = [getattr(part._stored, name) for part in found]  # noqa: SLF001
            if all(len(c) == 1 and c[0] == columns[0][0] for c in columns):
                return np.asarray(columns[0])
            joint: Column = np.concatenate([c if len(c) > 1 else np.broadcast_to(c, (len(part),))
                                   for c, part in zip(columns, found, strict=True)])  # fmt: skip
            return np.asarray(joint[order])

        rest = {f.name: joined(f.name) for f in fields(Stored) if f.name != "window"}
        return cls(credits_in, windows, Stored(window=at[order], **rest))

    def __len__(self) -> int:
        return len(self._stored.window)

    def take(self, rows: Rows) -> Lines:
        """The same lines with ``rows`` only, in that order."""
        count = len(self)
        picked = {
            f.name: column if f.name != "window" and len(column) == 1 < count else column[rows]
            for f in fields(Stored)
            for column in [getattr(self._stored, f.name)]
        }
        return Lines(self._credits, self._windows, Stored(**picked))

    def column(self, name: str) -> Column:
        """One of :attr:`COLUMNS` in full, made afresh."""
        stored, given = self._stored, self._credits
        if name in _OF_CREDITS:
            values: Column = getattr(given, _OF_CREDITS[name])[self._own("row")]
            return values.astype("datetime64[D]") if name == "date" else values
        if name in Windows.__dataclass_fields__:
            return np.asarray(getattr(self._windows, name)[stored.window])
        if name == "after":
            return self._own("before") + self._own("amount")
        if name == "window_start":
            return self._own("start").astype("datetime64[D]")
        return self._own(name)

    def _own(self, name: str) -> Ints:
        values = getattr(self._stored, name).astype(np.int64)
        return values if len(values) == len(self) else np.full(len(self), values[0])

    def _kept(self, name: str) -> Column:
        if name not in self._seen:
            self._seen[name] = self.column(name)
        return self._seen[name]

    @property
    def person(self) -> Ints:
        """Person id."""
        return self._kept("person")

    @property
    def plan(self) -> Ints:
        """Index into the run's plans."""
        return self._kept("plan")

    @property
    def component(self) -> Ints:
        """Index into the plan's components."""
        return self._kept("component")

    @property
    def credit(self) -> Ints:
        """The credit's key."""
        return self._kept("credit")

    @property
    def row(self) -> Ints:
        """The credit's row in the run's credits."""
        return self._kept("row")

    @property
    def date(self) -> Days:
        """The credit's date."""
        return self._kept("date")

    @property
    def credit_amount(self) -> Ints:
        """Minor units of :attr:`credit_currency`."""
        return self._kept("credit_amount")

    @property
    def credit_currency(self) -> Texts:
        """ISO code."""
        return self._kept("credit_currency")

    @property
    def exchange_rate(self) -> Ints:
        """× 1e9."""
        return self._kept("exchange_rate")

    @property
    def amount(self) -> Ints:
        """What the component's measure counts."""
        return self._kept("amount")

    @property
    def before(self) -> Ints:
        """The window's total before this line."""
        return self._kept("before")

    @property
    def after(self) -> Ints:
        """The total after it."""
        return self._kept("after")

    @property
    def quota(self) -> Ints:
        """0 where the component needs none."""
        return self._kept("quota")

    @property
    def tier(self) -> Ints:
        """The tier ``after`` lies in; -1 below the first."""
        return self._kept("tier")

    @property
    def rate(self) -> Ints:
        """That tier's rate, ppm."""
        return self._kept("rate")

    @property
    def window_start(self) -> Days:
        """First day of the window."""
        return self._kept("window_start")

    @property
    def target(self) -> Ints:
        """The target incentive the component stands for; 0 where it needs none."""
        return self._kept("target")

    @property
    def factor(self) -> Ints:
        """Numerator of the product of the factors."""
        return self._kept("factor")

    @property
    def factor_of(self) -> Ints:
        """Its denominator."""
        return self._kept("factor_of")

    @property
    def open(self) -> Ints:
        """1 where the component's own rates hold, 0 where its gate is closed."""
        return self._kept("open")

    @property
    def pay(self) -> Ints:
        """What the line pays."""
        return self._kept("pay")


_OF_CREDITS: Final = {"credit": "key", "date": "date", "credit_amount": "amount", "credit_currency": "currency"}


def _small(values: Column) -> Column:
    """The same numbers in 16 or 32 bits where they fit."""
    if not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    for width in (np.int16, np.int32):
        if np.iinfo(width).min <= low and high <= np.iinfo(width).max:
            return values.astype(width)
    return values


def _by_person(person: Ints, window: Column) -> Rows:
    """The lines' order by person, otherwise as they are."""
    known, code = np.unique(person, return_inverse=True)
    if len(known) > 2**16:
        return stable_order(code[window])
    return np.argsort(code.astype(np.uint16)[window], kind="stable")
