from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from samdrift_energy_forecast.forecasting.combination import daily_weights, simplex_weights


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), pull=st.floats(0.05, 2.0))
def test_weights_minimise_over_the_simplex(seed: int, pull: float) -> None:
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    covariance, prior = errors.T @ errors, np.array([0.2, 0.3, 0.5])
    size = np.trace(covariance) / 3

    def objective(w: np.ndarray) -> float:
        return float((w @ covariance @ w + pull * size * ((w - prior) ** 2).sum()) / size)

    found = simplex_weights(covariance[None], prior, pull)[0]
    peer = minimize(
        objective, prior, bounds=[(0, 1)] * 3, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, tol=1e-12
    )
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert objective(found) <= peer.fun + 1e-6


def test_before_any_error_is_known_the_prior_holds_and_then_the_better_member_gains() -> None:
    errors = np.stack([np.full((1, 30, 24), 3.0), np.tile([[[1.0, -1.0] * 12]], (1, 30, 1))])
    weights = daily_weights(errors, np.array([0.5, 0.5]), lead=1, pull=0.1)[0]
    assert weights[:2].tolist() == [[0.5, 0.5]] * 2
    # 9 a^2 + (1 - a)^2 + pull 5 (2 (a - 1/2)^2) is least where 22 a = 3, the pull being 0.1.
    assert weights[2] == pytest.approx([3 / 22, 19 / 22])
