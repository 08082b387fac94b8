from __future__ import annotations

import numpy as np
import pytest

from samdrift_mammography.errors import TrainingDataError, WrongWeightsError
from samdrift_mammography.features import TAPS, WIDTH
from samdrift_mammography.lesion_head import CellReading
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.fisher import Fisher
from samdrift_mammography.training.labels import Severity
from samdrift_mammography.training.recipes import document_of, recipe_of

PLANTED = 7


def test_the_head_finds_the_planted_feature(known: list[Example]) -> None:
    assert int(np.argmax(Fisher().fit(known).weight)) == PLANTED


def test_the_head_is_fishers_discriminant(known: list[Example]) -> None:
    """By numpy's own covariance over the stacked cells; films have equally many, so weights agree."""
    normal = np.concatenate([each.cells.features for each in known if each.image.severity is Severity.NORMAL])
    lesion = np.mean([each.cells.features[:5].mean(axis=0) for each in known if each.lesions], axis=0)
    covariance = np.cov(normal.T, bias=True) + 2 * np.eye(WIDTH)
    expected = np.linalg.inv(covariance) @ (lesion - normal.mean(axis=0))
    np.testing.assert_allclose(Fisher(shrinkage=2.0).fit(known).weight, expected, atol=1e-4)


def test_fitting_twice_gives_the_same_bits(known: list[Example]) -> None:
    np.testing.assert_array_equal(Fisher().fit(known).weight, Fisher().fit(known).weight)


def test_taps_that_are_left_out_weigh_nothing(known: list[Example]) -> None:
    weight = Fisher(taps=(0, 2)).fit(known).weight
    first, second = TAPS[0][2], TAPS[1][2]
    assert not weight[first : first + second].any()
    assert weight[:first].all()


@pytest.mark.parametrize("left", [Severity.NORMAL, Severity.MALIGNANT])
def test_without_one_of_the_two_kinds_of_films_it_says_what_is_missing(known: list[Example], left: Severity) -> None:
    chosen = [each for each in known if each.image.severity is left]
    with pytest.raises(TrainingDataError, match="needs both"):
        Fisher().fit(chosen)


def test_a_recipe_is_read_as_it_was_written() -> None:
    recipe = Fisher(shrinkage=7.0, taps=(1, 2), reading=CellReading(smoothing=0.0, by_spread=False))
    assert recipe_of(document_of(recipe)) == recipe


@pytest.mark.parametrize("document", [{}, {"kind": "fisher"}, {"kind": "oracle", "reading": {}}])
def test_an_unknown_recipe_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(WrongWeightsError, match="recipe"):
        recipe_of(document)
