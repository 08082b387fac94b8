from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_evaluation.content import content_digest
from samdrift_evaluation.gate import judge
from samdrift_evaluation.gate_policy import read_policy
from samdrift_evaluation.report import Report
from samdrift_mammography import lesion_head
from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.features import WIDTH, Cells
from samdrift_mammography.lesion_head import CellReading, LesionHead, ReferencePopulation, film_score
from samdrift_mammography.training.brought_along import Made

SHIPPED = Made.SHIPPED.folder
FINITE = st.floats(-100, 100, allow_nan=False)


def cells(scores: NDArray[np.float32], counted: NDArray[np.bool_] | None = None) -> Cells:
    """One row of cells whose first feature is the score."""
    features = np.zeros((len(scores), WIDTH), np.float32)
    features[:, 0] = scores
    breast = np.ones((1, len(scores)), bool)
    return Cells(features=features, breast=breast, scored=breast if counted is None else counted[None])


PLAIN = CellReading(smoothing=0.0, by_spread=False)
FIRST = LesionHead(weight=np.eye(WIDTH, dtype=np.float32)[0], reading=PLAIN)


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


def test_a_cell_is_told_in_standard_deviations_of_the_cells_that_count() -> None:
    scores = np.random.default_rng(3).normal(5, 4, size=400).astype(np.float32)
    counted = np.arange(400) < 300
    head = LesionHead(weight=FIRST.weight, reading=CellReading(smoothing=0.0))
    by_hand = (scores - np.median(scores[:300])) / scores[:300].std()
    np.testing.assert_allclose(head.cell_scores(cells(scores, counted)), by_hand, atol=1e-5)


@given(st.floats(0.1, 50), st.floats(-20, 20))
def test_neither_gain_nor_offset_of_a_film_changes_its_score(gain: float, offset: float) -> None:
    scores = np.random.default_rng(4).normal(size=300).astype(np.float32)
    head = LesionHead(weight=FIRST.weight, reading=CellReading(smoothing=0.0))
    found, changed = cells(scores), cells(scores * np.float32(gain) + np.float32(offset))
    score, again = (film_score(head.cell_scores(each), each) for each in (found, changed))
    assert again == pytest.approx(score, rel=1e-3)


def test_neighbours_share_their_values_and_what_is_no_breast_has_none_to_share() -> None:
    """Against a Gaussian mean written out for one cell in the corner of the breast."""
    grid = np.zeros((9, 9), np.float32)
    grid[4, 4] = 10.0
    breast = np.ones((9, 9), bool)
    breast[:, :4] = False
    features = np.zeros((int(breast.sum()), WIDTH), np.float32)
    features[:, 0] = grid[breast]
    made = Cells(features=features, breast=breast, scored=breast)
    head = LesionHead(weight=FIRST.weight, reading=CellReading(smoothing=0.8, by_spread=False))
    found = made.on_grid(head.cell_scores(made))
    y, x = np.mgrid[-3:4, -3:4]
    kernel = np.exp(-(y**2 + x**2) / (2 * 0.8**2))
    expected = 10 * kernel[3, 3] / kernel[:, 3:].sum()  # the three columns to the left are no breast
    assert found[4, 4] == pytest.approx(expected, rel=1e-3)
    assert found[4, 5] == pytest.approx(found[5, 4] * kernel[:, 3:].sum() / kernel[:, 2:].sum(), rel=1e-3)


def test_a_film_of_equal_cells_has_no_score() -> None:
    even = cells(np.full(50, 7, np.float32))
    assert film_score(LesionHead(weight=FIRST.weight).cell_scores(even), even) == pytest.approx(0, abs=1e-4)


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
    assert (head.reading, dict(head.trunk), known) == (PLAIN, {}, reference)


def test_tuned_weights_of_the_trunk_travel_with_the_head(tmp_path: Path) -> None:
    tuned = LesionHead(weight=FIRST.weight, trunk={"_blocks.14._bn2.bias": np.arange(3, dtype=np.float32)})
    lesion_head.save(tmp_path, tuned, ReferencePopulation(name="some", scores=(1.0,)), {})
    head, _ = lesion_head.load(tmp_path)
    assert list(head.trunk) == ["_blocks.14._bn2.bias"]
    np.testing.assert_array_equal(head.trunk["_blocks.14._bn2.bias"], [0, 1, 2])


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


@pytest.mark.parametrize("made", [Made.SHIPPED, Made.FIRST_HEAD])
def test_the_card_repeats_the_figures_of_the_model(made: Made) -> None:
    training = json.loads((made.folder / "model.json").read_text())["training"]
    card = (made.folder / "card.md").read_text()
    for auc in training["auc"]:
        for unit in ("per_film", "per_woman"):
            found = auc[unit]
            assert f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]" in card
    for counts in training["women_by_step"].values():
        assert " | ".join(str(count) for count in counts) in card
    assert training["command"] in card
    assert "Not a medical device" in card


@pytest.mark.parametrize("made", list(Made))
def test_every_model_brings_the_report_of_its_own_content(made: Made) -> None:
    report = Report.from_bytes((made.folder / "evaluation.json").read_bytes())
    assert report.subject == content_digest(made.folder)
    assert "not a medical device" in (made.folder / "card.md").read_text().lower()


@pytest.mark.parametrize(("made", "passes"), [(Made.SHIPPED, True), (Made.FIRST_HEAD, True), (Made.WHOLE_IMAGE, False)])
def test_the_gate_lets_the_lesion_heads_through_and_refuses_the_whole_image(made: Made, passes: bool) -> None:
    policy = read_policy((Path(lesion_head.__file__).parent / "policies" / "mammography-triage-gate.yaml").read_bytes())
    judgement = judge(Report.from_bytes((made.folder / "evaluation.json").read_bytes()), policy)
    assert judgement.passed is passes
