from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.forecasting.online_ridge import LEVEL_PENALTY, OnlineRidge, Regression


@settings(max_examples=15, deadline=None)
@given(forget=st.floats(0.9, 1.0), penalty=st.floats(0.1, 10.0), lead=st.integers(0, 2), seed=st.integers(0, 2**32 - 1))
def test_weights_are_those_of_weighted_least_squares(forget: float, penalty: float, lead: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.concatenate([np.ones((2, 30, 24, 1)), rng.normal(size=(2, 30, 24, 3))], axis=-1).astype(np.float32)
    target = rng.normal(size=(2, 30, 24))
    target[rng.random(target.shape) < 0.1] = np.nan
    made = OnlineRidge(forget=forget, penalty=penalty).forecasts(Regression.of(design, target), lead, [12, 13, 20])
    building, hour, day = 1, 7, 25
    # By hand: days that had ended when the weights were solved last, as rows scaled by the root of their weight.
    rows, heat, roots = [], [], []
    last = 20 - lead - 1
    for d in range(last + 1):
        if np.isfinite(target[building, d, hour]):
            rows.append(design[building, d, hour])
            heat.append(target[building, d, hour])
            roots.append(forget ** ((last - d) / 2))
    penalties = np.sqrt(np.diag([LEVEL_PENALTY, penalty, penalty, penalty]))
    stacked = np.vstack([np.array(rows) * np.array(roots)[:, None], penalties])
    wanted = np.linalg.lstsq(stacked, np.concatenate([np.array(heat) * roots, np.zeros(4)]))[0]
    assert made[building, day, hour] == pytest.approx(design[building, day, hour] @ wanted, rel=1e-3, abs=1e-3)
    assert np.isnan(made[:, :12]).all()


def test_a_row_that_lacks_a_lag_teaches_nothing() -> None:
    rng = np.random.default_rng(0)
    design = np.concatenate([np.ones((1, 20, 24, 1)), rng.normal(size=(1, 20, 24, 2))], axis=-1).astype(np.float32)
    target = rng.normal(size=(1, 20, 24))
    ridge = OnlineRidge(forget=0.99)
    holed, silent = design.copy(), target.copy()
    holed[0, 5, :, 2] = np.nan
    silent[0, 5] = np.nan
    holed_made, silent_made = (
        ridge.forecasts(Regression.of(*given), 0, [15])[0, 15:] for given in ((holed, target), (design, silent))
    )
    np.testing.assert_allclose(holed_made, silent_made, atol=1e-6)
