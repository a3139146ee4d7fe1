import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_desktop.forecast.shock import BEFORE, DOUBT, LASTING, USUAL, Surprise, common_shock, doubt


def test_before_anything_is_known_the_usual_shock_and_the_doubt_stand():
    assert common_shock([], 1, 10**9) == pytest.approx(USUAL, rel=0.05)
    assert common_shock([], 3, 10**9) == pytest.approx(USUAL * np.sqrt(LASTING + (1 - LASTING) / 3), rel=0.05)
    assert common_shock([], 1, 20) ** 2 - common_shock([], 1, 10**9) ** 2 == pytest.approx(
        DOUBT / (20 + BEFORE), rel=0.01
    )


def test_many_surprises_tell_the_shock_apart_from_the_deals_own_luck():
    draw = np.random.default_rng(0)
    for shock in (0.1, 0.3):
        luck = draw.uniform(0.01, 0.05, 400)
        ratios = np.exp(draw.normal(0, np.sqrt(shock**2 + luck)))
        surprises = [Surprise(float(r), float(k), 0.0, 1.0) for r, k in zip(ratios, luck, strict=True)]
        assert common_shock(surprises, 1, 10**9) == pytest.approx(shock, rel=0.15)


@given(st.floats(1.0, 1e6), st.floats(0, 1), st.floats(1, 12), st.integers(0, 1000))
def test_a_greater_surprise_is_never_answered_by_less(ratio, luck, months, wins):
    one, more = (common_shock([Surprise(r, luck, doubt(wins), 1.0)], months, wins) for r in (ratio, ratio * 1.1))
    assert 0 < one <= more + 1e-12
    assert common_shock([Surprise(1 / ratio, luck, doubt(wins), 1.0)], months, wins) == pytest.approx(one)
