"""The shipped subject model: what is in it, how it does, and that its card and report say the same."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from samdrift_evaluation.content import content_digest
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.gate import judge
from samdrift_evaluation.gate_policy import read_policy
from samdrift_evaluation.report import Report
from samdrift_registry.formats import check_contents
from samdrift_registry.verified import VerifiedModel
from samdrift_rpa.digital_post.classifier import MODEL, OTHER, SubjectModel
from samdrift_rpa.digital_post.kle import read_kle
from samdrift_rpa.digital_post.policy import read_post_policy
from samdrift_rpa.digital_post.tagger import Tagger
from samdrift_rpa.digital_post.tagger_quality import leave_one_out
from samdrift_rpa.suite import THRESHOLD, suite
from samdrift_rpa.training.letters import made_letters, subjects

PACKAGE = Path(str(resources.files("samdrift_rpa")))
FOLDER = PACKAGE / "shipped" / MODEL


@pytest.fixture(scope="module")
def model() -> SubjectModel:
    return SubjectModel.load(VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=FOLDER))


@pytest.fixture(scope="module")
def report() -> Report:
    return Report.from_bytes((FOLDER / "evaluation.json").read_bytes())


def test_it_holds_nothing_that_could_run(model: SubjectModel) -> None:
    assert check_contents(FOLDER) == "skops"
    assert set(model.subjects) == {*subjects(), OTHER}


def test_figures_are_what_counting_by_hand_gives(model: SubjectModel, report: Report) -> None:
    letters = made_letters("held_out")
    first = [model.guesses(letter.text)[0] for letter in letters]
    right = np.array([guess.subject == letter.subject for guess, letter in zip(first, letters, strict=True)])
    alone = np.array([guess.confidence >= THRESHOLD and guess.subject != OTHER for guess in first])
    for name, value in {
        "accuracy": right.mean(),
        "precision_alone": right[alone].mean(),
        "wrong_alone": (alone & ~right).mean(),
        "handed_over": (~alone).mean(),
    }.items():
        figure = report.figure(name)
        assert isinstance(figure, Estimate)
        assert figure.value == pytest.approx(value)
    assert report.figure("accuracy").n == len(letters)  # type: ignore[union-attr]  # an Estimate


def test_the_report_is_about_this_model_and_passes_the_shipped_gate(report: Report) -> None:
    assert report.subject == content_digest(FOLDER)
    policy = read_policy((PACKAGE / "policies" / f"{MODEL}-gate.yaml").read_bytes())
    assert judge(report, policy).passed
    assert report.settings["threshold"] == THRESHOLD == read_post_policy().least_confidence


def test_the_card_says_what_the_report_says(report: Report) -> None:
    card = (FOLDER / "card.md").read_text("utf-8")
    for line in report.lines:
        if line.subgroup is None:
            assert f"| {line.name} | {line.figure} |" in card
    assert "No real letter" in card


def test_the_reference_says_what_the_report_says(report: Report) -> None:
    page = (Path(__file__).parents[4] / "docs/reference/digital-post.md").read_text("utf-8")
    for name in ("among_first_five", "precision_alone_both", "wrong_alone"):
        assert f"| {report.figure(name)} |" in page


@pytest.mark.data
def test_the_reference_says_how_well_titles_are_found() -> None:
    path = Path(os.environ.get("SAMDRIFT_DATA", "")) / "standards" / "kle" / "OS2KLE.txt"
    if not path.is_file():
        pytest.skip(f"needs {path}: set SAMDRIFT_DATA to the folder that holds standards/")
    figures = leave_one_out(Tagger(read_kle(path.read_bytes())))
    page = (Path(__file__).parents[4] / "docs/reference/digital-post.md").read_text("utf-8")
    for name in ("first", "among_first_few"):
        one = figures[name]
        assert f"| {one.value:.2f} [{one.low:.2f}, {one.high:.2f}], n = {one.n} |" in page


def test_the_suite_needs_no_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, report: Report) -> None:
    for name in ("SAMDRIFT_DATA", "SAMDRIFT_RPA_KLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path))
    made = suite.evaluate(FOLDER)
    assert made.figure("accuracy") == report.figure("accuracy")
    assert made.figure("precision_alone_both") is None
    assert str(made.figure("accuracy_kle_keywords")).startswith("too few")
