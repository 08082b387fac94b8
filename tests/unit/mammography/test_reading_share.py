from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from samdrift_evaluation.content import content_digest
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.report import DataUsed, Line, Report
from samdrift_mammography.commands import app
from samdrift_mammography.demonstration import SHIPPED
from samdrift_mammography.lesion_head import ReferencePopulation
from samdrift_mammography.reading_share import cut_for, cuts
from samdrift_mammography.reasons import BANNER

HUNDRED = ReferencePopulation(name="0 to 99", scores=tuple(float(n) for n in range(100)))


def test_in_a_hundred_different_scores_every_cut_is_a_tenth_more() -> None:
    assert [(cut.single_reading_up_to, cut.share.value, cut.share.n) for cut in cuts(HUNDRED)] == [
        (cut, cut / 10, 100) for cut in range(10)
    ]


@pytest.mark.parametrize(("target", "cut"), [(0.0, 0), (0.29, 2), (0.3, 3), (0.67, 6), (1.0, 9)])
def test_a_target_is_never_exceeded(target: float, cut: int) -> None:
    assert cut_for(cuts(HUNDRED), target).single_reading_up_to == cut


@given(st.lists(st.floats(-5, 5), min_size=10, max_size=60), st.floats(0, 1))
def test_the_share_is_what_counting_says(scores: list[float], target: float) -> None:
    reference = ReferencePopulation(name="any", scores=tuple(sorted(scores)))
    found = cut_for(cuts(reference), target)
    counted = sum(reference.step(score) <= found.single_reading_up_to for score in scores) / len(scores)
    assert counted == pytest.approx(found.share.value)
    assert counted <= target + 1e-9


def report(tmp_path: Path, *, difference: tuple[float, float, float] | None, **settings: float) -> Path:
    figures = [] if difference is None else [("sensitivity_difference", difference)]
    always = [("auc_exam", (0.8, 0.7, 0.9)), ("cancers_read_twice_at_60", (0.7, 0.5, 0.8))]
    lines = [
        Line(name=name, figure=Estimate(value=value, low=low, high=high, n=120, method="bootstrap"))
        for name, (value, low, high) in [*always, *figures]
    ]
    data = DataUsed(name="a study", digest="sha256:" + "0" * 64, cases=120, units=120, unit="exam")
    made = Report(
        suite="reader-study",
        subject=content_digest(SHIPPED),
        made_at=datetime(2026, 11, 24, tzinfo=UTC),
        made_by="samdrift 0.1.0",
        data=(data,),
        lines=tuple(lines),
        settings=settings,
        limits=("One site.",),
    )
    (tmp_path / "report.json").write_bytes(made.to_bytes())
    return tmp_path / "report.json"


def asked(*words: str) -> Any:
    done = CliRunner().invoke(app, ["policy", *words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_the_command_says_cut_policy_and_whom_the_share_is_of() -> None:
    found = asked("--target-share", "0.6")
    assert found["notice"] == BANNER
    assert found["target"]["single_reading_up_to"] == 6
    assert found["target"]["read_by_one"]["n"] == 35
    assert found["policy"]["single_reading_up_to"] == 4
    assert "women" in found["reference_population"]


@pytest.mark.parametrize(
    ("difference", "share", "start"),
    [
        ((-0.01, -0.03, 0.01), 0.6, "Shown in this study"),
        ((-0.02, -0.06, 0.01), 0.6, "Not shown"),
        ((-0.01, -0.05, 0.01), 0.6, "Not shown"),
        ((-0.01, -0.03, 0.01), 0.5, "Not done for a share of 0.6"),
        (None, 0.6, "Not done: no reader"),
    ],
)
def test_the_evidence_is_told_with_its_interval_or_as_not_done(
    difference: tuple[float, float, float] | None, share: float, start: str, tmp_path: Path
) -> None:
    path = report(tmp_path, difference=difference, single_read_share=share)
    evidence = asked("--target-share", "0.6", "--report", str(path))["evidence"]
    assert evidence["verdict"].startswith(start)
    assert evidence["about_this_model"] is True
    assert evidence["limits"] == ["One site."]
    assert evidence["other_figures"]["auc_exam"].endswith("n = 120")


@pytest.mark.parametrize(("target", "told"), [("0.6", "0.70 [0.50, 0.80], n = 120"), ("0.5", None)])
def test_it_says_how_many_women_with_cancer_two_would_read(target: str, told: str | None, tmp_path: Path) -> None:
    path = report(tmp_path, difference=None)
    assert asked("--target-share", target, "--report", str(path))["evidence"]["cancers_read_twice"] == told


def test_people_read_it_too(tmp_path: Path) -> None:
    shipped = str(SHIPPED / "evaluation.json")
    done = CliRunner().invoke(app, ["policy", "--target-share", "0.5", "--report", shipped])
    assert done.exit_code == 0
    assert done.output.startswith(BANNER)
    assert "Not done: no reader took part in this report" in done.output
    assert "single_reading_up_to: 5" in done.output
