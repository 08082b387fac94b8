"""Evaluating and judging from the command line, without a platform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from samdrift_evaluation.gate_policy import FOLDER
from samdrift_evaluation.reader_study import read_study
from samdrift_evaluation.replay import RESULTS, ReaderStudySuite, write_replay
from samdrift_testing.command_line import Ended, Samdrift

KEYS = [
    "n_exams",
    "n_cancers",
    "reads_saved",
    "sensitivity_double",
    "sensitivity_triage",
    "difference",
    "difference_ci",
    "fpr_double",
    "fpr_triage",
    "fpr_difference_ci",
    "auc_exam",
    "auc_ci",
    "non_inferior",
]
REAL = Path(os.environ.get("SAMDRIFT_DATA", "nowhere")) / RESULTS
POLICY = FOLDER / "reader-study-margin-0.10.yaml"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """60 exams of two breasts, three readers, and an AI that is somewhat good."""
    rng = np.random.default_rng(0)
    rows = ["case_ID,label,Reader01_POM,Reader02_POM,Reader03_POM,AI_good_POM"]
    for breast in range(120):
        label = int(breast % 6 == 0)
        poms = ",".join(f"{pom:.2f}" for pom in rng.random(3) * (0.1 + 0.4 * label))
        rows.append(f"{breast // 2},{label},{poms},{rng.random() * 0.7 + label * 0.3:.3f}")
    path = tmp_path / "data" / RESULTS
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(rows) + "\n")
    monkeypatch.setenv("SAMDRIFT_DATA", str(tmp_path / "data"))
    return path


@pytest.fixture
def report(file: Path, tmp_path: Path) -> Path:
    """The report of a score-replay model on that study."""
    study = read_study(file, "AI_good_POM")
    write_replay(tmp_path / "model", dict(zip(study.case.tolist(), study.ai.tolist(), strict=True)), "# A model\n")
    path = tmp_path / "report.json"
    path.write_bytes(ReaderStudySuite().evaluate(tmp_path / "model").to_bytes())
    return path


def read_by(samdrift: Samdrift, file: Path, *options: str) -> Ended:
    return samdrift("evaluation", "reader-study", str(file), "--ai", "AI_good_POM", "--bootstrap", "50", *options)


def answer(ended: Ended) -> Any:
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def test_json_has_exactly_the_agreed_keys(samdrift: Samdrift, file: Path) -> None:
    found = answer(read_by(samdrift, file, "--json"))
    assert list(found) == KEYS
    assert found["n_exams"] == 60
    assert found["n_cancers"] == 20
    assert found["difference"] == pytest.approx(found["sensitivity_triage"] - found["sensitivity_double"])
    for name in ("difference_ci", "fpr_difference_ci", "auc_ci"):
        low, high = found[name]
        assert low <= high


def test_every_option_counts(samdrift: Samdrift, file: Path) -> None:
    plain = answer(read_by(samdrift, file, "--json"))
    for option, value, changed in (
        ("--single-read-share", "0.9", "reads_saved"),
        ("--recall-threshold", "0.3", "fpr_double"),
        ("--seed", "1", "auc_ci"),
        ("--bootstrap", "51", "auc_ci"),
    ):
        assert answer(read_by(samdrift, file, option, value, "--json"))[changed] != plain[changed], option
    assert answer(read_by(samdrift, file, "--margin", "1", "--json"))["non_inferior"] is True
    assert answer(read_by(samdrift, file, "--margin", "0", "--json"))["non_inferior"] is False


def test_a_person_reads_figures_with_intervals_and_a_sentence(samdrift: Samdrift, file: Path) -> None:
    told = read_by(samdrift, file, "--margin", "0.9").out
    assert "AUC of the AI" in told
    assert "Triage is non-inferior to double reading: it may lose" in told
    assert "not shown to be non-inferior" in read_by(samdrift, file, "--margin", "0").out


def test_a_sweep_is_a_list_a_table_and_a_drawing(samdrift: Samdrift, file: Path, tmp_path: Path) -> None:
    swept = answer(read_by(samdrift, file, "--sweep", "--json"))
    assert [one["single_read_share"] for one in swept] == [share / 20 for share in range(21)]
    alone = answer(read_by(samdrift, file, "--single-read-share", "0.6", "--json"))
    assert swept[12] == {"single_read_share": 0.6, **alone}
    told = read_by(samdrift, file, "--sweep", "--plot", str(tmp_path / "sweep.svg"))
    assert told.status == 0
    root = ET.fromstring((tmp_path / "sweep.svg").read_text())  # noqa: S314 - our own output
    assert root.tag.endswith("svg")
    assert sum(line.rstrip().endswith((" yes", " no")) for line in told.out.splitlines()) == 21


def test_a_plot_without_a_sweep_and_a_missing_column_are_told(samdrift: Samdrift, file: Path, tmp_path: Path) -> None:
    assert read_by(samdrift, file, "--plot", str(tmp_path / "x.svg")).status == 2
    missing = samdrift("evaluation", "reader-study", str(file), "--ai", "AI_bad_POM")
    assert missing.status == 1
    assert "no column 'AI_bad_POM'. Its AI columns: AI_good_POM" in missing.err


def test_the_gate_s_answer_is_its_exit_status(samdrift: Samdrift, report: Path, tmp_path: Path) -> None:
    lenient, strict = tmp_path / "lenient.yaml", tmp_path / "strict.yaml"
    text = POLICY.read_text()
    lenient.write_text(text.replace("sensitivity: 0.10", "sensitivity: 1.0"))
    strict.write_text(text.replace("sensitivity: 0.10", "sensitivity: 0.0"))
    passed = samdrift("evaluation", "gate", str(report), str(lenient))
    assert (passed.status, passed.out.splitlines()[0]) == (0, "Passed by reader-study-margin-0.10 version 1.")
    refused = samdrift("evaluation", "gate", str(report), str(strict))
    assert refused.status == 1
    first, why, *_ = refused.out.splitlines()
    assert first == "Refused by reader-study-margin-0.10 version 1."
    assert why.startswith("- sensitivity_difference is -")
    assert "missed by" in why


def test_the_gate_s_json_holds_the_reasons(samdrift: Samdrift, report: Path, tmp_path: Path) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text(POLICY.read_text().replace("sensitivity: 0.10", "sensitivity: 0.0"))
    ended = samdrift("evaluation", "gate", str(report), str(strict), "--json")
    found: Mapping[str, Any] = json.loads(ended.out)
    assert ended.status == 1
    assert found["passed"] is False
    assert found["policy"]["name"] == "reader-study-margin-0.10"
    assert found["report"].startswith("sha256:")
    assert found["reasons"][0]["about"] == "sensitivity_difference"
    assert found["reasons"][0]["passed"] is False
    assert found["reasons"][0]["remedy"]


@pytest.mark.parametrize("broken", ["report", "policy"])
def test_what_is_no_report_or_no_policy_is_told(samdrift: Samdrift, report: Path, tmp_path: Path, broken: str) -> None:
    other = tmp_path / "other"
    other.write_text("{}")
    arguments = (str(other), str(POLICY)) if broken == "report" else (str(report), str(other))
    ended = samdrift("evaluation", "gate", *arguments)
    assert ended.status == 1
    assert broken in ended.err


def test_neither_torch_nor_a_server_is_loaded(file: Path) -> None:
    """It runs on a laptop that has the evaluation extra and nothing else."""
    heavy = dict.fromkeys(("torch", "ray", "mlflow", "fastapi", "sqlalchemy"))
    command = ["samdrift", "evaluation", "reader-study", str(file), "--ai", "AI_good_POM", "--bootstrap", "5", "--json"]
    program = (
        f"import sys; sys.modules.update({heavy}); sys.argv = {command}; from samdrift_platform.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)) == KEYS


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_file(), reason=f"SAMDRIFT_DATA does not hold {REAL}")
def test_the_command_of_the_documentation_on_the_real_study(samdrift: Samdrift) -> None:
    options = "--single-read-share 0.6 --recall-threshold 0.10 --margin 0.05 --bootstrap 2000 --seed 0 --json"
    found = answer(samdrift("evaluation", "reader-study", str(REAL), "--ai", "AI_GLAM_POM", *options.split()))
    assert (found["n_exams"], found["n_cancers"], found["reads_saved"]) == (480, 40, 0.3)
    assert found["difference_ci"] == pytest.approx([-0.0377, -0.0060], abs=1e-4)
    assert found["non_inferior"] is True
