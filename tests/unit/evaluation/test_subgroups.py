from __future__ import annotations

import numpy as np

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.subgroups import by_subgroup


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
