"""Terms of payment and clawbacks as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from salesops_desktop.commission.clawbacks import Clawback, ClawbackRate
from salesops_desktop.commission.draws import Draw, DrawKind
from salesops_desktop.commission.plan import PayTerms, Window
from salesops_desktop.commission.proration import DayCount, Proration
from salesops_desktop.commission.timing import Timing

Json = dict[str, Any]


class Reads(Protocol):
    """Reads entries and remembers every fault."""

    def value(self, entry: Mapping[str, Any], key: str, where: str, read: Callable[[Any], Any]) -> Any:
        """The entry as ``read`` understands it; None with a fault noted where it does not."""


def terms_json(terms: PayTerms) -> Json:
    """Terms as a JSON object."""
    draw = terms.draw
    return {
        "cap": terms.cap,
        "cap_window": terms.cap_window.value,
        "refundable": terms.refundable,
        "floor": terms.floor,
        "holdback": terms.holdback,
        "release_after": terms.release_after,
        "carry": terms.carry,
        "draw": None
        if draw is None
        else {
            "amount": draw.amount,
            "kind": draw.kind.value,
            "recoverable": draw.recoverable,
            "recovery_share": draw.recovery_share,
            "recovery_from": draw.recovery_from,
            "first": draw.first,
            "last": draw.last,
            "limit": draw.limit,
            "forgiven_after": draw.forgiven_after,
        },
        **({"instalments": list(terms.instalments)} if terms.instalments else {}),
    }


def clawback_json(clawback: Clawback) -> Json:
    """A clawback as a JSON object."""
    return {
        "window_days": clawback.window_days,
        "share": clawback.share,
        "pro_rata": clawback.pro_rata,
        "rate": clawback.rate.value,
        "paid_only": clawback.paid_only,
        **({"months": clawback.months} if clawback.months else {}),
    }


def timing_json(timing: Timing) -> Json:
    """A timing as a JSON object."""
    return {
        "booking": timing.booking,
        "invoice": timing.invoice,
        "payment": timing.payment,
        "kept": timing.kept,
        "window_end": timing.window_end,
        "months": timing.months,
        "advance": timing.advance,
    }


def read_timing(reader: Reads, stored: object, where: str) -> Timing:
    """What :func:`timing_json` wrote."""
    entry: Json = stored if isinstance(stored, dict) else {}
    return Timing(
        booking=reader.value(entry, "booking", where, integer),
        invoice=reader.value(entry, "invoice", where, integer),
        payment=reader.value(entry, "payment", where, integer),
        kept=reader.value(entry, "kept", where, integer),
        window_end=reader.value(entry, "window_end", where, integer),
        months=reader.value(entry, "months", where, integer),
        advance=reader.value(entry, "advance", where, boolean),
    )


def proration_json(proration: Proration) -> Json:
    """A proration as a JSON object."""
    return {
        "count": proration.count.value,
        "quota": proration.quota,
        "target": proration.target,
        "ramp": list(proration.ramp),
        "roster_ramp": proration.roster_ramp,
    }


def read_proration(reader: Reads, stored: object) -> Proration:
    """What :func:`proration_json` wrote."""
    entry: Json = stored if isinstance(stored, dict) else {}
    return Proration(
        count=reader.value(entry, "count", "proration", DayCount),
        quota=reader.value(entry, "quota", "proration", boolean),
        target=reader.value(entry, "target", "proration", boolean),
        ramp=reader.value(entry, "ramp", "proration", _shares) or (),
        roster_ramp=reader.value(entry, "roster_ramp", "proration", boolean),
    )


def _shares(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(integer(share) for share in value)


def read_terms(reader: Reads, stored: object) -> PayTerms:
    """What :func:`terms_json` wrote."""
    entry: Json = stored if isinstance(stored, dict) else {}
    draw = entry.get("draw")
    return PayTerms(
        cap=reader.value(entry, "cap", "terms", optional_integer),
        cap_window=reader.value(entry, "cap_window", "terms", Window),
        refundable=reader.value(entry, "refundable", "terms", boolean),
        floor=reader.value(entry, "floor", "terms", optional_integer),
        holdback=reader.value(entry, "holdback", "terms", integer),
        release_after=reader.value(entry, "release_after", "terms", integer),
        carry=reader.value(entry, "carry", "terms", boolean),
        draw=None if draw is None else _draw(reader, draw),
        instalments=reader.value({"instalments": [], **entry}, "instalments", "terms", _shares) or (),
    )


def _draw(reader: Reads, stored: object) -> Draw:
    entry: Json = stored if isinstance(stored, dict) else {}
    where = "terms › draw"
    return Draw(
        amount=reader.value(entry, "amount", where, integer),
        kind=reader.value(entry, "kind", where, DrawKind),
        recoverable=reader.value(entry, "recoverable", where, boolean),
        recovery_share=reader.value(entry, "recovery_share", where, integer),
        recovery_from=reader.value(entry, "recovery_from", where, integer),
        first=reader.value(entry, "first", where, integer),
        last=reader.value(entry, "last", where, optional_integer),
        limit=reader.value(entry, "limit", where, optional_integer),
        forgiven_after=reader.value(entry, "forgiven_after", where, optional_integer),
    )


def read_clawback(reader: Reads, stored: object) -> Clawback:
    """What :func:`clawback_json` wrote."""
    entry: Json = stored if isinstance(stored, dict) else {}
    return Clawback(
        window_days=reader.value(entry, "window_days", "clawback", optional_integer),
        share=reader.value(entry, "share", "clawback", integer),
        pro_rata=reader.value(entry, "pro_rata", "clawback", boolean),
        rate=reader.value(entry, "rate", "clawback", ClawbackRate),
        paid_only=reader.value(entry, "paid_only", "clawback", boolean),
        months=reader.value({"months": 0, **entry}, "months", "clawback", integer),
    )


def integer(value: object) -> int:
    """A whole number.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def optional_integer(value: object) -> int | None:
    """A whole number or nothing.

    Raises:
        TypeError: it is neither.
    """
    return None if value is None else integer(value)


def boolean(value: object) -> bool:
    """Yes or no.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(value, bool):
        raise TypeError
    return value
