from __future__ import annotations

import numpy as np
import pytest

from samdrift_mammography.features import TAPS, WIDTH, Cells, FeatureExtractor
from samdrift_mammography.film import CELL, Film
from samdrift_mammography.network import pretrained


@pytest.fixture(scope="module")
def extractor() -> FeatureExtractor:
    return FeatureExtractor(pretrained())


@pytest.fixture(scope="module")
def cells(extractor: FeatureExtractor) -> Cells:
    """Of the first film."""
    return extractor.cells(film())


def film(seed: int = 0, gain: float = 1.0) -> Film:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(60, 120, (12, 10)).astype(np.float32)
    pixels = np.kron(coarse, np.ones((CELL, CELL), np.float32)) * np.float32(gain)
    breast = np.ones((24, 20), bool)
    breast[:, 14:] = False
    scored = breast.copy()
    scored[:4] = False
    return Film(pixels=pixels, breast=breast, scored=scored, mirrored=False, origin=(0, 0), picture=pixels.shape)


def test_one_row_of_features_for_each_breast_cell(cells: Cells) -> None:
    assert cells.breast.shape == (12, 10)
    assert cells.breast.sum() == 12 * 7
    assert cells.scored.sum() == 10 * 7
    assert cells.features.shape == (12 * 7, WIDTH) == (84, sum(channels for _, _, channels in TAPS))


def test_features_are_standardised_within_the_film(cells: Cells) -> None:
    features = cells.features
    spread = features.std(axis=0)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(spread[spread > 0], 1, atol=1e-3)


def test_the_same_film_gives_the_same_bits(extractor: FeatureExtractor, cells: Cells) -> None:
    np.testing.assert_array_equal(extractor.cells(film()).features, cells.features)


def test_another_film_gives_other_features(extractor: FeatureExtractor, cells: Cells) -> None:
    assert np.abs(extractor.cells(film(1)).features - cells.features).max() > 0.1


def test_values_return_to_their_place_on_the_grid(cells: Cells) -> None:
    grid = cells.on_grid(np.arange(84, dtype=np.float32))
    assert np.isnan(grid[:, 7:]).all()
    assert grid[1, 0] == 7
