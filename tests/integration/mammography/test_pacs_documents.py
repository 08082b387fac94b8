"""Every document of an exam's result, made, sent and found again in a real PACS, beside the images it is about."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pydicom
import pytest

from samdrift_mammography.results.documents import with_documents
from samdrift_mammography.results.pacs import PacsReceiver, open_pacs
from samdrift_mammography.results.sending import effects_of
from samdrift_testing.orthanc import PASSWORD, USER, Orthanc
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
