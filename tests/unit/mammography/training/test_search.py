from __future__ import annotations

import numpy as np
import pytest

from samdrift_mammography.training import search
from samdrift_mammography.training.cross_validation import Scores, scores_of, splits, worst_findings
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.labels import Severity
from samdrift_mammography.training.search import Grid

#: Enough to tell the dimensions apart.
TRIED = search.variants(Grid.WIDE)[::29]


def test_all_variants_differ_and_the_first_model_is_among_them() -> None:
    for grid, number in ((Grid.WIDE, 144), (Grid.NARROW, 16)):
        found = search.variants(grid)
        assert len({str(variant.parameters()) for variant in found}) == len(found) == number
        assert search.FIRST in found


def test_scores_are_those_of_each_variants_own_head(known: list[Example]) -> None:
    train, test = next(splits(known, 0))
    together = search.scored(known, TRIED, train, test)
    for variant, found in zip(TRIED, together, strict=True):
        head = variant.recipe.fit([known[index] for index in train])
        np.testing.assert_allclose(found, scores_of(head, [known[index] for index in test]), rtol=1e-3, atol=1e-3)


def test_the_other_breast_is_taken_off_in_part() -> None:
    variant = next(each for each in TRIED if each.asymmetry)
    women = np.array(["b", "a", "b", "a", "c"])
    found = variant.per_woman(np.array([1.0, 2.0, 4.0, 3.0, 5.0]), women)
    np.testing.assert_allclose(found, [3 - 0.33 * 2, 4 - 0.33 * 1, 5])


def test_nobody_has_a_part_in_the_choice_by_which_she_is_scored(
    known: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with the same variant in both columns there is nothing to gain."""
    asked: list[set[str]] = []

    def spying(learned: list[Example], tried: list[search.Variant], scores: Scores) -> int:
        asked.append({each.image.woman for each in learned})
        return 0

    monkeypatch.setattr(search, "choose", spying)
    monkeypatch.setattr(search, "INNER_REPEATS", 1)
    found = search.nested(known, [search.FIRST, search.FIRST], 0)
    women = {each.image.woman for each in known}
    tested = [women - learned for learned in asked]
    assert set().union(*tested) == women
    assert sum(len(each) for each in tested) == len(women)
    assert found.choices == [search.FIRST] * 5
    np.testing.assert_allclose(found.chosen, found.first)
    assert search.compared(found.chosen, found.first, worst_findings(known), Severity.MALIGNANT).difference.value == 0


def test_the_choice_is_the_variant_that_tells_women_apart(known: list[Example]) -> None:
    good = np.array([float(each.image.severity) for each in known])
    assert search.choose(known, TRIED[:3], np.stack([-good, good, good * 0])) == 1


def test_the_reference_population_is_the_unit_of_the_scale(known: list[Example]) -> None:
    scores = np.random.default_rng(2).normal(5, 3, len(known))
    scale = search._Scale.of(known, search.FIRST, scores)
    of_women = search.FIRST.per_woman(scores, np.array([each.image.woman for each in known]))
    normal = scale.told(of_women)[worst_findings(known) == Severity.NORMAL]
    assert (normal.mean(), normal.std()) == pytest.approx((0, 1))
