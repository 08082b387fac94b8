"""Models known by their scores alone, through suite and gate, on made-up studies."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from samdrift_evaluation.content import content_digest
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.gate import Judgement, judge
from samdrift_evaluation.gate_policy import FOLDER, read_policy
from samdrift_evaluation.reader_study import StudyUnreadableError, read_study
from samdrift_evaluation.reading_protocol import ReadingProtocol, compare
from samdrift_evaluation.replay import (
    REPLICATES,
    RESULTS,
    NotScoreReplayError,
    ReaderStudySuite,
    StudyMissingError,
    recorded_scores,
    suite,
    write_replay,
)
from samdrift_evaluation.report import Report

REAL = Path(os.environ.get("SAMDRIFT_DATA", "nowhere")) / RESULTS
MARGINS = ("0.05", "0.10")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of 60 exams, a third with cancer, whose AI is somewhat good."""
    rng = np.random.default_rng(0)
    rows = ["case_ID,side,label,Reader01_POM,Reader02_POM,Reader03_POM,AI_good_POM"]
    for case in range(60):
        for side in "LR":
            label = int(case % 3 == 0 and side == "L")
            poms = ",".join(f"{pom:.2f}" for pom in rng.random(3) * (0.1 + 0.4 * label))
            rows.append(f"{case},{side},{label},{poms},{rng.random() * 0.8 + label * 0.2:.3f}")
    path = tmp_path / "data" / RESULTS
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(rows) + "\n")
    monkeypatch.setenv("SAMDRIFT_DATA", str(tmp_path / "data"))
    return path


def scores_of(path: Path, ai: str) -> dict[str, float]:
    found = read_study(path, ai)
    return dict(zip(found.case.tolist(), found.ai.tolist(), strict=True))


def replayed(folder: Path, scores: Mapping[str, float]) -> Path:
    write_replay(folder, scores, "# A model\n")
    return folder


def held(report: Report, margin: str) -> Judgement:
    return judge(report, read_policy((FOLDER / f"reader-study-margin-{margin}.yaml").read_bytes()))


# --- made up ----------------------------------------------------------------------------------------------------------


def test_the_report_says_what_the_comparison_says(study: Path, tmp_path: Path) -> None:
    protocol = ReadingProtocol(replicates=100, seed=3)
    folder = replayed(tmp_path / "model", scores_of(study, "AI_good_POM"))
    report = ReaderStudySuite(protocol).evaluate(folder)
    direct = compare(read_study(study, "AI_good_POM"), protocol)
    assert report.figure("sensitivity_difference") == direct.difference
    assert report.figure("fpr_difference") == direct.fpr_difference
    assert report.figure("auc_exam") == direct.auc_exam
    assert len(report.lines) == 9
    assert all(isinstance(line.figure, Estimate) for line in report.lines)
    assert (report.suite, report.subject) == ("reader-study", content_digest(folder))
    assert report.settings["seed"] == 3
    assert "margin" not in report.settings
    assert Report.from_bytes(report.to_bytes()) == report


def test_the_curves_begin_and_end_where_they_must(study: Path, tmp_path: Path) -> None:
    folder = replayed(tmp_path / "model", scores_of(study, "AI_good_POM"))
    report = ReaderStudySuite(ReadingProtocol(replicates=20)).evaluate(folder)
    roc, saved = report.curve("roc"), report.curve("reads saved")
    assert roc is not None
    assert saved is not None
    assert (roc.points[0], roc.points[-1]) == ((0.0, 0.0), (1.0, 1.0))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(roc.points, roc.points[1:], strict=False))
    auc = report.figure("auc_exam")
    assert isinstance(auc, Estimate)
    assert area == pytest.approx(auc.value)
    assert saved.points[-1][0] == 0.5
    assert [point[0] for point in saved.points] == sorted(point[0] for point in saved.points)


def test_one_score_a_breast_or_one_an_exam_is_the_same_model_to_the_study(study: Path, tmp_path: Path) -> None:
    by_exam = scores_of(study, "AI_good_POM")
    breasts = [(case, score) for case, score in by_exam.items() for score in (0.0, score)]
    folder = replayed(tmp_path / "model", by_exam)
    facts = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**facts, "cases": [case for case, _ in breasts]}))
    save_file({"scores": np.array([score for _, score in breasts])}, folder / "model.safetensors")
    assert recorded_scores(folder) == by_exam


def test_a_chosen_part_of_the_exams_is_not_judged(study: Path, tmp_path: Path) -> None:
    scores = scores_of(study, "AI_good_POM")
    del scores["7"]
    with pytest.raises(StudyUnreadableError, match="no score for 1 of 60 exams, among them 7"):
        suite.evaluate(replayed(tmp_path / "model", scores))


def test_without_the_data_the_missing_file_is_named(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = replayed(tmp_path / "model", scores_of(study, "AI_good_POM"))
    monkeypatch.setenv("SAMDRIFT_DATA", str(tmp_path))
    with pytest.raises(StudyMissingError, match=r"nyu_reader_study/results\.csv"):
        suite.evaluate(folder)
    monkeypatch.delenv("SAMDRIFT_DATA")
    with pytest.raises(StudyMissingError, match=r"nyu_reader_study/results\.csv"):
        suite.evaluate(folder)


def spoil_json(folder: Path, **facts: object) -> None:
    there = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**there, **facts}))


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "no facts": (lambda folder: (folder / "model.json").unlink(), "FileNotFoundError"),
    "no scores": (lambda folder: (folder / "model.safetensors").unlink(), "FileNotFoundError"),
    "not JSON": (lambda folder: (folder / "model.json").write_text("{"), "JSONDecodeError"),
    "a list": (lambda folder: (folder / "model.json").write_text("[]"), "TypeError"),
    "cut off": (lambda folder: (folder / "model.safetensors").write_bytes(b"\x08\x00"), "SafetensorError"),
    "another kind": (lambda folder: spoil_json(folder, kind="pickle"), "kind 'pickle'"),
    "another study": (lambda folder: spoil_json(folder, study="../../etc"), r"study '\.\./\.\./etc'"),
    "cases short": (lambda folder: spoil_json(folder, cases=["1"]), "1 cases need as many finite scores"),
    "not numbers": (
        lambda folder: save_file({"scores": np.array([0.1, np.nan])}, folder / "model.safetensors"),
        "2 cases need as many finite scores",
    ),
    "another tensor": (lambda folder: save_file({"s": np.zeros(2)}, folder / "model.safetensors"), "KeyError"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_no_score_replay_is_refused_with_the_reason(tmp_path: Path, what: str) -> None:
    spoil, said = SPOILT[what]
    folder = replayed(tmp_path / "model", {"1": 0.1, "2": 0.2})
    spoil(folder)
    with pytest.raises(NotScoreReplayError, match=said):
        recorded_scores(folder)


def test_a_score_that_tells_nothing_apart_is_stopped_at_both_margins(study: Path, tmp_path: Path) -> None:
    scores = dict.fromkeys(scores_of(study, "AI_good_POM"), 0.5)
    report = suite.evaluate(replayed(tmp_path / "model", scores))
    for margin in MARGINS:
        assert "auc_exam" in {reason.about for reason in held(report, margin).refusals}


def perfect(tmp_path: Path, study: Path, cancers: int, share: float = 0.6) -> Report:
    """The report on an AI that knows which of 60 exams have cancer; three of four readers recall every exam."""
    rows = ["case_ID,label,Reader1,Reader2,Reader3,Reader4,AI_x"]
    rows += [f"{case},{int(case < cancers)},1,1,1,0,{int(case < cancers)}" for case in range(60)]
    study.write_text("\n".join(rows) + "\n")
    protocol = ReadingProtocol(single_read_share=share, replicates=REPLICATES)
    return ReaderStudySuite(protocol).evaluate(replayed(tmp_path / "m", scores_of(study, "AI_x")))


def test_perfection_on_few_cancers_is_not_certain(study: Path, tmp_path: Path) -> None:
    """No cancer is read once and no replicate differs: the bootstrap alone would give an interval of width 0."""
    report = perfect(tmp_path, study, 24, share=0.2)
    difference, auc = report.figure("sensitivity_difference"), report.figure("auc_exam")
    assert isinstance(difference, Estimate)
    assert isinstance(auc, Estimate)
    # 0 of 24: 1 - 0.025 ** (1 / 24); a cancer that half of four readers recall loses 2 * 2 / (4 * 3).
    assert difference.low == pytest.approx(-(1 - 0.025 ** (1 / 24)) / 3)
    assert (difference.value, difference.high) == (0.0, 0.0)
    assert "Clopper-Pearson" in difference.method
    assert auc.low < auc.value == 1.0


def test_too_few_cancers_have_no_figure_and_pass_no_gate(study: Path, tmp_path: Path) -> None:
    report = perfect(tmp_path, study, 19)
    assert report.figure("auc_exam") == TooFew(n=19, reason="at least 20 exams with cancer are needed")
    assert {reason.about for reason in held(report, "0.10").refusals} == {"sensitivity_difference", "auc_exam"}
