"""The bundle against what HL7, dk-core and IHE publish, written down here independently of the code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from typing import Any
from uuid import UUID

import pydicom
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhirpathpy import evaluate
from pydicom import Dataset

from samdrift_mammography.reasons import BANNER
from samdrift_mammography.results.comprehensive_sr import comprehensive_sr
from samdrift_mammography.results.fhir.audit_event import Access
from samdrift_mammography.results.fhir.bundle import bundle
from samdrift_mammography.results.fhir.patient import is_cpr, patient
from samdrift_mammography.results.file import part10
from samdrift_mammography.results.wording import Language
from samdrift_mammography.views import View
from samdrift_testing.reported_exam import ReportedExam, reported_exam
from samdrift_testing.screening_study import SPOT_COLUMN, SPOT_ROW, screening_study, uid

ITEM = UUID(int=7)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
ACCESS = Access(person="ann", client="127.0.0.1", server="ris.example", at=AT)

# Required bindings of FHIR R4B (hl7.org/fhir/R4B) that fhir.resources 8.3.0 does not check.
VALUE_SETS = {
    "Bundle.type": {
        *("document", "message", "transaction", "transaction-response", "batch", "batch-response"),
        *("history", "searchset", "collection"),
    },
    "DiagnosticReport.status": {
        *("registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled"),
        *("entered-in-error", "unknown"),
    },
    "Observation.status": {
        *("registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"),
    },
    "ImagingStudy.status": {"registered", "available", "cancelled", "entered-in-error", "unknown"},
    "AuditEvent.action": {"C", "R", "U", "D", "E"},
    "AuditEvent.outcome": {"0", "4", "8", "12"},
    "Patient.gender": {"male", "female", "other", "unknown"},
    "Patient.identifier.use": {"usual", "official", "temp", "secondary", "old"},
    "Patient.name.use": {"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"},
    "Device.deviceName.type": {
        *("udi-label-name", "user-friendly-name", "patient-reported-name", "manufacturer-name", "model-name", "other"),
    },
    "AuditEvent.agent.network.type": {"1", "2", "3", "4", "5"},
}
# dk-core 3.8.0, invariant of DkCoreCprIdentifier.value
DK_CORE_CPR = (
    "value.matches('^((((0[1-9]|1[0-9]|2[0-9]|3[0-1])(01|03|05|07|08|10|12))|((0[1-9]|1[0-9]|2[0-9]|30)(04|06|09|11))"
    "|((0[1-9]|1[0-9]|2[0-9])(02)))[0-9]{6})$')"
)


@cache
def made(score: int | None = 10, *, hidden: bool = False, language: Language = Language.DANISH) -> str:
    report = reported_exam(score, model=score is not None).report(language)
    return bundle(report, item_id=ITEM, issued_at=AT, hidden=hidden, access=ACCESS)


KINDS = pytest.mark.parametrize(
    ("score", "hidden"), [(10, False), (None, False), (10, True)], ids=["scored", "not scored", "hidden"]
)


def resources(text: str) -> dict[str, list[dict[str, Any]]]:
    """Type -> resources, in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in json.loads(text)["entry"]:
        found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return found


def values_at(resource: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield resource
        return
    for each in resource if isinstance(resource, list) else [resource]:
        if path[0] in each:
            value = each[path[0]]
            for one in value if isinstance(value, list) else [value]:
                yield from values_at(one, path[1:])


@KINDS
def test_every_code_is_one_of_its_value_set(score: int | None, hidden: bool) -> None:
    text = made(score, hidden=hidden)
    whole = json.loads(text)
    assert whole["type"] in VALUE_SETS["Bundle.type"]
    found = resources(text)
    seen = set()
    for name, allowed in VALUE_SETS.items():
        kind, *path = name.split(".")
        for resource in found.get(kind, []):
            for value in values_at(resource, path):
                assert value in allowed, name
                seen.add(name)
    assert {"DiagnosticReport.status", "AuditEvent.action", "Patient.gender"} <= seen


@KINDS
def test_hl7_s_models_read_it_and_every_reference_leads_somewhere(score: int | None, hidden: bool) -> None:
    text = made(score, hidden=hidden)
    Bundle.model_validate_json(text)
    urls = {entry["fullUrl"] for entry in json.loads(text)["entry"]}
    referred = set(strings(json.loads(text), "reference"))
    assert referred
    assert referred <= urls


def strings(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == key:
                yield inner
            else:
                yield from strings(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, key)


def test_the_report_is_preliminary_and_says_what_it_is_not() -> None:
    (report,) = resources(made(language=Language.ENGLISH))["DiagnosticReport"]
    assert report["status"] == "preliminary"
    assert report["conclusion"].startswith(BANNER)
    assert (report["code"]["coding"][0]["system"], report["code"]["coding"][0]["code"]) == (
        "http://loinc.org",
        "24606-6",
    )
    assert report["subject"]["reference"]
    (danish,) = resources(made())["DiagnosticReport"]
    assert danish["conclusion"].startswith("Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør.")


def test_the_study_lists_the_images_of_the_exam() -> None:
    (study,) = resources(made())["ImagingStudy"]
    assert study["identifier"] == [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid('study', 1)}"}]
    assert study["modality"][0]["code"] == "MG"
    assert [each["uid"] for each in study["series"][0]["instance"]] == [uid("image", 1, view) for view in View]
    assert study["numberOfInstances"] == 4


def test_the_model_is_named_with_version_and_digest() -> None:
    (device,) = resources(made())["Device"]
    assert {each["type"]["text"]: each["value"] for each in device["version"]} == {
        "version": "7",
        "digest": "sha256:" + "b" * 64,
    }
    assert "Device" not in resources(made(None))


def test_an_exam_without_a_score_says_so() -> None:
    observation, reading = resources(made(None))["Observation"]
    assert reading["valueCodeableConcept"]["coding"][0]["code"] == "double"
    assert "valueInteger" not in observation
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "not-performed"


def test_nothing_of_a_hidden_score_is_said() -> None:
    found = resources(made(hidden=True))
    assert "Observation" not in found
    (report,) = found["DiagnosticReport"]
    assert (report["status"], "result" in report) == ("registered", False)
    assert report["conclusion"] == "Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør."


# --- the same exam as a DICOM report


def items_of(tree: Dataset, code: str) -> Iterator[Dataset]:
    """Every content item with this concept name, in the order of the tree (by pydicom alone)."""
    for item in tree.get("ContentSequence", ()):
        named = item.get("ConceptNameCodeSequence")
        if named and named[0].CodeValue == code:
            yield item
        yield from items_of(item, code)


def value_of(item: Dataset) -> str:
    return str(item.ConceptCodeSequence[0].CodeValue)


def test_the_dicom_report_and_the_resources_say_the_same() -> None:
    exam = reported_exam(8, density={"class": "C", "probabilities": [0.0, 0.1, 0.8, 0.1]})
    sr = pydicom.dcmread(BytesIO(part10(comprehensive_sr(exam.report()))))
    later = ReportedExam(store=exam.store, item=exam.item, result=json.loads(json.dumps(exam.result)))  # as the ledger
    score, reading, density, *marks = resources(bundle(later.report(), item_id=ITEM, issued_at=AT))["Observation"]
    (scored,) = items_of(sr, "suspicion-score")
    assert (value_of(scored), score["valueInteger"]) == ("score-8", 8)
    for code, observation in (("reading", reading), ("129715009", density)):  # the second: breast composition
        (item,) = items_of(sr, code)
        assert value_of(item) == observation["valueCodeableConcept"]["coding"][0]["code"]
    assert value_of(item) == "129718006"  # heterogeneously dense
    assert len(marks) == 2
    assert [mark["identifier"][0]["value"] for mark in marks] == [
        f"urn:oid:{item.UID}" for item in items_of(sr, "112040")
    ]


def test_marks_have_the_side_the_place_and_the_image_of_the_dicom_report() -> None:
    exam = reported_exam()
    sr = pydicom.dcmread(BytesIO(part10(comprehensive_sr(exam.report()))))
    marks = [each for each in resources(made())["Observation"] if "component" in each]
    sides = {"7771000": "80248007", "24028007": "73056007"}  # left, right: CID 244 -> CID 6022
    regions, laterality = list(items_of(sr, "111030")), list(items_of(sr, "272741003"))
    assert len(regions) == len(laterality) == len(marks) == 2
    for mark, region, side in zip(marks, regions, laterality, strict=True):
        assert mark["bodySite"]["coding"][0]["code"] == sides[value_of(side)]
        image = region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        assert mark["derivedFrom"][0]["identifier"]["value"] == f"urn:oid:{image}"
        centre = [component["valueQuantity"]["value"] for component in mark["component"][:2]]
        assert centre == pytest.approx(list(region.GraphicData[:2]), abs=0.01)
        assert centre == pytest.approx([SPOT_COLUMN, SPOT_ROW], abs=0.01)


# --- whom it is about


def heading(**values: str) -> Dataset:
    made = Dataset()
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        setattr(made, keyword, values.get(keyword, ""))
    if issuer := values.get("IssuerOfPatientID"):
        made.IssuerOfPatientID = issuer
    return made


@pytest.mark.parametrize("number", ["0108589995", "0201609995", "2512489996"])
def test_a_cpr_number_is_danish_core_s_identifier(number: str) -> None:
    found = patient(heading(PatientID=number, PatientName="Berggren^Nancy Ann"))
    (identifier,) = found["identifier"]
    assert identifier == {"use": "official", "system": "urn:oid:1.2.208.176.1.2", "value": number}
    assert evaluate(identifier, DK_CORE_CPR, {}) == [True]
    assert found["meta"]["profile"] == ["http://hl7.dk/fhir/core/StructureDefinition/dk-core-patient"]
    assert found["name"] == [{"use": "official", "family": "Berggren", "given": ["Nancy", "Ann"]}]


# days, months and lengths that dk-core refuses; none of them can be anybody's number
@pytest.mark.parametrize("number", ["3202589995", "3004009995X", "3102589995", "0013589995", "12345", "ABC"])
def test_other_numbers_are_the_hospital_s_own(number: str) -> None:
    (identifier,) = patient(heading(PatientID=number, IssuerOfPatientID="PACS"))["identifier"]
    assert identifier == {"value": number, "assigner": {"display": "PACS"}}
    assert evaluate({"value": number}, DK_CORE_CPR, {}) == [False]
    assert not is_cpr(number)


def test_a_dash_is_no_part_of_the_number() -> None:
    (identifier,) = patient(heading(PatientID=" 010858-9995 "))["identifier"]
    assert identifier["value"] == "0108589995"


def test_what_the_header_does_not_say_is_not_made_up() -> None:
    assert patient(heading()) == {"resourceType": "Patient", "gender": "unknown"}


def test_who_she_is_stands_in_the_patient_alone() -> None:
    found = resources(made())
    for kind, each in found.items():
        text = json.dumps(each, ensure_ascii=False)
        assert any(word in text for word in ("2512489996", "Berggren", "1948-12-25")) is (kind == "Patient")


# --- who was given it (IHE BALP, PatientRead)


def test_a_read_is_told_as_ihe_asks() -> None:
    found = resources(made())
    (event,) = found["AuditEvent"]
    assert event["type"]["code"] == "rest"
    assert {each["code"] for each in event["subtype"]} == {"read"}
    assert (event["action"], event["outcome"]) == ("R", "0")
    agents = {each["type"]["coding"][0]["code"]: each for each in event["agent"]}
    assert agents.keys() == {"110152", "110153", "IRCP"}
    for role in ("110152", "110153"):
        assert agents[role]["who"]
        assert agents[role]["network"]["address"]
        assert not {"role", "altId", "name", "location", "policy", "media", "purposeOfUse"} & agents[role].keys()
    assert agents["IRCP"]["requestor"] is True
    assert "network" not in agents["IRCP"]
    entities = {each["type"]["code"]: each for each in event["entity"]}
    assert (entities["1"]["role"]["code"], entities["2"]["role"]["code"]) == ("1", "4")
    assert entities["1"]["what"]["type"] == "Patient"
    assert entities["2"]["what"]["type"] == "DiagnosticReport"
    assert not {"lifecycle", "name", "query", "detail"} & {key for each in entities.values() for key in each}


def test_films_of_two_studies_are_two_studies() -> None:
    files = screening_study()
    other = screening_study(2)
    exam = reported_exam(files={View.RCC: files[View.RCC], View.LCC: other[View.LCC]}, marks={})
    found = resources(bundle(exam.report(), item_id=ITEM, issued_at=AT))
    assert [study["identifier"][0]["value"] for study in found["ImagingStudy"]] == [
        f"urn:oid:{uid('study', number)}" for number in (1, 2)
    ]
