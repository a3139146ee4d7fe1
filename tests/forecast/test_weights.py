"""The shrunken covariance against the dense formula of Schäfer & Strimmer."""

import numpy as np
import pytest

from salesops_desktop.forecast.weights import by_variance, diagonal, shrinkage, shrunken


def dense_shrinkage(standard):
    """λ as in the published code: over all pairs i ≠ j, Σ Var(r) / Σ r²."""
    n, count = standard.shape
    top = bottom = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                products = standard[i] * standard[j]
                top += ((products - products.mean()) ** 2).sum() / (count * (count - 1))
                bottom += products.mean() ** 2
    return min(1.0, top / bottom)


@pytest.mark.parametrize("seed", range(4))
def test_the_shrinkage_is_that_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(7, 12)) + seed * rng.normal(size=12)
    standard = errors / np.sqrt((errors**2).mean(axis=1))[:, None]
    assert shrinkage(standard) == pytest.approx(dense_shrinkage(standard))


def test_the_shrunken_matrix_is_the_textbooks():
    rng = np.random.default_rng(5)
    errors = rng.normal(size=(6, 10)) * np.arange(1, 7)[:, None] + rng.normal(size=10)
    moments = errors @ errors.T / 10
    share = dense_shrinkage(errors / np.sqrt(np.diag(moments))[:, None])
    expected = share * np.diag(np.diag(moments)) + (1 - share) * moments
    found = shrunken(errors)
    np.testing.assert_allclose(found.dense(), expected)
    vectors = rng.normal(size=(6, 3))
    np.testing.assert_allclose(found.solve(vectors), np.linalg.solve(expected, vectors))


def test_missing_errors_and_constant_series_leave_it_invertible():
    errors = np.random.default_rng(6).normal(size=(5, 8))
    errors[0] = np.nan
    errors[1, :5] = np.nan
    errors[2] = 0.0
    for weights in (by_variance(errors), shrunken(errors)):
        assert (weights.variance > 0).all()
        assert np.linalg.eigvalsh(weights.dense()).min() > 0
    assert by_variance(errors).variance[1] == pytest.approx((errors[1, 5:] ** 2).mean())
    assert diagonal(np.zeros(3)).variance.tolist() == [1, 1, 1]
    assert shrinkage(np.ones((1, 4))) == 1.0
