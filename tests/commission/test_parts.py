"""Parts of amounts: rounded as said, negative ones as mirror images."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.commission.proration import part_of
from salesops_desktop.expressions import Rounding


@given(st.integers(-(10**6), 10**6), st.fractions(-5, 5, max_denominator=1000), st.sampled_from(list(Rounding)))
def test_negative_amounts_and_negative_parts_are_mirror_images(amount, part, rounding):
    rounded = part_of(amount, part, rounding)
    assert part_of(-amount, part, rounding) == part_of(amount, -part, rounding) == -rounded
    assert abs(rounded - amount * part) < 1
    if rounding is Rounding.DOWN:
        assert abs(rounded) <= abs(amount * part)
