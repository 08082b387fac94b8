from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.calibration import calibration_error
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.recalibration import Isotonic, Platt, isotonic, platt


def cases(seed: int, n: int = 500) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(50, 20, size=n)
    return (rng.random(n) < expit(-4 + 0.06 * scores)).astype(float), scores


def test_platt_is_the_best_of_a_general_optimiser() -> None:
    labels, scores = cases(51)
    ones, zeros = labels.sum(), (1 - labels).sum()
    target = np.where(labels == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))

    def loss(b: Numbers) -> float:
        logits = b[0] + b[1] * (scores - 50) / 20
        return float((np.logaddexp(0, logits) - target * logits).sum())

    first, second = minimize(loss, [0, 0], method="BFGS", options={"gtol": 1e-8}).x
    fitted = platt(labels, scores)
    assert (fitted.intercept, fitted.slope) == pytest.approx((first - second * 50 / 20, second / 20), rel=1e-4)
    assert fitted(scores) == pytest.approx(expit(fitted.intercept + fitted.slope * scores))


def test_platt_stays_finite_where_the_classes_separate() -> None:
    fitted = platt([0] * 20 + [1] * 20, np.arange(40.0))
    probabilities = fitted(np.arange(40.0))
    assert probabilities.mean() == pytest.approx(0.5)  # as many as there are
    assert 0.001 < probabilities.min() < probabilities.max() < 0.999


def test_isotonic_is_sklearns() -> None:
    labels, scores = cases(52)
    scores = np.round(scores, -1)  # with many ties
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    at = np.linspace(scores.min() - 20, scores.max() + 20, 200)
    assert isotonic(labels, scores)(at) == pytest.approx(theirs.predict(at))


def test_isotonic_keeps_only_corners() -> None:
    fitted = isotonic([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6])
    assert fitted == Isotonic(scores=(1.0, 3.0, 4.0, 6.0), probabilities=(0.0, 0.0, 1.0, 1.0))


@pytest.mark.parametrize("fit", [platt, isotonic])
def test_either_mends_calibration_on_cases_it_has_not_seen(fit: Callable[..., Platt | Isotonic]) -> None:
    labels, scores = cases(53, 2000)
    fitted = fit(labels[:1000], scores[:1000])
    squeezed = np.clip(scores / 100, 0, 1)
    before = calibration_error(labels[1000:], squeezed[1000:])
    after = calibration_error(labels[1000:], fitted(scores[1000:]))
    assert after.high < before.low


def test_refusals() -> None:
    with pytest.raises(EvaluationError, match="nothing to recalibrate"):
        platt([0, 1, 0, 1], [2, 2, 2, 2])
    with pytest.raises(TooFewCasesError, match="two cases of each class"):
        isotonic([0, 0, 0, 1], [1, 2, 3, 4])
