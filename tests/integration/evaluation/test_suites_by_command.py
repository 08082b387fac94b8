"""`samdrift models evaluate` on real data: the shipped head on mini-MIAS, a recorded model on the reader study."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.reader_study import read_study
from samdrift_evaluation.replay import study_path, write_replay
from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.training import mini_mias
from samdrift_mammography.training.brought_along import Made

SHIPPED = Made.SHIPPED.folder

pytestmark = pytest.mark.data


def evaluate(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit status and answer of the command, as a data scientist would run it."""
    samdrift = str(Path(sys.executable).with_name("samdrift"))
    words = [samdrift, "models", "evaluate", str(folder), *options, "--json"]
    ended = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.stdout, ended.stderr[-2000:]
    answer: dict[str, Any] = json.loads(ended.stdout)
    return ended.returncode, answer


def figure(answer: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        line["figure"] for line in answer["report"]["lines"] if (line["name"], line["subgroup"]) == (name, None)
    )
    return found


def test_the_shipped_head_on_women_whom_no_head_had_seen(tmp_path: Path) -> None:
    try:
        mini_mias.folder()
    except TrainingDataError as error:
        pytest.skip(error.message)
    policy = files("samdrift_mammography") / "policies" / "mammography-triage-gate.yaml"
    page = tmp_path / "report.html"
    status, told = evaluate(SHIPPED, "--suite", "mammography-triage", "--policy", str(policy), "--html", str(page))
    assert (status, told["passed"]) == (0, True)
    auc = figure(told, "auc_malignant")
    assert auc["value"] == pytest.approx(0.823, abs=0.005), "as the card says"
    assert auc["n"] == 70
    assert told["report"]["data"][0]["units"] == 107
    assert "0.82" in page.read_text()
    shipped = json.loads((SHIPPED / "evaluation.json").read_bytes())
    assert figure({"report": shipped}, "auc_malignant")["value"] == pytest.approx(auc["value"], abs=0.005)


@pytest.mark.parametrize(("column", "passes"), [("AI_GLAM_POM", True), ("AI_end2end_ddsm_POM", False)])
def test_a_recorded_model_on_the_reader_study(tmp_path: Path, column: str, passes: bool) -> None:
    try:
        study = read_study(study_path(), column)
    except EvaluationError as error:
        pytest.skip(error.message)
    write_replay(tmp_path / "model", dict(zip(study.case.tolist(), study.ai.tolist(), strict=True)), "# recorded\n")
    policy = files("samdrift_evaluation") / "policies" / "reader-study-margin-0.05.yaml"
    status, told = evaluate(tmp_path / "model", "--suite", "reader-study", "--policy", str(policy))
    assert (status == 0, told["passed"]) == (passes, passes)
    assert figure(told, "sensitivity_difference")["n"] == 40
