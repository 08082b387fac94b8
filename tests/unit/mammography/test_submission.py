from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from samdrift_mammography.policy import shipped_policy
from samdrift_mammography.submission import MammographySubmission, split
from samdrift_platform import pseudonyms
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item

TUESDAY = datetime(2026, 11, 24, 8, tzinfo=UTC)


def items(files: Sequence[bytes], **fields: Any) -> list[Item]:
    store = MemoryStore()
    document = {"screening_unit": "unit 1", "received_at": TUESDAY, "objects": [store.put(data) for data in files]}
    return list(split(MammographySubmission.model_validate(document | fields), store))


@pytest.fixture(scope="module")
def views(mammogram: Any, real_pixels: Any) -> list[bytes]:
    """Four small files of one study."""
    return [
        mammogram(real_pixels[::16, ::16], ImageLaterality=side, ViewPosition=view, SOPInstanceUID=f"1.2.{number}")
        for number, (side, view) in enumerate([("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")])
    ]


@pytest.mark.parametrize("urgent", [False, True])
def test_urgent_changes_when_an_exam_is_scored_and_not_which_exam_it_is(views: list[bytes], urgent: bool) -> None:
    (exam,) = items(views, urgent=urgent)
    assert exam.urgent is urgent
    assert exam.reference == items(views)[0].reference


def test_four_views_are_one_exam_with_its_deadline(views: list[bytes]) -> None:
    (exam,) = items(views)
    assert exam.payload["kind"] == "exam"
    assert exam.payload["exam"] == "1.2.826.0.1.3680043.8.498.2"
    assert exam.reference.startswith("1.2.826.0.1.3680043.8.498.2/")
    assert [image["view"] for image in exam.payload["images"]] == ["RCC", "LCC", "RMLO", "LMLO"]  # type: ignore[union-attr, index, call-overload] # JSON
    assert exam.deadline == datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_the_reading_target_can_be_set(views: list[bytes]) -> None:
    (exam,) = items(views, reading_target_working_days=1)
    assert exam.deadline == datetime(2026, 11, 25, 8, tzinfo=UTC)


KINDS = ("view 0", "view 1", "view 2", "view 3", "empty", "text", "cut off")


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_file_is_accounted_for(views: list[bytes], kinds: list[str]) -> None:
    of_kind = {f"view {number}": data for number, data in enumerate(views)}
    of_kind |= {"empty": b"", "text": b"not an image", "cut off": views[0][: len(views[0]) // 2]}
    store = MemoryStore()
    sent = [store.put(of_kind[kind]) for kind in kinds]
    found = items([of_kind[kind] for kind in kinds])
    refused = [item.payload for item in found if item.payload["kind"] == "file"]
    exams = [item.payload for item in found if item.payload["kind"] == "exam"]
    in_exams = {image["object"] for exam in exams for image in exam["images"]}  # type: ignore[union-attr, index, call-overload] # JSON
    by_position = {payload["position"]: payload["object"] for payload in refused}
    assert all(by_position.get(place) == data or data in in_exams for place, data in enumerate(sent, start=1))
    assert len(refused) == sum(not kind.startswith("view") for kind in kinds)
    assert len({item.reference for item in found}) == len(found)


def test_unreadable_files_say_what_is_wrong(views: list[bytes]) -> None:
    found = items([b"", b"text", views[0][:-100]])
    assert [item.payload["code"] for item in found] == ["empty", "not-dicom", "truncated"]
    assert all(item.payload["message"] and item.deadline is None for item in found)


def test_the_same_exam_sent_later_is_the_same_item_and_with_another_image_it_is_not(views: list[bytes]) -> None:
    (first,) = items(views)
    (again,) = items(views[::-1], received_at=TUESDAY + timedelta(days=7))
    (fewer,) = items(views[:3])
    assert (first.reference, first.payload) == (again.reference, again.payload)
    assert fewer.reference != first.reference
    assert fewer.payload["missing"] == ["LMLO"]


def test_an_item_whose_results_go_back_says_when_its_images_came(views: list[bytes]) -> None:
    (kept,) = items(views)
    (returned,) = items(views, return_results=True)
    (elsewhere,) = items(views, return_results=True, received_at=TUESDAY.astimezone(ZoneInfo("Europe/Copenhagen")))
    assert (kept.payload["return_results"], "received_at" in kept.payload) == (False, False)
    assert returned.payload["received_at"] == "2026-11-24T08:00:00+00:00"
    assert (returned.reference, returned.payload) == (elsewhere.reference, elsewhere.payload)


def test_the_last_arrival_dates_the_results_and_the_first_the_target(views: list[bytes]) -> None:
    (first,) = items(views, return_results=True)
    (later,) = items(views, return_results=True, last_received_at=TUESDAY + timedelta(hours=2))
    assert later.payload["received_at"] == "2026-11-24T10:00:00+00:00"
    assert later.deadline == first.deadline


def test_an_exam_brings_its_policy_and_what_that_needs_to_know(views: list[bytes]) -> None:
    study = "1.2.826.0.1.3680043.8.498.2"
    (unknown,), (known,) = items(views), items(views, months_since_recall={study: 7, "1.2": 3})
    assert unknown.payload["policy"] == known.payload["policy"] == shipped_policy().digest
    assert (unknown.payload["months_since_recall"], known.payload["months_since_recall"]) == (None, 7)
    assert unknown.payload["drawn_for_audit"] is shipped_policy().draws_for_audit(study)
    with pytest.raises(ValidationError):
        items(views, months_since_recall={"2512489996": 7})


def test_an_item_concerns_the_woman_by_her_pseudonym(mammogram: Any, real_pixels: Any) -> None:
    small = real_pixels[::16, ::16]
    (named,) = items([mammogram(small), mammogram(small, PatientID=None, SOPInstanceUID="1.2.9")])
    (nobody,) = items([mammogram(small, PatientID=None)])
    assert named.subject == pseudonyms.pseudonym("patient-id", "2512489996")
    assert nobody.subject is None


def test_an_empty_file_of_another_day_is_another_item() -> None:
    (one,), (other,) = items([b""]), items([b""], received_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert one.reference != other.reference


def test_nothing_of_the_person_is_in_an_item(views: list[bytes]) -> None:
    text = repr(items([*views, views[0][:-100]]))
    assert not any(personal in text for personal in ("Berggren", "251248", "1948"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("screening_unit", "251248-9996"),
        ("screening_unit", "unit of 2512489996"),
        ("screening_unit", ""),
        ("received_at", "2026-11-24T08:00:00"),
        ("objects", []),
        ("objects", ["file.dcm"]),
        ("reading_target_working_days", 0),
        ("patient", "anyone"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    (example,) = MammographySubmission.model_json_schema()["examples"]
    with pytest.raises(ValidationError) as caught:
        MammographySubmission.model_validate(example | {field: value})
    assert caught.value.errors()[0]["loc"][0] == field
