"""The training command against the model that is shipped. Takes minutes: every film goes through the network."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from samdrift_mammography import lesion_head, mini_mias
from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.features import FeatureExtractor
from samdrift_mammography.network import pretrained
from samdrift_mammography.training import SEEDS, SHIPPED, Example, discrimination, examples, fit, out_of_fold

pytestmark = [pytest.mark.data, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def known() -> list[Example]:
    try:
        films = list(mini_mias.films(mini_mias.folder()))
    except TrainingDataError as error:
        pytest.skip(error.message)
    torch.set_num_threads(1)
    return list(examples(films, FeatureExtractor(pretrained())))


def test_training_again_gives_the_shipped_head(known: list[Example]) -> None:
    shipped, _ = lesion_head.load(SHIPPED)
    again = fit(known)
    np.testing.assert_allclose(again.weight, shipped.weight, atol=0.01 * float(np.abs(shipped.weight).max()))
    assert again.bias == pytest.approx(shipped.bias, rel=0.01)


def test_the_figures_of_the_card_are_found_again(known: list[Example]) -> None:
    written = json.loads((SHIPPED / "model.json").read_text())["training"]["auc"]
    for found, told in zip(discrimination(known, out_of_fold(known, SEEDS[0])), written, strict=True):
        assert found.task == told["task"]
        assert found.per_film.value == pytest.approx(told["per_film"]["value"], abs=0.01)
        assert found.per_woman.value == pytest.approx(told["per_woman"]["value"], abs=0.01)
        assert found.per_woman.n == told["per_woman"]["n"]


def test_the_map_points_at_the_lesions(known: list[Example]) -> None:
    """With heads that have not seen the woman: chance is the share of the breast that the circles cover."""
    women = np.array([each.film.woman for each in known])
    hits, chances = [], []
    for half in (0, 1):
        head = fit([each for each in known if each.film.woman % 2 != half])
        for each in (known[index] for index in np.flatnonzero(women % 2 == half) if known[index].lesions):
            counted = each.cells.scored[each.cells.breast]
            inside = np.any([weights > 0 for weights in each.lesions], axis=0)
            peak = int(np.argmax(np.where(counted, head.cell_scores(each.cells), -np.inf)))
            hits.append(bool(inside[peak]))
            chances.append(float(inside[counted].mean()))
    assert len(hits) > 60
    assert np.mean(hits) > 0.4
    assert np.mean(hits) > 4 * np.mean(chances)
