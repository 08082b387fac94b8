from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samdrift_mammography import mini_mias, training
from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.features import WIDTH, Cells
from samdrift_mammography.film import CELL, Film
from samdrift_mammography.lesion_head import LesionHead
from samdrift_mammography.mini_mias import Lesion, Severity, TrainingFilm
from samdrift_mammography.training import Example, discrimination, fit, out_of_fold, per_woman, reference_population

#: The feature in which made-up lesions differ.
PLANTED = 7


def example(woman: int, severity: Severity, rng: np.random.Generator) -> Example:
    """A film of 60 cells; in abnormal ones five cells differ by three standard deviations in one feature."""
    features = rng.normal(size=(60, WIDTH)).astype(np.float32)
    lesion = np.zeros(60, np.float32)
    if severity is not Severity.NORMAL:
        lesion[:5] = 0.2
        features[:5, PLANTED] += 3
    breast = np.ones((6, 10), bool)
    film = TrainingFilm(name=f"film {woman}", woman=woman, severity=severity, tissue="D", lesions=(), path=Path("none"))
    cells = Cells(features=features, breast=breast, scored=breast)
    return Example(film=film, cells=cells, lesions=[lesion] if lesion.any() else [])


@pytest.fixture(scope="module")
def known() -> list[Example]:
    rng = np.random.default_rng(0)
    severities = [Severity.NORMAL, Severity.NORMAL, Severity.BENIGN, Severity.MALIGNANT]
    return [example(number // 2, severities[number % 4], rng) for number in range(48)]


def test_the_head_finds_the_planted_feature(known: list[Example]) -> None:
    assert int(np.argmax(fit(known).weight)) == PLANTED


def test_the_head_is_fishers_discriminant(known: list[Example]) -> None:
    """By numpy's own covariance over the stacked cells; films have equally many, so weights agree."""
    normal = np.concatenate([each.cells.features for each in known if each.film.severity is Severity.NORMAL])
    lesion = np.mean([each.cells.features[:5].mean(axis=0) for each in known if each.lesions], axis=0)
    covariance = np.cov(normal.T, bias=True) + np.eye(WIDTH)
    expected = np.linalg.inv(covariance) @ (lesion - normal.mean(axis=0))
    head = fit(known)
    np.testing.assert_allclose(head.weight, expected, atol=1e-4)
    middle = (lesion + normal.mean(axis=0)) / 2
    assert float(head.weight @ middle) + head.bias == pytest.approx(0, abs=1e-3)


def test_fitting_twice_gives_the_same_bits(known: list[Example]) -> None:
    np.testing.assert_array_equal(fit(known).weight, fit(known).weight)


def test_no_head_scores_a_woman_whose_films_it_has_seen(known: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    tested: list[int] = []

    def spying_fit(given: list[Example]) -> LesionHead:
        seen.append({each.film.woman for each in given})
        return fit(given)

    def spying_score(head: LesionHead, asked: Example) -> float:
        assert asked.film.woman not in seen[-1]
        tested.append(asked.film.woman)
        return 0.0

    monkeypatch.setattr(training, "fit", spying_fit)
    monkeypatch.setattr(training, "score", spying_score)
    out_of_fold(known, seed=0)
    assert len(seen) == training.FOLDS
    assert len(tested) == len(known)


def test_planted_lesions_are_told_apart_by_heads_that_did_not_see_them(known: list[Example]) -> None:
    scores = out_of_fold(known, seed=0)
    abnormal, malignant = discrimination(known, scores)
    assert abnormal.per_film.value > 0.8
    assert (abnormal.per_film.n, abnormal.per_woman.n) == (48, 24)
    assert malignant.per_film.n == 36  # benign films are left out


def test_the_reference_is_the_women_without_a_finding(known: list[Example]) -> None:
    ones = np.arange(48, dtype=float)
    reference = reference_population(known, [ones, ones + 2])
    normal_women = sorted({each.film.woman for each in known if each.film.woman % 2 == 0})
    assert list(reference.scores) == [2 * woman + 1 + 1 for woman in normal_women]
    assert reference.name.startswith("12 women")


def test_a_woman_is_as_suspicious_as_her_highest_film() -> None:
    np.testing.assert_array_equal(per_woman(np.array([3, 9, 5, 1]), np.array([8, 2, 8, 2])), [9, 5])


def film(*, mirrored: bool) -> tuple[Film, Cells]:
    breast = np.ones((10, 8), bool)
    squares = np.kron(breast, np.ones((2, 2), bool))
    size = (10 * CELL, 8 * CELL)
    pixels = np.zeros(size, np.float32)
    made = Film(pixels=pixels, breast=squares, scored=squares, mirrored=mirrored, origin=(0, 0), picture=size)
    return made, Cells(features=np.zeros((80, WIDTH), np.float32), breast=breast, scored=breast)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_lesion_weighs_most_in_its_centre_and_nothing_outside(mirrored: bool) -> None:
    made, cells = film(mirrored=mirrored)
    lesion = Lesion(x=2.5 * CELL, y=4.5 * CELL, radius=2 * CELL)
    weights: NDArray[np.float32] | None = training._lesion_weights(lesion, made, cells)
    assert weights is not None
    grid = cells.on_grid(weights)
    centre = (4, 5 if mirrored else 2)
    assert divmod(int(grid.argmax()), grid.shape[1]) == centre
    assert weights.sum() == pytest.approx(1)
    rows, columns = np.nonzero(grid)
    assert np.hypot(rows - centre[0], columns - centre[1]).max() <= 2


def test_a_lesion_outside_the_breast_teaches_nothing() -> None:
    made, cells = film(mirrored=False)
    assert training._lesion_weights(Lesion(x=-900, y=-900, radius=10), made, cells) is None


LABELS = """\
image,patient,laterality,view,tissue_FGD,class,severity,lesion_x_crop,lesion_y_crop,lesion_radius,crop_x0,crop_y0,width,height
b,1,L,MLO,F,CIRC,B,10,20,5,0,0,100,100
b,1,L,MLO,F,CALC,M,,,,0,0,100,100
a,1,R,MLO,F,NORM,N,,,,0,0,100,100
"""


def test_a_film_counts_by_its_worst_finding_and_keeps_the_places_it_has(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(LABELS)
    first, second = mini_mias.films(tmp_path)
    assert (first.name, first.severity, first.lesions) == ("a", Severity.NORMAL, ())
    assert (second.name, second.severity, second.woman) == ("b", Severity.MALIGNANT, 1)
    assert second.lesions == (Lesion(x=10, y=20, radius=5),)


@pytest.mark.parametrize("value", [None, "/nowhere"])
def test_without_the_data_the_message_names_the_missing_file(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    if value:
        monkeypatch.setenv("SAMDRIFT_DATA", value)
    with pytest.raises(TrainingDataError, match=r"mini-mias/labels\.csv"):
        mini_mias.folder()
