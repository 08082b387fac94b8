"""The Store transaction of DICOMweb, PS3.18 section 10.5, over HTTP in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from samdrift_mammography.tables import images, quarantine
from samdrift_mammography.views import View
from samdrift_platform.objects import StoreFullError, StoreUnavailableError
from samdrift_registry.people import Role
from samdrift_testing.arrivals import ONE, OTHER, VIEWS, small_file
from samdrift_testing.governing import opened
from samdrift_testing.hospital import Hospital, hospital
from samdrift_testing.screening_study import mammogram, part10

STUDIES = "/mammography/dicom-web/studies"
MAMMOGRAM = "1.2.840.10008.5.1.4.1.1.1.2"
RELATED = 'multipart/related; type="application/dicom"; boundary="x-y"'


@pytest.fixture
def here(tmp_path: Path, sqlite_url: str) -> Iterator[Hospital]:
    with hospital(tmp_path, sqlite_url) as running:
        yield running


@pytest.fixture
def http(here: Hospital) -> Iterator[httpx.Client]:
    with here.http() as client:
        yield client


def body_of(files: Sequence[bytes], media_type: str = "application/dicom") -> bytes:
    parts = [f"--x-y\r\nContent-Type: {media_type}\r\n\r\n".encode() + file + b"\r\n" for file in files]
    return b"".join([*parts, b"--x-y--"])


def store(http: httpx.Client, files: Sequence[bytes], study: str = "", **headers: str) -> httpx.Response:
    address = f"{STUDIES}/{study}" if study else STUDIES
    return http.post(address, content=body_of(files), headers={"Content-Type": RELATED, **headers})


def answered(response: httpx.Response) -> Dataset:
    assert response.headers["content-type"] == "application/dicom+json"
    return Dataset.from_json(response.text)


def stored(response: httpx.Response) -> list[str]:
    return [item.ReferencedSOPInstanceUID for item in answered(response).get("ReferencedSOPSequence", [])]


def failures(response: httpx.Response, sequence: str = "FailedSOPSequence") -> dict[str, int]:
    return {
        item.get("ReferencedSOPInstanceUID", ""): item.FailureReason for item in answered(response).get(sequence, [])
    }


def rows(here: Hospital, table: sa.Table) -> Sequence[Mapping[str, Any]]:
    with here.ledger.read() as connection:
        return connection.execute(sa.select(table)).mappings().all()  # type: ignore[return-value] # its keys are strings


def test_four_views_are_stored_and_say_so(here: Hospital, http: httpx.Client) -> None:
    response = store(http, [small_file(ONE, view) for view in VIEWS], Accept="application/dicom+json")
    assert response.status_code == 200
    found = answered(response)
    assert [item.ReferencedSOPClassUID for item in found.ReferencedSOPSequence] == [MAMMOGRAM] * 4
    assert stored(response) == [f"{ONE}.{number}" for number in (1, 2, 3, 4)]
    assert "FailedSOPSequence" not in found
    assert {row["source"] for row in rows(here, images)} == {"stow:modality-4"}
    assert here.assembler.step(rows(here, images)[-1]["received_at"]) == 1


def test_an_instance_that_is_here_is_stored(http: httpx.Client) -> None:
    assert store(http, [small_file(ONE, "RCC")]).status_code == 200
    again = store(http, [small_file(ONE, "RCC"), small_file(ONE, "LCC")])
    assert (again.status_code, stored(again)) == (200, [f"{ONE}.1", f"{ONE}.2"])


def test_what_cannot_be_an_exam_is_told_with_its_reason_and_kept(here: Hospital, http: httpx.Client) -> None:
    good = small_file(ONE, "RCC")
    another, cut_off = good[:-1] + b"\1", small_file(ONE, "LCC")[:-40]
    response = store(http, [good, another, b"not DICOM", cut_off])
    assert response.status_code == 202
    assert stored(response) == [f"{ONE}.1"]
    assert failures(response) == {f"{ONE}.1": 0x0111, f"{ONE}.2": 0xC000}
    assert failures(response, "OtherFailuresSequence") == {"": 0xC000}
    assert [row["code"] for row in rows(here, quarantine)] == ["conflicting-copies", "not-dicom", "truncated"]


def test_a_report_is_not_a_mammogram(here: Hospital, http: httpx.Client) -> None:
    report = part10(mammogram(View.RCC, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", PixelData=None))
    response = store(http, [report])
    assert response.status_code == 409
    assert set(failures(response).values()) == {0x0122}
    assert [row["code"] for row in rows(here, quarantine)] == ["not-a-mammogram"]


def test_an_instance_of_another_study_than_the_address_names_is_refused(here: Hospital, http: httpx.Client) -> None:
    mixed = store(http, [small_file(ONE, "RCC"), small_file(OTHER, "RCC")], study=ONE)
    assert (mixed.status_code, stored(mixed), failures(mixed)) == (202, [f"{ONE}.1"], {f"{OTHER}.1": 0x0110})
    none = store(http, [small_file(OTHER, "RCC")], study=ONE)
    assert (none.status_code, stored(none)) == (409, [])
    assert [row["exam"] for row in rows(here, images)] == [ONE]


@pytest.mark.parametrize(("error", "status"), [(StoreFullError(), 507), (StoreUnavailableError(), 503)])
def test_where_nothing_can_be_kept_the_sender_hears_that_it_is_our_trouble(
    here: Hospital, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def refuse(data: bytes) -> str:
        raise error

    monkeypatch.setattr(here.app.state.store, "put", refuse)
    response = store(http, [small_file(ONE, "RCC")])
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert rows(here, images) == []


def test_what_is_kept_before_the_store_is_full_is_told(
    here: Hospital, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, room = here.app.state.store.put, iter([True, False])

    def until_full(data: bytes) -> str:
        if not next(room):
            raise StoreFullError
        return str(put(data))

    monkeypatch.setattr(here.app.state.store, "put", until_full)
    response = store(http, [small_file(ONE, "RCC"), small_file(ONE, "LCC")])
    assert response.status_code == 202
    assert (stored(response), failures(response)) == ([f"{ONE}.1"], {f"{ONE}.2": 0xA700})


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/dicom"}, b"x", 415),
        ({"Content-Type": 'multipart/related; type="application/dicom+json"; boundary=x-y'}, b"x", 415),
        ({"Content-Type": 'multipart/related; type="application/dicom"'}, b"x", 400),
        ({"Content-Type": RELATED}, b"", 400),
        ({"Content-Type": RELATED}, b"nothing of the kind", 400),
        ({"Content-Type": RELATED}, b"--x-y--", 400),
        ({"Content-Type": RELATED}, body_of([b"x"])[:-2], 400),
        ({"Content-Type": RELATED, "Accept": "application/dicom+xml"}, body_of([b"x"]), 406),
        ({"Content-Type": RELATED, "Accept": "application/dicom+json;q=0"}, body_of([b"x"]), 406),
        ({"Content-Type": RELATED}, body_of([bytes(9 * 2**20)]), 413),
    ],
)
def test_a_request_that_is_not_one_is_a_problem(
    http: httpx.Client, headers: dict[str, str], body: bytes, status: int
) -> None:
    response = http.post(STUDIES, content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_a_message_of_more_parts_than_anyone_needs_is_broken_off(
    here: Hospital, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samdrift_mammography.stow.MOST_INSTANCES", 2)
    response = store(http, [small_file(ONE, "RCC"), b"", b""])
    assert response.status_code == 413
    assert len(rows(here, images)) == 1


chunks = st.sampled_from(
    [
        b"--x-y",
        b"--x-y--",
        b"\r\n",
        b"\r\n--x-y\r\n",
        b"Content-Type: application/dicom\r\n",
        b": ",
        b"DICM",
        b"\0" * 132,
    ]
)


@given(st.lists(chunks | st.binary(max_size=20) | st.just(small_file(ONE, "RCC")), max_size=12), st.binary(max_size=12))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered_and_none_is_our_fault(http: httpx.Client, sent: list[bytes], end: bytes) -> None:
    response = http.post(STUDIES, content=b"".join(sent) + end, headers={"Content-Type": RELATED})
    assert response.status_code in {200, 202, 400, 409}
    assert response.headers["content-type"] in {"application/dicom+json", "application/problem+json"}


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_headers_are_answered_and_none_are_our_fault(http: httpx.Client, kind: str, accept: str) -> None:
    for content_type in (kind, f"multipart/related; {kind}", f"multipart/related; boundary={kind}"):
        headers = [(b"Content-Type", content_type.encode("latin-1")), (b"Accept", accept.encode("latin-1"))]
        response = http.post(STUDIES, content=body_of([b"x"]), headers=headers)
        assert response.status_code in {400, 406, 409, 415}


def test_a_part_of_another_kind_is_not_stored(here: Hospital, http: httpx.Client) -> None:
    body = body_of([small_file(ONE, "RCC")], media_type="application/dicom+json")
    response = http.post(STUDIES, content=body, headers={"Content-Type": RELATED})
    assert (response.status_code, rows(here, images)) == (409, [])


def test_strangers_and_auditors_store_nothing(here: Hospital) -> None:
    office = opened(here.ledger, here.app.state.settings.home)
    office.governance.appoint("aida", [Role.AUDITOR], actor="operator", now=office.now)
    with here.http("aida") as auditor:
        assert store(auditor, [small_file(ONE, "RCC")]).status_code == 403
        assert store(auditor, [small_file(ONE, "RCC")], Authorization="Bearer guessed").status_code == 401
    assert rows(here, images) == []


def test_no_answer_quotes_the_person(here: Hospital, http: httpx.Client) -> None:
    good = small_file(ONE, "RCC")
    response = store(http, [good, good[:-1] + b"\1", good[: len(good) // 2]])
    assert not any(personal in response.text for personal in ("Berggren", "251248", "1948"))
