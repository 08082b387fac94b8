from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_mammography import lesion_head
from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.features import WIDTH, Cells
from samdrift_mammography.lesion_head import LesionHead, ReferencePopulation, film_score
from samdrift_mammography.training import SHIPPED

FINITE = st.floats(-100, 100, allow_nan=False)


def cells(scores: NDArray[np.float32], counted: NDArray[np.bool_] | None = None) -> Cells:
    """One row of cells whose first feature is the score."""
    features = np.zeros((len(scores), WIDTH), np.float32)
    features[:, 0] = scores
    breast = np.ones((1, len(scores)), bool)
    return Cells(features=features, breast=breast, scored=breast if counted is None else counted[None])


FIRST = LesionHead(weight=np.eye(WIDTH, dtype=np.float32)[0], bias=3.0)


@given(st.lists(FINITE, min_size=5, max_size=60), FINITE)
def test_the_step_agrees_with_a_search_among_sorted_bounds(scores: list[float], asked: float) -> None:
    reference = ReferencePopulation(name="any", scores=tuple(sorted(scores)))
    bounds = [np.percentile(scores, 10 * tenth) for tenth in range(1, 10)]
    assert reference.step(asked) == 1 + int(np.searchsorted(bounds, asked, side="right"))


@given(st.lists(FINITE, min_size=5, max_size=60), FINITE, FINITE)
def test_a_higher_score_is_never_a_lower_step(scores: list[float], one: float, other: float) -> None:
    reference = ReferencePopulation(name="any", scores=tuple(sorted(scores)))
    low, high = sorted((one, other))
    assert 1 <= reference.step(low) <= reference.step(high) <= 10


def test_each_step_holds_a_tenth_of_the_population_itself() -> None:
    reference = ReferencePopulation(name="hundred", scores=tuple(float(n) for n in range(100)))
    steps = [reference.step(score) for score in reference.scores]
    assert [steps.count(step) for step in range(1, 11)] == [10] * 10


def test_the_film_score_is_the_mean_of_the_highest_hundredth_above_the_median() -> None:
    scores = np.random.default_rng(1).normal(size=500).astype(np.float32)
    found = cells(scores)
    by_hand = np.sort(scores)[-5:].mean() - np.median(scores)
    assert film_score(FIRST.cell_scores(found), found) == pytest.approx(by_hand, abs=1e-5)


def test_cells_that_do_not_count_change_nothing() -> None:
    scores = np.linspace(0, 1, 300).astype(np.float32)
    with_muscle = np.append(scores, np.full(100, 50, np.float32))
    counted = cells(with_muscle, np.arange(400) < 300)
    assert film_score(FIRST.cell_scores(counted), counted) == pytest.approx(
        film_score(FIRST.cell_scores(cells(scores)), cells(scores)), abs=1e-5
    )


def test_a_film_of_which_no_cell_counts_is_scored_on_all_of_it() -> None:
    found = cells(np.arange(5, dtype=np.float32), np.zeros(5, bool))
    assert film_score(FIRST.cell_scores(found), found) == pytest.approx(2)


def test_a_saved_model_is_loaded_as_it_was(tmp_path: Path) -> None:
    reference = ReferencePopulation(name="some women", scores=(1.0, 2.5))
    lesion_head.save(tmp_path, FIRST, reference, {"films": 3})
    head, known = lesion_head.load(tmp_path)
    np.testing.assert_array_equal(head.weight, FIRST.weight)
    assert (head.bias, known) == (3.0, reference)


@pytest.mark.parametrize("field", ["trunk_weights_sha256", "pixel_mm", "taps"])
def test_a_model_made_for_other_features_is_refused(tmp_path: Path, field: str) -> None:
    lesion_head.save(tmp_path, FIRST, ReferencePopulation(name="some", scores=(1.0,)), {})
    file = tmp_path / "model.json"
    document = json.loads(file.read_text())
    document["architecture"][field] = "other"
    file.write_text(json.dumps(document))
    with pytest.raises(WrongWeightsError):
        lesion_head.load(tmp_path)


def test_what_is_no_lesion_head_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(WrongWeightsError, match=r"no model\.safetensors.*log_model"):
        lesion_head.load(tmp_path)


def test_the_shipped_model_loads_and_names_its_reference() -> None:
    head, reference = lesion_head.load(SHIPPED)
    assert np.isfinite(head.weight).all()
    assert "without a finding" in reference.name
    assert f"{len(reference.scores)} women" in reference.name
    assert list(reference.scores) == sorted(reference.scores)


def test_the_card_repeats_the_figures_of_the_model() -> None:
    training = json.loads((SHIPPED / "model.json").read_text())["training"]
    card = (SHIPPED / "card.md").read_text()
    for auc in training["auc"]:
        for unit in ("per_film", "per_woman"):
            found = auc[unit]
            assert f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]" in card
    for counts in training["women_by_step"].values():
        assert " | ".join(str(count) for count in counts) in card
    assert training["command"] in card
    assert "Not a medical device" in card
