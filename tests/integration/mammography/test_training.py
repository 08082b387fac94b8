"""The training command against the models that are shipped. Takes minutes: every film goes through the network."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from samdrift_evaluation.report import Report
from samdrift_mammography import lesion_head, suite
from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.features import FeatureExtractor
from samdrift_mammography.network import pretrained
from samdrift_mammography.training import whole_image
from samdrift_mammography.training.brought_along import RECIPES, Made
from samdrift_mammography.training.collection import Collection, mini_mias_collection
from samdrift_mammography.training.cross_validation import SEEDS, discrimination, out_of_fold
from samdrift_mammography.training.examples import Example, examples
from samdrift_mammography.training.fisher import Fisher

pytestmark = [pytest.mark.data, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def collection() -> Collection:
    try:
        return mini_mias_collection()
    except TrainingDataError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def known(collection: Collection) -> list[Example]:
    torch.set_num_threads(1)
    return list(examples(collection.images, FeatureExtractor(pretrained())))


@pytest.mark.parametrize("made", RECIPES)
def test_training_again_gives_the_head_that_is_here(known: list[Example], made: Made) -> None:
    here, _ = lesion_head.load(made.folder)
    suite.check_recipe(here.weight, RECIPES[made].fit(known).weight)


@pytest.mark.parametrize("made", RECIPES)
def test_the_figures_of_the_card_are_found_again(known: list[Example], made: Made) -> None:
    written = json.loads((made.folder / "model.json").read_text())["training"]["auc"]
    for found, told in zip(discrimination(known, out_of_fold(known, RECIPES[made], SEEDS[0])), written, strict=True):
        assert found.task == told["task"]
        assert found.per_film.value == pytest.approx(told["per_film"]["value"], abs=0.01)
        assert found.per_woman.value == pytest.approx(told["per_woman"]["value"], abs=0.01)
        assert found.per_woman.n == told["per_woman"]["n"]


def test_the_map_points_at_the_lesions(known: list[Example]) -> None:
    """With heads that have not seen the woman: chance is the share of the breast that the circles cover."""
    women = np.array([int(each.image.woman) for each in known])
    hits, chances = [], []
    for half in (0, 1):
        head = Fisher().fit([each for each, woman in zip(known, women, strict=True) if woman % 2 != half])
        for each in (known[index] for index in np.flatnonzero(women % 2 == half) if known[index].lesions):
            counted = each.cells.scored[each.cells.breast]
            inside = np.any([weights > 0 for weights in each.lesions], axis=0)
            peak = int(np.argmax(np.where(counted, head.cell_scores(each.cells), -np.inf)))
            hits.append(bool(inside[peak]))
            chances.append(float(inside[counted].mean()))
    assert len(hits) > 60
    assert np.mean(hits) > 0.4
    assert np.mean(hits) > 4 * np.mean(chances)


def test_whole_image_transfer_is_no_better_than_chance(collection: Collection) -> None:
    """The recipe that everybody tries first, followed again: its report is the one that the gate refuses."""
    torch.set_num_threads(1)
    found = whole_image.features(collection.images, pretrained())
    again = whole_image.fit(found, [image.severity for image in collection.images])
    suite.check_recipe(whole_image.load(Made.WHOLE_IMAGE.folder).weight, again.weight)
    scores = whole_image.out_of_fold(collection.images, found, suite.SEED)
    report = Report.from_bytes((Made.WHOLE_IMAGE.folder / "evaluation.json").read_bytes())
    told = report.figure("auc_malignant")
    made = suite.report_of(Made.WHOLE_IMAGE.folder, collection, scores, limits=()).figure("auc_malignant")
    assert made == told
