"""Two real exams through the real model: DICOM reports and FHIR resources are about the same marks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, cast
from uuid import UUID

import pydicom
import pytest
from pydicom import Dataset

from samdrift_mammography.results.fhir.bundle import bundle
from samdrift_mammography.results.report import report_of
from samdrift_mammography.results.wording import language_of_setting
from samdrift_mammography.workload import workload
from samdrift_platform.checks import Example
from samdrift_platform.contract import Context, Item, Outcome

Processed = list[tuple[Item, Outcome]]
_TRACKING_UID, _SCORE = "112040", "suspicion-score"


@pytest.fixture(scope="module")
def example(whole: Example) -> Example:
    return Example(document={**whole.document, "return_results": True}, store=whole.store, models=whole.models)


@pytest.fixture(scope="module")
def processed(example: Example) -> Processed:
    items = [item for item in example.items(workload) if item.payload["kind"] == "exam"]
    outcomes = workload.process(items, Context(store=example.store, engine=example.engine(workload)))
    return list(zip(items, outcomes, strict=True))


def values_of(tree: Dataset, code: str) -> list[Any]:
    """Values of every content item with this concept name, in the order of the tree (by pydicom alone)."""
    found = []
    for item in tree.get("ContentSequence", ()):
        named = item.get("ConceptNameCodeSequence")
        if named and named[0].CodeValue == code:
            coded = item.get("ConceptCodeSequence")
            found.append(coded[0].CodeValue if coded else item.get("UID"))
        found += values_of(item, code)
    return found


def resources(example: Example, item: Item, outcome: Outcome) -> list[dict[str, Any]]:
    """As the page makes them: from what the ledger keeps."""
    kept, payload = json.loads(json.dumps(outcome.result)), cast(Any, item.payload)
    result = {name: value for name, value in kept.items() if name not in {"documents", "document_problems"}}
    files = [example.store.get(image["object"]) for image in payload["images"]]
    report = report_of(item, result, files=files, pictures=[None] * len(files), language=language_of_setting())
    text = bundle(report, item_id=UUID(int=1), issued_at=datetime(2026, 11, 24, tzinfo=UTC))
    return [entry["resource"] for entry in json.loads(text)["entry"]]


@pytest.mark.parametrize("kind", ["comprehensive-sr", "mammography-cad-sr"])
def test_marks_and_score_are_the_same_in_every_form(example: Example, processed: Processed, kind: str) -> None:
    assert len(processed) == 2
    for item, outcome in processed:
        result = cast(Any, outcome.result)
        (entry,) = [document for document in result["documents"] if document["kind"] == kind]
        sr = pydicom.dcmread(BytesIO(example.store.get(entry["object"])))
        found = [each for each in resources(example, item, outcome) if each["resourceType"] == "Observation"]
        score, marks = found[0], [each for each in found if "component" in each]
        tracked = {f"urn:oid:{uid}" for uid in values_of(sr, _TRACKING_UID)}
        assert {mark["identifier"][0]["value"] for mark in marks} <= tracked
        assert len(marks) == sum(len(view["marks"]) for view in result["views"])
        if kind == "comprehensive-sr":
            assert values_of(sr, _SCORE) == [f"score-{score['valueInteger']}"] == [f"score-{result['score']}"]
