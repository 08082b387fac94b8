"""Every document of an exam's result, made, sent and found again in a real PACS, beside the images it is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pydicom
import pytest

from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.results.documents import with_documents
from samdrift_mammography.results.pacs import PacsReceiver, open_pacs
from samdrift_mammography.results.sending import effects_of
from samdrift_testing.intake_desk import listening_desk
from samdrift_testing.orthanc import PASSWORD, USER, Modality, Orthanc
from samdrift_testing.reported_exam import ReportedExam, reported_exam

KEY = UUID(int=1)


@pytest.fixture(scope="module")
def exam() -> ReportedExam:
    return reported_exam()


@pytest.fixture(scope="module")
def result(exam: ReportedExam) -> dict[str, Any]:
    made = with_documents(exam.item, exam.result, exam.store)
    assert made["document_problems"] == []
    assert {document["kind"] for document in made["documents"]} >= {"mammography-cad-sr", "comprehensive-sr"}
    return made


@pytest.fixture
def orthanc(tmp_path: Path, exam: ReportedExam) -> Iterator[Orthanc]:
    """It has the images already, as the modality sent them."""
    with Orthanc(folder=tmp_path / "orthanc") as started:
        for data in exam.files:
            started.put(data)
        yield started


@pytest.mark.parametrize("way", ["dicom", "dicomweb"])
def test_the_documents_are_listed_once_in_the_study_of_the_images(
    way: str, orthanc: Orthanc, exam: ReportedExam, result: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text(f"{USER}:{PASSWORD}")
    pacs = open_pacs(getattr(orthanc, way), credentials=str(tmp_path / "credentials"))
    receiver = PacsReceiver(pacs, exam.store)
    images = orthanc.instances()
    effects = list(effects_of(result))
    assert [receiver.find(KEY, effect.request) for effect in effects] == [None] * len(effects)
    for _ in range(2):  # again, as after a crash
        for effect in effects:
            assert receiver.deliver(KEY, effect.request) == receiver.find(KEY, effect.request)
    sent = [document["sop_instance_uid"] for document in result["documents"]]
    assert orthanc.instances() == sorted([*images, *sent])
    assert len(orthanc.rest.get("/studies").json()) == 1
    assert len(orthanc.rest.get("/patients").json()) == 1


def test_a_document_comes_back_as_it_was_made(orthanc: Orthanc, exam: ReportedExam, result: dict[str, Any]) -> None:
    receiver = PacsReceiver(open_pacs(orthanc.dicom), exam.store)
    for effect in effects_of(result):
        receiver.deliver(KEY, effect.request)
        made = pydicom.dcmread(BytesIO(exam.store.get(str(effect.request["object"]))))
        kept = pydicom.dcmread(BytesIO(orthanc.file(made.SOPInstanceUID)))
        assert kept == made


def test_a_pacs_that_sends_everything_back_opens_no_exam_again(
    sqlite_url: str, tmp_path: Path, exam: ReportedExam, result: dict[str, Any]
) -> None:
    documents = [exam.store.get(document["object"]) for document in result["documents"]]
    with listening_desk(sqlite_url, tmp_path / "desk") as desk:
        back = {"samdrift": Modality(ae_title=desk.listener.entity.ae_title, port=desk.port)}
        assembler = Assembler(ledger=desk.ledger, store=desk.store, tenant="demo", return_results=True)
        now = datetime.now(UTC)
        with Orthanc(folder=tmp_path / "orthanc", modalities=back) as orthanc:
            for data in exam.files:
                orthanc.put(data)
            orthanc.send("samdrift").raise_for_status()
            assert assembler.step(now + timedelta(hours=1)) == 1
            for data in documents:
                orthanc.put(data)
            orthanc.send("samdrift").raise_for_status()
        assert assembler.step(now + timedelta(hours=2)) == 0
        assert len(desk.held()) == len(exam.files)
        assert [code for code, _ in desk.set_aside()] == ["not-a-mammogram"] * len(documents)
