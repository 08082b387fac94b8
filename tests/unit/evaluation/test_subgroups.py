from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.shares import sensitivity, specificity
from samdrift_evaluation.subgroups import by_features, by_subgroup


def test_every_subgroup_is_a_row_and_the_thin_ones_say_so() -> None:
    rng = np.random.default_rng(8)
    density = np.array(["fatty"] * 40 + ["dense"] * 30 + ["glandular"] * 3)
    labels = np.array([0, 1] * 20 + [0] * 30 + [0, 1, 0])
    scores = rng.normal(labels * 1.0, 1.0)
    rows = by_subgroup(density, lambda mask: auc_with_interval(labels[mask], scores[mask]))
    assert list(rows) == ["dense", "fatty", "glandular"]
    assert rows["fatty"] == auc_with_interval(labels[:40], scores[:40])
    assert isinstance(rows["fatty"], Estimate)
    assert rows["glandular"] == TooFew(n=3, reason="at least 20 are needed")
    assert str(rows["dense"]).endswith("there are 0 abnormal and 30 normal")


def cases() -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[str, NDArray[np.str_]]]:
    rng = np.random.default_rng(9)
    labels = rng.integers(0, 2, size=400)
    recalled = rng.random(400) < np.where(labels == 1, 0.8, 0.2)
    density = rng.choice(["dense", "fatty"], size=400, p=[0.3, 0.7])
    age = np.where(density == "fatty", rng.choice(["50-59", "60-69"], size=400), "50-59")
    return labels, recalled, {"density": density, "age band": age}


def test_metric_frame_gives_what_masks_by_hand_give() -> None:
    labels, recalled, features = cases()
    women = np.arange(400) // 2
    table = by_features(
        labels,
        recalled,
        features,
        {"sensitivity": sensitivity, "specificity": specificity},
        women,
        together=True,
    )
    masks = {f"{name}={value}": values == value for name, values in features.items() for value in np.unique(values)}
    for density, age in (("dense", "50-59"), ("fatty", "50-59"), ("fatty", "60-69")):
        both = (features["density"] == density) & (features["age band"] == age)
        masks[f"density={density}, age band={age}"] = both
    for name, metric in (("sensitivity", sensitivity), ("specificity", specificity)):
        assert table[name] == {
            group: metric(labels[mask], recalled[mask], women[mask]) for group, mask in masks.items()
        }
    assert "density=dense, age band=60-69" not in table["sensitivity"]  # there is no such woman


def test_metric_frame_takes_scores_too_and_says_too_few() -> None:
    labels, _, _ = cases()
    scores = np.random.default_rng(10).normal(labels * 1.0, 1.0)
    vendor = np.repeat(["a", "b"], [380, 20])
    labels[380:] = 0
    table = by_features(labels, scores, {"vendor": vendor}, {"auc": auc_with_interval})
    assert table["auc"]["vendor=a"] == auc_with_interval(labels[:380], scores[:380])
    assert isinstance(table["auc"]["vendor=b"], TooFew)
    thin = by_features(labels, scores, {"vendor": vendor}, {"auc": auc_with_interval}, least=21)
    assert thin["auc"]["vendor=b"] == TooFew(n=20, reason="at least 21 are needed")


def test_features_of_another_length_are_refused() -> None:
    with pytest.raises(EvaluationError, match="`density` 3"):
        by_features([0, 1], [0, 1], {"density": ["a", "b", "c"]}, {"sensitivity": sensitivity})
