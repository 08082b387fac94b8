from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from samdrift_evaluation.report import ReportUnreadableError
from samdrift_platform.cli.evaluation import app
from samdrift_reports.examples import REPORT

POLICY = """\
name: strict
version: 1
reason: A bound that the example misses.
rules:
  - figure: auc
    bound: low
    at_least: 0.9
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_bytes(REPORT.to_bytes())
    return path


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    rows = [(i % 3 == 0, (i * 7 % 60) / 60, (i * 7 % 60 + 20 * (i % 3 == 0)) / 80, i // 2) for i in range(60)]
    lines = [f"{int(truth)},{old:.4f},{new:.4f},{woman}" for truth, old, new, woman in rows]
    path.write_text("\n".join(["\ufefftruth,old,new,woman", *lines]), encoding="utf-8")
    return path


def run(*arguments: object, status: int = 0) -> str:
    found = CliRunner().invoke(app, ["evaluation", *map(str, arguments)], env={"COLUMNS": "200"})
    assert found.exit_code == status, found.output
    return found.output


def test_a_report_is_shown_with_intervals_and_limits(report: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    told = run("report", report, "--html", page, "--language", "da")
    assert "0.823 [0.783, 0.863], n = 480" in told
    assert "too few: n = 14" in told
    assert "All films come from one site." in told
    assert REPORT.digest in told
    assert page.read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="da">')


def test_a_report_is_judged_by_a_policy(report: Path, tmp_path: Path) -> None:
    policy, page = tmp_path / "policy.yaml", tmp_path / "report.html"
    policy.write_text(POLICY)
    assert "stops this version" in run("report", report, "--policy", policy, "--html", page)
    assert "The gate stops this version" in page.read_text(encoding="utf-8")


def test_a_report_for_programs_is_the_report(report: Path) -> None:
    assert json.loads(run("report", report, "--json")) == json.loads(REPORT.to_bytes())


def test_a_broken_report_is_refused(report: Path) -> None:
    report.write_bytes(REPORT.to_bytes().replace(b'"low":', b'"lower":', 1))
    found = CliRunner().invoke(app, ["evaluation", "report", str(report)])
    assert isinstance(found.exception, ReportUnreadableError)


def test_two_reports_are_laid_side_by_side(report: Path, tmp_path: Path) -> None:
    other, page = tmp_path / "other.json", tmp_path / "comparison.html"
    other.write_bytes(replace(REPORT, suite="another").to_bytes())
    told = run("compare", report, other, "--html", page)
    assert "not tested" in told
    assert "different suites" in told
    assert "Comparison of two models" in page.read_text(encoding="utf-8")


def test_scores_of_the_same_cases_are_tested(scores: Path) -> None:
    columns = ["--label", "truth", "--first", "old", "--second", "new"]
    found = json.loads(run("compare-scores", scores, *columns, "--json"))
    assert found["paired"] is True
    assert found["pairs"][0]["difference"]["value"] > 0
    assert found["data"][0]["cases"] == found["data"][0]["units"] == 60
    grouped = json.loads(
        run("compare-scores", scores, *columns, "--group", "woman", "--bootstrap", 200, "--first-threshold", 0.5,
            "--second-threshold", 0.5, "--json")
    )  # fmt: skip
    assert [pair["name"] for pair in grouped["pairs"]] == ["auc", "sensitivity", "specificity"]
    assert grouped["data"][0]["units"] == 30


def test_one_threshold_alone_is_wrong_usage(scores: Path) -> None:
    columns = ["--label", "truth", "--first", "old", "--second", "new"]
    told = run("compare-scores", scores, *columns, "--first-threshold", 0.5, status=2)
    assert "AUC" not in told, "nothing was compared"
