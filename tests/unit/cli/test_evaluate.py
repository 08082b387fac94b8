"""`samdrift models evaluate`: a folder in, a report out, no platform anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from samdrift_evaluation.content import content_digest
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.report import DataUsed, Line, Report
from samdrift_platform import plugins
from samdrift_testing.command_line import Samdrift
from samdrift_testing.governing import policy


class Guessing:
    """Measures an accuracy that stands in the folder."""

    name = "guessing"

    def evaluate(self, folder: Path) -> Report:
        low = float((folder / "accuracy").read_text())
        return Report(
            suite=self.name,
            subject=content_digest(folder),
            made_at=datetime(2026, 11, 24, tzinfo=UTC),
            made_by="a test",
            data=(DataUsed(name="guesses", digest="sha256:" + "0" * 64, cases=100, units=100, unit="guess"),),
            lines=(Line(name="accuracy", figure=Estimate(value=low, low=low, high=low, n=100, method="exact")),),
        )


@pytest.fixture(autouse=True)
def folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(plugins, "suite", lambda name: Guessing())
    (tmp_path / "policy.yaml").write_bytes(policy(least=0.5))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "accuracy").write_text("0.7")
    return tmp_path / "model"


def test_figures_are_shown_and_nothing_is_judged_without_a_policy(samdrift: Samdrift) -> None:
    ended = samdrift("models", "evaluate", "model", "--suite", "guessing")
    assert ended.status == 0
    assert "0.70 [0.70, 0.70], n = 100" in ended.out
    assert "Add --policy FILE" in ended.out


@pytest.mark.parametrize(("accuracy", "status"), [("0.7", 0), ("0.4", 1)])
def test_the_exit_status_is_the_gates(samdrift: Samdrift, folder: Path, accuracy: str, status: int) -> None:
    (folder / "accuracy").write_text(accuracy)
    ended = samdrift("models", "evaluate", "model", "--suite", "guessing", "--policy", "policy.yaml")
    assert ended.status == status
    assert ("would stop this version" in ended.out) == bool(status)
    told = samdrift("models", "evaluate", "model", "--suite", "guessing", "--policy", "policy.yaml", "--json")
    assert json.loads(told.out)["passed"] is not bool(status)


def test_report_and_page_are_written(samdrift: Samdrift, tmp_path: Path, folder: Path) -> None:
    arguments = ("--policy", "policy.yaml", "--out", "r.json", "--html", "r.html", "--language", "da", "--json")
    told = json.loads(samdrift("models", "evaluate", "model", "--suite", "guessing", *arguments).out)
    report = Report.from_bytes((tmp_path / "r.json").read_bytes())
    assert (report.digest, report.subject) == (told["digest"], content_digest(folder))
    assert '<html lang="da">' in (tmp_path / "r.html").read_text()


def test_a_file_that_is_no_policy_is_refused_before_anything_is_computed(samdrift: Samdrift, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("name: [")
    ended = samdrift("models", "evaluate", "model", "--suite", "guessing", "--policy", "policy.yaml")
    assert (ended.status, ended.out) == (1, "")
    assert "YAML" in ended.err
