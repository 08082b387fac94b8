from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.decision_curve import decision_curve
from samdrift_evaluation.errors import EvaluationError

THRESHOLDS = (0.05, 0.2, 0.5)


def cases(seed: int, n: int = 200) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(seed)
    stated = expit(rng.normal(-1, 1.5, size=n))
    return (rng.random(n) < stated).astype(float), stated


def net_benefit(labels: Numbers, recalled: Numbers, threshold: float) -> float:
    """Vickers and Elkin's formula on counts."""
    found, needless = (labels * recalled).sum(), ((1 - labels) * recalled).sum()
    return float((found - needless * threshold / (1 - threshold)) / len(labels))


def test_values_and_intervals_are_those_of_counting() -> None:
    labels, stated = cases(71)
    curve = decision_curve(labels, stated, THRESHOLDS, resampling=Resampling(replicates=200))
    draws = np.random.default_rng(0).multinomial(200, [1 / 200] * 200, size=200)
    for point, t in zip(curve, THRESHOLDS, strict=True):
        assert point.threshold == t
        recalled, everybody = (stated >= t).astype(float), np.ones(200)
        model, everyone = net_benefit(labels, recalled, t), net_benefit(labels, everybody, t)
        assert point.model.value == pytest.approx(model)
        assert point.recall_all.value == pytest.approx(everyone)
        assert point.gain.value == pytest.approx(model - max(everyone, 0))
        picks = [np.repeat(np.arange(200), draw) for draw in draws]
        values = [net_benefit(labels[p], recalled[p], t) for p in picks]
        gains = [net_benefit(labels[p], recalled[p], t) - max(net_benefit(labels[p], everybody, t), 0) for p in picks]
        assert (point.model.low, point.model.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))
        assert (point.gain.low, point.gain.high) == pytest.approx(tuple(np.quantile(gains, (0.025, 0.975))))


def test_a_stated_prevalence_is_that_of_cases_copied_until_it_is_reached() -> None:
    labels, stated = np.repeat([1.0, 0.0], [20, 80]), np.linspace(0.9, 0.01, 100)
    copied_labels, copied_stated = (
        np.repeat([1.0, 0.0], [20, 8 * 80]),
        np.concatenate([stated[:20], np.repeat(stated[20:], 8)]),
    )
    re_weighted = decision_curve(labels, stated, THRESHOLDS, prevalence=20 / 660)
    copied = decision_curve(copied_labels, copied_stated, THRESHOLDS)
    for first, second in zip(re_weighted, copied, strict=True):
        assert first.model.value == pytest.approx(second.model.value)
        assert first.recall_all.value == pytest.approx(second.recall_all.value)
        assert first.recall_all.low == first.recall_all.high  # known exactly at a stated prevalence
        assert first.model.method.endswith("at prevalence 0.030303")


def test_refusals() -> None:
    with pytest.raises(EvaluationError, match="`thresholds` lies between 0 and 1"):
        decision_curve([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [1.0])
    with pytest.raises(EvaluationError, match="`prevalence` lies between 0 and 1"):
        decision_curve([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [0.1], prevalence=0)
