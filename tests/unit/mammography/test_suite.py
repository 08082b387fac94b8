from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samdrift_mammography import lesion_head, suite
from samdrift_mammography.features import WIDTH
from samdrift_mammography.lesion_head import LesionHead, ReferencePopulation
from samdrift_mammography.training.collection import Collection
from samdrift_mammography.training.labels import LabelledImage, Severity
from samdrift_mammography.views import Laterality, Projection


def weight(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=300).astype(np.float32)


def test_a_head_that_the_recipe_does_not_give_is_refused() -> None:
    with pytest.raises(suite.ForeignHeadError, match="gives another head"):
        suite.check_recipe(weight(1), weight(2))


def test_the_last_digits_may_differ_between_processors() -> None:
    suite.check_recipe(weight(1) * np.float32(1 + 1e-6), weight(1))


@pytest.mark.parametrize("value", [0.05, np.nan])
def test_one_changed_weight_is_enough_to_be_refused(value: float) -> None:
    changed = weight(1)
    changed[17] += np.float32(value)
    with pytest.raises(suite.ForeignHeadError):
        suite.check_recipe(changed, weight(1))


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    images = []
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(bytes([number]))
        images.append(
            LabelledImage(
                path=tmp_path / f"{number}.png",
                woman=str(number),
                laterality=Laterality.LEFT,
                projection=Projection.CC,
                severity=Severity.NORMAL,
            )
        )
    return Collection(name="three", images=images)


def test_what_was_seen_is_told_by_content(collection: Collection) -> None:
    seen = [hashlib.sha256(bytes([number])).hexdigest()[:16] for number in range(3)]
    assert suite._has_seen(seen, collection)
    assert not suite._has_seen(["0" * 16], collection)


@pytest.mark.parametrize("seen", [[0], [0, 1], [0, 1, 2, 3]])
def test_images_that_were_seen_in_part_are_no_evidence(collection: Collection, seen: list[int]) -> None:
    digests = [hashlib.sha256(bytes([number])).hexdigest()[:16] for number in seen]
    with pytest.raises(suite.SeenImagesError):
        suite._has_seen(digests, collection)


def test_a_hospitals_files_are_not_named_in_a_report(collection: Collection) -> None:
    assert set(collection.names()).isdisjoint(image.name for image in collection.images)
    assert replace(collection, public=True).names() == ["0", "1", "2"]


@pytest.mark.parametrize("seen", [[], ["0" * 16]])
def test_the_gate_does_not_believe_that_a_model_has_seen_nothing(
    tmp_path: Path, collection: Collection, seen: list[str]
) -> None:
    """Whoever leaves the images out of the list would be measured on what they learned from."""
    head = LesionHead(weight=np.ones(WIDTH, np.float32))
    lesion_head.save(tmp_path / "model", head, ReferencePopulation(name="some", scores=(1.0, 2.0)), {"seen": seen})
    with pytest.raises(suite.ForeignHeadError, match="does not list these images"):
        suite.evaluate(tmp_path / "model", collection)
