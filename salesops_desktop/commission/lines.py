"""Payout lines as columns: what differs from line to line is kept small, what windows and credits know is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

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
        return cls(credits_in, windows, Stored(*(narrow(getattr(stored, f.name)) for f in fields(Stored))))

    @classmethod
    def empty(cls, credits_in: Credits) -> Lines:
        """No lines."""
        none = np.zeros(0, dtype=np.int64)
        windows = Windows(*(none for _ in fields(Windows)))
        return cls(credits_in, windows, Stored(*(none for _ in fields(Stored))))

    @classmethod
    def concatenate(cls, credits_in: Credits, parts: list[Lines]) -> Lines:
        """All lines of ``parts``, by person; those of one person in the order of ``parts``, which is emptied."""
        found = [part for part in parts if len(part)]
        parts.clear()  # so that each column goes as soon as it is joined
        if len(found) < 2:
            return found[0] if found else cls.empty(credits_in)
        windows = Windows.concatenate([part._windows for part in found])  # noqa: SLF001  # its own kind
        lengths = [len(part) for part in found]
        stretches = _stretches(found)
        left = {f.name: [getattr(part._stored, f.name) for part in found] for f in fields(Stored)}  # noqa: SLF001
        shift = np.cumsum([0, *(len(part._windows.person) for part in found)])  # noqa: SLF001
        found.clear()

        def joined(columns: list[Column]) -> Column:
            if all(len(c) == 1 and c[0] == columns[0][0] for c in columns):
                return columns[0]
            full = [c if len(c) > 1 else np.broadcast_to(c, (n,)) for c, n in zip(columns, lengths, strict=True)]
            return np.concatenate([full[part][begin:end] for part, begin, end in stretches])

        window = [w.astype(np.int32) + np.int32(n) for w, n in zip(left.pop("window"), shift[:-1], strict=True)]
        at = np.concatenate([window[part][begin:end] for part, begin, end in stretches])
        del window
        return cls(credits_in, windows, Stored(window=at, **{name: joined(left.pop(name)) for name in list(left)}))

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

    def sums(self) -> list[tuple[int, int, int]]:
        """(person, plan, pay) of the stretches of lines that lie in one window."""
        window, pay = self._stored.window, self._stored.pay
        edges = _edges(window)
        if not len(edges):
            return []
        largest = max(abs(int(pay.min())), abs(int(pay.max())))
        pay = np.broadcast_to(pay, (len(self),)).astype(pay.dtype if largest * len(self) < 2**63 else object)
        paid = np.add.reduceat(pay, edges, dtype=object if pay.dtype == object else np.int64)
        at = window[edges]
        return list(zip(self._windows.person[at].tolist(), self._windows.plan[at].tolist(), paid.tolist(), strict=True))

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


def narrow(values: Column) -> Column:
    """The same numbers in 16 or 32 bits where they fit."""
    if not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    for width in (np.int16, np.int32):
        if np.iinfo(width).min <= low and high <= np.iinfo(width).max:
            return values.astype(width, copy=False)
    return values


def _stretches(parts: Sequence[Lines]) -> list[tuple[int, int, int]]:
    """(part, first line, end) of the stretches that lie in one window, by person, otherwise as they are."""
    person, place, begins, ends = [], [], [], []
    for number, part in enumerate(parts):
        window = part._stored.window  # noqa: SLF001  # its own kind
        edges = _edges(window)
        person.append(part._windows.person[window[edges]])  # noqa: SLF001
        place.append(np.full(len(edges), number))
        begins.append(edges)
        ends.append(np.append(edges[1:], len(window)))
    order = np.argsort(np.concatenate(person), kind="stable")
    columns = (np.concatenate(column)[order].tolist() for column in (place, begins, ends))
    return list(zip(*columns, strict=True))


def _edges(values: Column) -> Rows:
    """Where another value begins."""
    return np.flatnonzero(np.r_[True, values[1:] != values[:-1]][: len(values)])
