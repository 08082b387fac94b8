from __future__ import annotations

import numpy as np
import pytest

from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_mammography import suite
from samdrift_mammography.features import WIDTH
from samdrift_mammography.lesion_head import LesionHead


def head(seed: int) -> LesionHead:
    weight = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return LesionHead(weight=weight, bias=0.0)


def women(normal: int, malignant: int, tissue: str = "dense") -> suite.Women:
    rng = np.random.default_rng(7)
    worst = np.array([0] * normal + [2] * malignant)
    return suite.Women(worst=worst, score=rng.normal(worst, 1.0), tissue=np.full(len(worst), tissue))


def test_a_head_that_the_recipe_does_not_give_is_refused() -> None:
    with pytest.raises(suite.ForeignHeadError, match="gives another head"):
        suite.check_recipe(head(1), head(2))


def test_the_last_digits_may_differ_between_processors() -> None:
    again = head(1)
    suite.check_recipe(LesionHead(weight=again.weight * np.float32(1 + 1e-6), bias=0.0), again)


def test_one_changed_weight_is_enough_to_be_refused() -> None:
    again = head(1)
    changed = again.weight.copy()
    changed[17] += np.float32(0.05)
    with pytest.raises(suite.ForeignHeadError):
        suite.check_recipe(LesionHead(weight=changed, bias=0.0), again)


def test_auc_per_woman_counts_every_pair() -> None:
    chosen = women(30, 25)
    pairs = [(ill, well) for ill in chosen.score[chosen.worst == 2] for well in chosen.score[chosen.worst == 0]]
    by_hand = sum(ill > well for ill, well in pairs) / len(pairs)
    line = next(line for line in suite._lines(chosen) if (line.name, line.subgroup) == ("auc_malignant", None))
    assert isinstance(line.figure, Estimate)
    assert line.figure.value == pytest.approx(by_hand)
    assert line.figure.n == 55


def test_a_subgroup_with_few_women_says_so() -> None:
    lines = list(suite._lines(women(8, 6, tissue="fatty")))
    assert all(isinstance(line.figure, TooFew) for line in lines)
    assert {line.subgroup for line in lines} == {None, "tissue=fatty"}
