from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from samdrift_mammography.features import WIDTH
from samdrift_mammography.lesion_head import LesionHead
from samdrift_mammography.training import cross_validation
from samdrift_mammography.training.cross_validation import (
    FOLDS,
    Scores,
    discrimination,
    out_of_fold,
    per_woman,
    reference_population,
    women_by_step,
)
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.fisher import Fisher
from samdrift_mammography.training.learning_curve import scores_by_share


class Spying:
    """A recipe that remembers whose films it was given."""

    def __init__(self) -> None:
        self.seen: list[set[str]] = []

    def fit(self, known: Sequence[Example]) -> LesionHead:
        self.seen.append({each.image.woman for each in known})
        return LesionHead(weight=np.ones(WIDTH, np.float32))


def test_no_head_scores_a_woman_whose_films_it_has_seen(known: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spying()
    asked: list[Example] = []

    def spying_scores(_: LesionHead, films: Sequence[Example]) -> Scores:
        assert not {each.image.woman for each in films} & spy.seen[-1]
        asked.extend(films)
        return np.zeros(len(films))

    monkeypatch.setattr(cross_validation, "scores_of", spying_scores)
    out_of_fold(known, spy, seed=0)
    assert len(spy.seen) == FOLDS
    assert len(asked) == len(known)


def test_planted_lesions_are_told_apart_by_heads_that_did_not_see_them(known: list[Example]) -> None:
    abnormal, malignant = discrimination(known, out_of_fold(known, Fisher(), seed=0))
    assert abnormal.per_film.value > 0.8
    assert (abnormal.per_film.n, abnormal.per_woman.n) == (48, 24)
    assert malignant.per_film.n == 36  # benign films are left out


def test_the_reference_is_the_women_without_a_finding(known: list[Example]) -> None:
    ones: Scores = np.arange(48, dtype=float)
    reference = reference_population(known, [ones, ones + 2], "made-up films")
    assert list(reference.scores) == [2 * woman + 1 + 1 for woman in range(0, 24, 2)]
    assert reference.name.startswith("12 women of made-up films")
    counts = women_by_step(known, ones, reference)
    assert {severity: sum(by_step) for severity, by_step in counts.items()} == {
        "normal": 12,
        "benign": 0,
        "malignant": 12,
    }


def test_a_woman_is_as_suspicious_as_her_highest_film() -> None:
    np.testing.assert_array_equal(per_woman(np.array([3, 9, 5, 1]), np.array(["b", "a", "b", "a"])), [9, 5])


def test_the_learning_curve_learns_from_fewer_women_and_scores_all(known: list[Example]) -> None:
    spy = Spying()
    found = list(scores_by_share(known, spy, (0.5, 1.0), seed=0))
    learned = [round(np.mean([len(women) for women in spy.seen[place : place + FOLDS]])) for place in (0, FOLDS)]
    assert [number for number, _ in found] == learned
    assert learned[0] < 0.7 * learned[1]
    assert all(scores.shape == (48,) for _, scores in found)
