"""An exam's bundle as a reader gets it from the portal."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import JsonObject
from samdrift_platform.ledger import audit, tables
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.reported_exam import ReportedExam, reported_exam
from samdrift_testing.screening import Visit, portal
from samdrift_testing.screening_study import screening_study


@pytest.fixture(scope="module")
def exam() -> ReportedExam:
    return reported_exam()


@pytest.fixture
def visit(exam: ReportedExam, sqlite_template: Path, tmp_path: Path) -> Iterator[Visit]:
    path = tmp_path / "ledger.db"
    shutil.copy(sqlite_template, path)
    with contextlib.closing(Ledger(f"sqlite:///{path}")) as ledger, portal(exam.store.objects) as over:
        yield over(ledger)


def put(visit: Visit, exam: ReportedExam, name: str, payload: JsonObject | None = None, **result: Any) -> None:
    known = {key: value for key, value in {**exam.result, **result}.items() if key != "exam"}
    visit.exams[name] = visit.centre.exam(exam.result["exam"], payload=payload or exam.item.payload, **known)


def test_an_exam_is_given_as_fhir_and_that_is_recorded(visit: Visit, exam: ReportedExam) -> None:
    put(visit, exam, "one")
    answer = visit.get(f"{visit.at('one')}/fhir", reader="bob")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    kinds = [entry["resource"]["resourceType"] for entry in answer.json()["entry"]]
    assert kinds == ["Patient", "ImagingStudy", "Device", *["Observation"] * 4, "DiagnosticReport", "AuditEvent"]
    with visit.centre.ledger.read() as connection:
        last = audit.events_of(connection, f"item:{visit.exams['one']}")[-1]
    assert (last.actor, last.action) == ("bob", "exam.given")


def test_an_exam_whose_results_do_not_go_back_is_dated_by_its_submission(visit: Visit, exam: ReportedExam) -> None:
    payload = {name: value for name, value in exam.item.payload.items() if name != "received_at"}
    put(visit, exam, "one", payload={**payload, "return_results": False})
    answer = visit.get(f"{visit.at('one')}/fhir")
    assert answer.status_code == 200
    resources = [entry["resource"] for entry in answer.json()["entry"]]
    (report,) = [each for each in resources if each["resourceType"] == "DiagnosticReport"]
    with visit.centre.ledger.read() as connection:
        (queued_at,) = connection.execute(sa.select(tables.work_items.c.queued_at)).scalars()
    assert datetime.fromisoformat(report["effectiveDateTime"]) == queued_at


def test_a_hidden_score_is_not_given(visit: Visit, exam: ReportedExam) -> None:
    put(visit, exam, "one", hide_score=True)
    answer = visit.get(f"{visit.at('one')}/fhir")
    kinds = {entry["resource"]["resourceType"] for entry in answer.json()["entry"]}
    assert kinds == {"Patient", "ImagingStudy", "DiagnosticReport", "AuditEvent"}
    assert "suspicion" not in answer.text


def test_nothing_is_given_of_an_exam_that_no_model_may_process(visit: Visit, exam: ReportedExam) -> None:
    put(visit, exam, "one", objected=True)
    assert visit.get(f"{visit.at('one')}/fhir").status_code == 404


def test_a_refused_file_is_no_exam(visit: Visit) -> None:
    visit.exams["file"] = visit.centre.refused()
    assert visit.get(f"{visit.at('file')}/fhir").status_code == 404


def test_an_image_that_cannot_be_referred_to_is_said_so(sqlite_template: Path, tmp_path: Path) -> None:
    nameless = reported_exam(files=screening_study(SeriesInstanceUID=None))
    path = shutil.copy(sqlite_template, tmp_path / "ledger.db")
    with contextlib.closing(Ledger(f"sqlite:///{path}")) as ledger, portal(nameless.store.objects) as over:
        visit = over(ledger)
        put(visit, nameless, "one")
        answer = visit.get(f"{visit.at('one')}/fhir")
    assert answer.status_code == 422
    assert "SeriesInstanceUID" in answer.text
    assert "2512489996" not in answer.text
