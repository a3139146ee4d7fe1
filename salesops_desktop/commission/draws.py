"""Draws: what is paid ahead of earnings, in its three meanings, and how it comes back.

The three meanings stand side by side in vendors' papers under the one word "draw"; pay differs between them, so a plan
has to say which it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import PPM, divide_half_up


class DrawKind(StrEnum):
    """What a draw does to the pay of a period."""

    FLOOR = "floor"
    """Earnings below the draw are topped up to it."""
    ADVANCE = "advance"
    """The draw is paid at the start of the period and netted against what it earns at the end: the sum is that of a
    floor, in two payments."""
    ADDITIVE = "additive"
    """The draw is paid on top of the earnings."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw as a plan states it. Periods count from 1.

    Attributes:
        amount: minor units per period.
        kind: what it does.
        recoverable: whether later earnings pay it back; else it is a guarantee.
        recovery_share: ppm of the earnings that may go into paying back: of those above the draw for a floor or an
            advance, of all for an additive draw.
        recovery_from: the first period that pays back.
        first: the first period with a draw.
        last: the last one; None without end.
        limit: the most that may be owed, in minor units: a draw that would exceed it is cut; None without limit.
        forgiven_after: in the period after this one what is still owed is forgiven; None never.
    """

    amount: int
    kind: DrawKind = DrawKind.FLOOR
    recoverable: bool = True
    recovery_share: int = PPM
    recovery_from: int = 1
    first: int = 1
    last: int | None = None
    limit: int | None = None
    forgiven_after: int | None = None

    def check(self) -> None:
        """Refuse a draw that makes no sense.

        Raises:
            FaultsError: with every fault at its field.
        """
        faults = []
        if self.amount < 0:
            faults.append(Fault("amount", "A draw cannot be negative."))
        if not 0 <= self.recovery_share <= PPM:
            faults.append(Fault("recovery share", "It must lie between 0 and 100 %."))
        if self.first < 1:
            faults.append(Fault("first", "Periods count from 1."))
        if self.last is not None and self.last < self.first:
            faults.append(Fault("last", f"The draw would end in period {self.last}, before it begins."))
        if self.limit is not None and self.limit < 0:
            faults.append(Fault("limit", "What may be owed cannot be limited to less than nothing."))
        if faults:
            raise FaultsError("The draw makes no sense.", faults)


@dataclass(frozen=True, slots=True)
class DrawPeriod:
    """One period of a draw's account, in minor units.

    ``paid = earned + granted - recovered`` and ``balance = balance before + granted - recovered - forgiven`` (granted
    counts only where the draw is recoverable).
    """

    period: int
    earned: int
    granted: int
    recovered: int
    forgiven: int
    paid: int
    balance: int
    """What is owed after the period."""
    ahead: int
    """The part of ``paid`` that is due at the start of the period: an advance's draw."""


def draw_account(draw: Draw, earned: Sequence[int], *, owed: int = 0, start: int = 1) -> tuple[DrawPeriod, ...]:
    """The account of a draw over consecutive periods.

    Args:
        draw: its terms.
        earned: what each period earns, minor units, negative where refunds exceed sales.
        owed: the balance carried into the first of them.
        start: the number of the first of them.

    Raises:
        FaultsError: the draw makes no sense.
    """
    draw.check()
    account = []
    for number, amount in enumerate(earned, start):
        made = _period(draw, number, amount, owed)
        owed = made.balance
        account.append(made)
    return tuple(account)


def _period(draw: Draw, number: int, earned: int, owed: int) -> DrawPeriod:
    forgiven = owed if draw.forgiven_after is not None and number > draw.forgiven_after else 0
    owed -= forgiven
    running = number >= draw.first and (draw.last is None or number <= draw.last)
    floor = draw.amount if running else 0
    granted = 0
    if running:
        granted = floor if draw.kind is DrawKind.ADDITIVE else max(floor - earned, 0)
        if draw.recoverable and draw.limit is not None:
            granted = min(granted, max(draw.limit - owed, 0))
    recovered = 0
    if draw.recoverable and number >= draw.recovery_from:
        above = earned if draw.kind is DrawKind.ADDITIVE else earned - floor
        recovered = min(owed, divide_half_up(max(above, 0) * draw.recovery_share, PPM))
    return DrawPeriod(
        period=number,
        earned=earned,
        granted=granted,
        recovered=recovered,
        forgiven=forgiven,
        paid=earned + granted - recovered,
        balance=owed + (granted if draw.recoverable else 0) - recovered,
        ahead=min(floor, earned + granted) if draw.kind is DrawKind.ADVANCE and running else 0,
    )
