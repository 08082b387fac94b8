"""All documents of an exam: when they are made, that they repeat, and what a strange header costs."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement

from samdrift_mammography.results.documents import with_documents
from samdrift_mammography.settings import RESULT_LANGUAGE
from samdrift_mammography.views import View
from samdrift_platform.contract import Store
from samdrift_platform.objects import StoreUnavailableError
from samdrift_testing.reported_exam import ReportedExam, reported_exam
from samdrift_testing.screening_study import mammogram, part10, uid

ALL = ["mammography-cad-sr", "comprehensive-sr", "secondary-capture", "presentation-state"]
UIDS = ("sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid")
KEYWORDS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")


def made(exam: ReportedExam) -> dict[str, Any]:
    return with_documents(exam.item, exam.result, exam.store)


@cache
def usual() -> dict[str, Any]:
    """What is made of the exam as it is by default."""
    return made(reported_exam())


def kinds(result: dict[str, Any]) -> list[str]:
    return [document["kind"] for document in result["documents"]]


def opened(exam: ReportedExam, result: dict[str, Any]) -> list[Dataset]:
    return [pydicom.dcmread(BytesIO(exam.store.get(each["object"]))) for each in result["documents"]]


def study_with(**tags: Any) -> dict[View, bytes]:
    """Every view with `tags`, however wrong: as bytes of text, past every check."""
    found = {}
    for view in View:
        image = mammogram(view)
        for keyword, value in tags.items():
            tag = pydicom.tag.Tag(keyword)
            if value is None:
                del image[tag]
            else:
                data = value.encode("latin-1") + b" " * (len(value) % 2)
                image[tag] = RawDataElement(tag, dictionary_VR(tag), len(data), data, 0, False, True)
        with disable_value_validation():
            found[view] = part10(image)
    return found


def test_the_entries_are_what_the_files_say() -> None:
    exam = reported_exam()
    result = made(exam)
    assert kinds(result) == ALL
    assert result["document_problems"] == []
    for entry, document in zip(result["documents"], opened(exam, result), strict=True):
        assert [entry[name] for name in UIDS] == [document[keyword].value for keyword in KEYWORDS]
        assert document.file_meta.MediaStorageSOPInstanceUID == entry["sop_instance_uid"]
        assert document.StudyInstanceUID == uid("study", 1)


def test_identifiers_are_valid_and_each_is_its_own() -> None:
    result = usual()
    named = [entry[name] for entry in result["documents"] for name in ("sop_instance_uid", "series_instance_uid")]
    assert len(set(named)) == 8
    assert all(pydicom.uid.UID(each).is_valid and len(each) <= 64 and each.startswith("2.25.") for each in named)


@pytest.mark.parametrize("language", ["da", "en"])
def test_each_series_has_a_name_of_its_own_with_the_notice(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESULT_LANGUAGE.name, language)
    exam = reported_exam()
    names = [document.SeriesDescription for document in opened(exam, made(exam))]
    assert len(set(names)) == 4
    notice = {"da": "ikke medicinsk udstyr", "en": "not a medical device"}[language]
    assert all(notice in name and len(name.encode()) <= 64 for name in names)


def test_the_same_exam_gives_the_same_bytes() -> None:
    assert made(reported_exam())["documents"] == usual()["documents"]


@pytest.mark.parametrize(
    "facts",
    [{"score": 9}, {"model": False}, {"policy": "triage 3@sha256:" + "c" * 64}],
    ids=["score", "model", "policy"],
)
def test_another_result_is_another_document(facts: dict[str, Any]) -> None:
    assert not instances(usual()) & instances(made(reported_exam(**facts)))


def test_another_item_is_another_document() -> None:
    exam = reported_exam()
    other = replace(exam, item=replace(exam.item, reference="another/1"))
    assert not instances(usual()) & instances(made(other))


def instances(result: dict[str, Any]) -> set[str]:
    return {entry["sop_instance_uid"] for entry in result["documents"]}


def test_another_language_is_another_document(monkeypatch: pytest.MonkeyPatch) -> None:
    danish = usual()
    monkeypatch.setenv(RESULT_LANGUAGE.name, "en")
    english = made(reported_exam())
    assert not {each["object"] for each in danish["documents"]} & {each["object"] for each in english["documents"]}
    assert kinds(english) == ALL


def test_dates_are_when_the_images_arrived_in_danish_time() -> None:
    exam = reported_exam()
    for document in opened(exam, made(exam)):
        assert (document.SeriesDate, document.SeriesTime) == ("20261124", "082000")
        assert (document.InstanceCreationDate, document.InstanceCreationTime) == ("20261124", "082000")


def test_an_exam_that_was_not_scored_is_told_without_a_picture() -> None:
    assert kinds(made(reported_exam(None))) == ALL[:2]


def test_nothing_is_told_of_a_woman_who_objected() -> None:
    assert kinds(made(reported_exam(None, model=False, objected=True, reasons=["objected"]))) == []


def test_a_hidden_score_is_not_shown_by_way_of_the_pacs() -> None:
    assert kinds(made(reported_exam(hide_score=True))) == []
    assert kinds(made(reported_exam(None, hide_score=True))) == ALL[:2]


def test_nothing_is_made_unless_results_are_to_be_returned() -> None:
    exam = reported_exam()
    item = replace(exam.item, payload={**exam.item.payload, "return_results": False})
    assert kinds(with_documents(item, exam.result, exam.store)) == []


def test_the_result_names_nobody_and_the_documents_name_the_woman() -> None:
    exam = reported_exam()
    result = made(exam)
    assert not [secret for secret in ("2512489996", "Berggren", "19481225") if secret in json.dumps(result)]
    for document in opened(exam, result):
        assert (document.PatientID, document.PatientName) == ("2512489996", "Berggren^Nancy Ann")
        assert (document.PatientBirthDate, document.PatientSex) == ("19481225", "F")


def test_letters_of_another_character_set_arrive_as_unicode() -> None:
    files = study_with(SpecificCharacterSet="ISO_IR 100", PatientName="Prøve^Åse", StudyDescription=None)
    exam = reported_exam(files=files)
    for document in opened(exam, made(exam)):
        assert document.SpecificCharacterSet == "ISO_IR 192"
        assert document.PatientName == "Prøve^Åse"


@pytest.mark.parametrize(
    "tags",
    [
        {"PatientName": "A\\B^C\x07", "PatientSex": "female", "PatientBirthDate": "1948"},
        {"StudyDate": "24.11.2026", "StudyTime": "8:15", "ContentDate": "?", "ContentTime": "25"},
        {"PatientOrientation": "P", "ImagerPixelSpacing": "0", "PixelSpacing": "a\\b"},
        {"PatientID": None, "PatientName": None, "StudyID": None, "StudyDate": None, "PatientSex": None},
        {"SpecificCharacterSet": "ISO_IR 999"},
    ],
    ids=["person", "dates", "geometry", "missing", "character set"],
)
@pytest.mark.filterwarnings("ignore:Unknown encoding")  # the character set that there is not
def test_a_strange_header_costs_no_document(tags: dict[str, Any]) -> None:
    exam = reported_exam(files=study_with(**tags))
    result = made(exam)
    assert result["document_problems"] == []
    assert kinds(result) == ALL
    for document in opened(exam, result):
        assert document.StudyDate in {"", "20261124"}
        assert document.PatientSex in {"", "F"}


def test_images_that_came_without_file_meta_information_have_documents_too() -> None:
    files = {}
    for view in View:
        file = BytesIO()
        mammogram(view).save_as(file, implicit_vr=False, little_endian=True)
        files[view] = file.getvalue()
    assert b"DICM" not in files[View.RCC][:200]
    assert kinds(made(reported_exam(files=files))) == ALL


def test_no_log_quotes_a_header(caplog: pytest.LogCaptureFixture) -> None:
    number = "2512489996" * 9  # longer than any identifier may be, which pydicom would tell with the value
    exam = reported_exam(files=study_with(PatientID=number, PatientBirthDate="25-12-1948", StudyTime=number))
    result = made(exam)
    assert result["document_problems"] == []
    with disable_value_validation():
        assert opened(exam, result)[0].PatientID == number
    assert "2512489996" not in caplog.text
    assert "1948" not in caplog.text


def test_without_an_identifier_there_is_no_document_and_the_reason_names_the_tag_alone() -> None:
    result = made(reported_exam(files=study_with(SeriesInstanceUID="2512489996 Berggren")))
    assert result["documents"] == []
    (problem,) = result["document_problems"]
    assert problem["error"].startswith("SeriesInstanceUID of an image is missing or not a UID")
    assert "2512489996" not in problem["error"]


def test_of_images_with_different_patient_numbers_nothing_goes_into_anybodys_record() -> None:
    files = {view: part10(mammogram(view)) for view in View}
    files[View.LMLO] = part10(mammogram(View.LMLO, PatientID="0201609995"))
    result = made(reported_exam(None, files=files))
    assert result["documents"] == []
    (problem,) = result["document_problems"]
    assert "different patient numbers" in problem["error"]
    assert "0201609995" not in problem["error"]


def test_an_image_without_a_patient_number_contradicts_nobody() -> None:
    files = {view: part10(mammogram(view)) for view in View}
    files[View.LMLO] = part10(mammogram(View.LMLO, PatientID=None))
    assert made(reported_exam(files=files))["document_problems"] == []


def test_a_language_that_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESULT_LANGUAGE.name, "sv")
    (problem,) = made(reported_exam())["document_problems"]
    assert "Set it to da or en" in problem["error"]


def test_a_store_that_does_not_answer_is_not_a_fault_of_the_exam() -> None:
    class Full:
        def __init__(self, store: Store) -> None:
            self.get = store.get

        def put(self, data: bytes) -> str:
            raise StoreUnavailableError

    exam = reported_exam()
    with pytest.raises(StoreUnavailableError):
        with_documents(exam.item, exam.result, Full(exam.store))


def test_films_of_which_each_view_has_its_own_study_stand_in_the_evidence_with_theirs() -> None:
    files = {view: part10(mammogram(view, StudyInstanceUID=uid("study", view))) for view in View}
    exam = reported_exam(files=files)
    report = opened(exam, made(exam))[0]
    assert report.StudyInstanceUID == uid("study", View.RCC)
    named = {study.StudyInstanceUID for study in report.CurrentRequestedProcedureEvidenceSequence}
    assert named == {uid("study", view) for view in View}
