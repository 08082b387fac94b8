"""The file of one submission: everything that it brought, and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from shutil import copy
from uuid import UUID, uuid4

import pytest

from samdrift_mammography.export import COLUMNS
from samdrift_mammography.reasons import BANNER
from samdrift_platform.contract import Verdict
from samdrift_platform.ledger import items
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.screening import BLANK, Visit, portal
from samdrift_testing.work import claim, complete, item, submit

MAMMOGRAPHY = "mammography"


@pytest.fixture
def visit(sqlite_template: Path, tmp_path: Path) -> Iterator[Visit]:
    path = copy(sqlite_template, tmp_path / "ledger.db")
    with closing(Ledger(f"sqlite:///{path}")) as ledger, portal({}) as over:
        yield over(ledger)


@pytest.fixture
def batch(visit: Visit) -> UUID:
    """Two exams with results, one that waits, and a refused file; another submission beside it."""
    ledger = visit.centre.ledger
    visit.centre.exam("9.9")
    kinds = {"1.1": "exam", "1.2": "exam", "file-1": "file", "1.3": "exam"}
    found = [item(name, kind=kind, exam=name, screening_unit="unit", images=[]) for name, kind in kinds.items()]
    submission = submit(ledger, "batch", found, workload=MAMMOGRAPHY)
    for claimed in claim(ledger, 3, workload=MAMMOGRAPHY):
        if claimed.reference == "file-1":
            complete(ledger, claimed, verdict=Verdict.REJECTED, result={"code": "empty"}, reason="Refused. (empty)")
        else:
            score = {"1.1": 2, "1.2": 7}[claimed.reference]
            complete(ledger, claimed, result={**BLANK, "exam": claimed.reference, "score": score}, steps=["send"])
    return submission


def lines(visit: Visit, submission: UUID) -> list[dict[str, str]]:
    answer = visit.get(f"/mammography/submissions/{submission}/exams.csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(StringIO(answer.text)))


def test_everything_of_the_batch_is_there_and_nothing_else(visit: Visit, batch: UUID) -> None:
    found = lines(visit, batch)
    assert tuple(found[0]) == COLUMNS
    assert [(line["exam"], line["score_1_to_10"], line["reading"]) for line in found] == [
        ("1.2", "7", "double"),
        ("1.1", "2", "double"),
        ("1.3", "", "queued"),
        ("", "", "refused"),
    ]
    assert {line["notice"] for line in found} == {BANNER}


def test_each_line_says_whether_its_results_are_in_the_pacs(visit: Visit, batch: UUID) -> None:
    assert [line["delivery"] for line in lines(visit, batch)] == ["waiting", "waiting", "", ""]


def test_a_read_exam_stays_in_the_file(visit: Visit, batch: UUID) -> None:
    with visit.centre.ledger.read() as connection:
        (first, *_) = items.find(connection, submission_id=batch)
    visit.centre.read(first.id, "ann")
    visit.centre.read(first.id, "bob")
    assert "1.1" in {line["exam"] for line in lines(visit, batch)}


def test_a_submission_that_is_none_is_not_found(visit: Visit) -> None:
    assert visit.get(f"/mammography/submissions/{uuid4()}/exams.csv").status_code == 404


def test_more_than_one_chunk(visit: Visit, monkeypatch: pytest.MonkeyPatch, batch: UUID) -> None:
    monkeypatch.setattr("samdrift_mammography.pages.batch._CHUNK", 1)
    assert [line["exam"] for line in lines(visit, batch)] == ["1.2", "1.1", "1.3", ""]
