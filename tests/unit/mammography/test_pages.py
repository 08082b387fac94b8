from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import httpx
import pytest

from samdrift_mammography import pages
from samdrift_mammography.export import COLUMNS
from samdrift_mammography.hanging import hung
from samdrift_mammography.reasons import BANNER, IMAGE_PROBLEMS, REJECTIONS, SENTENCES
from samdrift_mammography.views import View
from samdrift_mammography.workload import MODEL, workload
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.catalogues import faults, sentences
from samdrift_platform.portal.folders import page_folders
from samdrift_platform.portal.testing import portal_of
from samdrift_testing.in_process import in_process

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DANISH_BANNER = "Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør."
PICTURE = b"\x89PNG..."


def view(name: View, *marks: Mapping[str, float], **fields: Any) -> dict[str, Any]:
    picture = {"object": "sha256:1", "columns": 200, "rows": 400}
    known = {"view": str(name), "sop_instance_uid": f"1.2.{name}", "digitised_film": True, "pixel_mm_assumed": True}
    return {**known, "score": 1.5, "marks": list(marks), "picture": picture, "problems": [], **fields}


def item(number: int, state: ItemState = ItemState.DONE, **fields: Any) -> WorkItem:
    """A work item; `payload` and `result` may be given."""
    known: dict[str, Any] = {
        "payload": {"kind": "exam", "exam": f"1.2.{number}", "screening_unit": "unit"},
        "result": {},
        "reason": None,
    }
    return WorkItem(
        id=UUID(int=number),
        submission_id=UUID(int=0),
        workload="mammography",
        tenant="t",
        reference=f"r{number}",
        state=state,
        priority=Priority.CLINICAL,
        deadline=NOW + timedelta(days=3),
        attempt=1,
        models={MODEL: "3@sha256:" + "ab" * 32},
        queued_at=NOW - timedelta(hours=2),
        started_at=NOW,
        finished_at=NOW,
        **(known | fields),
    )


def exam(number: int, score: int | None, reading: str, code: str, unit: str = "unit", **fields: Any) -> WorkItem:
    result = {
        "exam": f"1.2.{number}",
        "screening_unit": unit,
        "score": score,
        "reading": reading,
        "reasons": [code],
        "missing": ["LMLO"],
        "views": [view(each) for each in View],
        "policy": "triage 1@sha256:0",
        "single_reading_up_to": 3,
        "priority_from": 9,
        "reference_population": "women",
        **fields,
    }
    return item(number, result=result, reason="a reason")


MARK = {"x": 0.25, "y": 0.5, "radius": 0.1, "score": 20.0}
EMPTY_FILE = {"kind": "file", "screening_unit": "unit", "position": 9, "files": 10}
GIVEN = [
    exam(1, 2, "single", "low-score"),
    exam(2, None, "double", "missing-views"),
    exam(3, 10, "double, priority", "high-score", views=[view(View.RCC, MARK), view(View.LCC, MARK)]),
    item(4, ItemState.REJECTED, payload=EMPTY_FILE, result={"code": "empty"}, reason="The file has 0 bytes. (empty)"),
    item(5, ItemState.REJECTED, reason="r5 was submitted before with other content."),
    item(6, ItemState.QUEUED),
    item(7, ItemState.FAILED, payload=EMPTY_FILE),
]


@pytest.fixture(scope="module")
def portal() -> Iterator[httpx.BaseTransport]:
    """Pages change nothing of what is given."""
    app = portal_of(workload, items=GIVEN, objects={"sha256:1": PICTURE})
    app.dependency_overrides[pages.now] = lambda: NOW
    with in_process(app) as transport:
        yield transport


@pytest.fixture
def browser(portal: httpx.BaseTransport) -> httpx.Client:
    return httpx.Client(transport=portal, base_url="http://portal.test")


def page(browser: httpx.Client, path: str, language: str = "en") -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def rows_of(text: str, table: str) -> list[str]:
    body = re.search(rf'<table[^>]* id="{table}">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert body, f"there is no table {table}"
    return re.findall(r"<tr>(.*?)</tr>", body[1], re.DOTALL)


def test_exams_stand_in_reading_order_with_score_reading_reason_and_model(browser: httpx.Client) -> None:
    rows = rows_of(page(browser, "/mammography/"), "worklist")
    assert [re.search(r"/exams/([0-9a-f-]+)", row)[1][-1] for row in rows] == ["3", "2", "1"]  # type: ignore[index] # each has one
    for shown in ("Double, priority", "The score is 10 of 10, at least 9", "2 hours", "3@<wbr>abababababab<"):
        assert shown in rows[0].replace("\N{NO-BREAK SPACE}", " ")
    assert "Not scored, because standard views are missing: LMLO. Two radiologists read." in rows[1]
    assert "RCC, LCC, RMLO, LMLO" in rows[2]


def test_refused_files_stand_below_with_their_reason(browser: httpx.Client) -> None:
    rows = rows_of(page(browser, "/mammography/"), "refused")
    assert len(rows) == 2
    assert "File 9 of 10" in rows[0]
    assert REJECTIONS["empty"] in rows[0]
    assert '<span lang="en">r5 was submitted before with other content.</span>' in rows[1]


def test_what_has_no_result_is_not_left_out(browser: httpx.Client) -> None:
    rows = rows_of(page(browser, "/mammography/"), "open")
    assert len(rows) == 2
    assert "Queued" in rows[0]
    assert "Failed" in rows[1]


PATHS = ["/mammography/", *(f"/mammography/exams/{UUID(int=number)}" for number in (1, 2, 3))]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_says_what_it_is_not(browser: httpx.Client, path: str) -> None:
    assert BANNER in page(browser, path)
    assert DANISH_BANNER in page(browser, path, "da")
    assert BANNER not in page(browser, path, "da")


def test_the_list_is_danish_for_danish_readers(browser: httpx.Client) -> None:
    text = page(browser, "/mammography/", "da")
    for shown in (
        "Arbejdsliste til granskning",
        "Ikke scoret, fordi standardoptagelser mangler: LMLO.",
        "Filen er på 0 bytes",
    ):
        assert shown in text


def test_the_file_holds_every_exam_and_refusal_with_the_notice_on_each_line(browser: httpx.Client) -> None:
    answer = browser.get("/mammography/worklist.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(StringIO(answer.text)))
    assert tuple(lines[0]) == COLUMNS
    assert [(line["order"], line["score_1_to_10"], line["reading"]) for line in lines] == [
        ("1", "10", "double, priority"),
        ("2", "", "double"),
        ("3", "2", "single"),
        ("", "", "refused"),
        ("", "", "refused"),
    ]
    assert {line["notice"] for line in lines} == {BANNER}
    assert all(line["reason"] for line in lines)


def test_a_unit_that_looks_like_a_formula_is_harmless_in_a_spreadsheet() -> None:
    app = portal_of(workload, items=[exam(1, 2, "single", "low-score", unit="=1+1")])
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        (line,) = csv.DictReader(StringIO(client.get("/mammography/worklist.csv").text))
    assert line["screening_unit"] == "'=1+1"


def test_marks_are_drawn_and_told(browser: httpx.Client) -> None:
    text = page(browser, PATHS[3])
    assert re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)">', text) == [("50.0", "200.0", "20.0")] * 2
    rows = rows_of(text, "marks")
    assert ["RCC" in rows[0], "LCC" in rows[1]] == [True, True]
    assert all("25%" in row and "50%" in row for row in rows)
    assert "The model marks nothing" in page(browser, PATHS[1])


def test_a_picture_is_served_as_it_was_stored(browser: httpx.Client) -> None:
    answer = browser.get(f"{PATHS[1]}/views/0.png")
    assert (answer.content, answer.headers["content-type"]) == (PICTURE, "image/png")


def test_right_breasts_hang_right_in_frames_of_one_size() -> None:
    small = {"object": "sha256:2", "columns": 150, "rows": 500}
    frames = hung([view(View.RCC, MARK, picture=small), view(View.LCC, picture=None), view(View.LMLO, MARK, MARK)])
    assert [(frame.view, frame.number, frame.left) for frame in frames] == [("RCC", 0, 50), ("LMLO", 2, 0)]
    assert {(frame.width, frame.height) for frame in frames} == {(200, 500)}
    assert [circle.number for frame in frames for circle in frame.circles] == [1, 2, 3]
    assert frames[0].circles[0].x == 50 + 0.25 * 150


def test_every_sentence_of_the_codes_is_on_the_pages_and_in_danish() -> None:
    folder = page_folders([workload])[1]
    assert list(faults(folder)) == []
    assert {*SENTENCES.values(), *IMAGE_PROBLEMS.values(), *REJECTIONS.values(), BANNER} <= sentences(folder).keys()


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("language", ["da", "en"])
def test_every_reason_can_be_shown(code: str, language: str) -> None:
    shown = exam(1, 5, "double", code, views=[view(View.RCC, problems=list(IMAGE_PROBLEMS), score=None)])
    app = portal_of(workload, items=[replace(shown, models={})])
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        text = page(client, "/mammography/", language) + page(client, PATHS[1], language)
    assert "%(" not in text
    assert "radiolog" in text


@pytest.mark.parametrize(
    ("language", "told", "marks"),
    [
        ("en", "Not scored, because scoring is stopped. Two radiologists read.", "No model has looked at the exam."),
        ("da", "Ikke scoret, fordi scoringen er stoppet. To radiologer gransker.", "Ingen model har set på"),
    ],
)
def test_an_exam_of_the_safe_state_says_that_no_model_has_seen_it(language: str, told: str, marks: str) -> None:
    unseen = [view(each, score=None, picture=None) for each in View]
    given = replace(exam(9, None, "double", "stopped", views=unseen, reference_population=None), models={})
    app = portal_of(workload, items=[given])
    app.dependency_overrides[pages.now] = lambda: NOW
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        shown = client.get(f"/mammography/exams/{given.id}", headers={"Accept-Language": language})
        listed = client.get("/mammography/", headers={"Accept-Language": language})
    assert told in shown.text
    assert marks in shown.text
    assert "None" not in shown.text
    assert told in listed.text
