"""When what a component earns is due, as a block: at booking, by invoice or payment, as it is kept, at window's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from salesops_desktop.jobs.commission_plan_editing import Component, Timing
from salesops_desktop.model.money import PPM
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.blocks import Block, Bound, ppm, share
from salesops_desktop.ui.widgets.forms import CheckField, Field, IntegerField, PercentField

TIMING_KEYS = {"months": "due months", "advance": "due advance", "window end": "due window_end"}
"""The block's fields by what the linter calls them."""


def timed(component: Component, name: str, value: Any) -> Component:
    """A component with another share or term of its timing; what is due at booking fills the shares up to 100 %."""
    timing = component.timing
    if timing is None:
        return component
    changed = replace(timing, **{name: value})
    rest = PPM - sum(changed.shares[1:])
    if name in {"invoice", "payment", "kept", "window_end"} and rest >= 0:
        changed = replace(changed, booking=rest)
    return replace(component, timing=changed)


def has_timing(component: Component) -> bool:
    """Whether a component says when it is due at all."""
    return component.timing is not None


def timing_block() -> Block:
    """The block; its record is a :class:`Component`."""

    def term(field: Field, name: str, *, when: Callable[[Component], bool] = has_timing) -> Bound:
        return Bound(field, lambda c: getattr(c.timing, name), lambda c, v: timed(c, name, v), when)

    def part(label: str, name: str, *, when: Callable[[Component], bool] = has_timing) -> Bound:
        field = PercentField(label, required=True)
        return Bound(field, lambda c: share(getattr(c.timing, name)), lambda c, v: timed(c, name, ppm(v) or 0), when)

    def parted(component: Component) -> bool:
        return component.timing is not None and not component.timing.advance

    def by_month(component: Component) -> bool:
        timing = component.timing
        return timing is not None and (timing.advance or timing.kept > 0 or timing.months > 0)

    def switched(component: Component, on: bool) -> Component:  # the value of a check box
        return replace(component, timing=(component.timing or Timing()) if on else None)

    by_parts = CheckField(tr("Due in parts, not all with the run"))
    ahead = CheckField(tr("Booking is an advance on what months earn"))
    return Block(
        tr("When it is due"),
        {
            "timing": Bound(by_parts, has_timing, switched),
            "due booking": part(tr("At booking"), "booking"),
            "due invoice": part(tr("As invoiced"), "invoice", when=parted),
            "due payment": part(tr("As paid"), "payment", when=parted),
            "due kept": part(tr("As kept"), "kept"),
            "due months": term(IntegerField(tr("over months"), required=True), "months", when=by_month),
            "due window_end": part(tr("At window's end"), "window_end", when=parted),
            "due advance": term(ahead, "advance"),
        },
    )
