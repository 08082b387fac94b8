from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from shutil import copy
from typing import Any
from uuid import UUID

import pytest

from samdrift_mammography import tables
from samdrift_mammography.export import COLUMNS
from samdrift_mammography.hanging import hung
from samdrift_mammography.pages import worklist
from samdrift_mammography.reasons import BANNER, IMAGE_FINDINGS, IMAGE_PROBLEMS, REJECTIONS, SENTENCES
from samdrift_mammography.views import View
from samdrift_mammography.workload import workload
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.catalogues import faults, sentences
from samdrift_platform.portal.folders import page_folders
from samdrift_testing.screening import Centre, Visit, portal
from samdrift_testing.work import NOW

DANISH_BANNER = "Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør."
PICTURE = b"\x89PNG..."
OBJECTS = {"sha256:1": PICTURE, "sha256:2": b"heat"}
MARK = {"x": 0.25, "y": 0.5, "radius": 0.1, "score": 20.0}
HIDDEN: dict[str, Any] = {"score": 10, "reading": "double, priority", "reasons": ["high-score"], "hide_score": True}


def view(name: View, *marks: Mapping[str, float], **fields: Any) -> dict[str, Any]:
    picture = {"object": "sha256:1", "columns": 200, "rows": 400}
    known = {"view": str(name), "sop_instance_uid": f"1.2.{name}", "digitised_film": True, "pixel_mm_assumed": True}
    return {**known, "score": 1.5, "marks": list(marks), "picture": picture, "problems": [], **fields}


FOUR = [view(each) for each in View]


@pytest.fixture(scope="module")
def pages() -> Iterator[Callable[[Ledger], Visit]]:
    with portal(OBJECTS) as opened:
        yield opened


@pytest.fixture(scope="module")
def every_kind(sqlite_template: Path, module_path: Path) -> Iterator[Ledger]:
    path = copy(sqlite_template, module_path / "ledger.db")
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def exams(every_kind: Ledger) -> dict[str, UUID]:
    """Exams of every kind, for tests that only look."""
    centre = Centre(every_kind)
    exam = centre.exam
    both = [view(View.RCC, MARK), view(View.LCC, MARK)]
    found = {
        "low": exam("1.2.1", score=2, reading="single", reasons=["low-score"], views=FOUR),
        "unscored": exam("1.2.2", score=None, reasons=["missing-views"], missing=["LMLO"], views=FOUR[:3]),
        "high": exam("1.2.3", score=10, reading="double, priority", reasons=["high-score"], views=both),
    }
    centre.refused("empty", position=9, files=10)
    centre.queued("1.2.6")
    return found


@pytest.fixture
def shown(pages: Callable[[Ledger], Visit], every_kind: Ledger, exams: dict[str, UUID]) -> Visit:
    visit = pages(every_kind)
    visit.exams |= exams
    return visit


@pytest.fixture
def visit(pages: Callable[[Ledger], Visit], sqlite_template: Path, tmp_path: Path) -> Iterator[Visit]:
    path = copy(sqlite_template, tmp_path / "ledger.db")
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        yield pages(ledger)


def rows_of(text: str, table: str) -> list[str]:
    body = re.search(rf'<table[^>]* id="{table}">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert body, f"there is no table {table}"
    return re.findall(r"<tr[^>]*>(.*?)</tr>", body[1], re.DOTALL)


def exam_of(row: str) -> str:
    found = re.search(r"/exams/([0-9a-f-]+)", row)
    assert found
    return found[1]


def test_exams_stand_in_reading_order_with_score_reading_reason_and_model(shown: Visit) -> None:
    rows = rows_of(shown.page("/mammography/"), "worklist")
    assert [exam_of(row) for row in rows] == [str(shown.exams[name]) for name in ("high", "unscored", "low")]
    for part in ("Double, priority", "The score is 10 of 10, at least 9", "2 hours", "Not sent"):
        assert part in rows[0].replace("\N{NO-BREAK SPACE}", " ")
    assert "Not scored, because standard views are missing: LMLO. Two radiologists read." in rows[1]
    assert "RCC, LCC, RMLO, LMLO" in rows[2]


def test_the_list_says_how_many_files_were_refused_for_what(shown: Visit) -> None:
    text = shown.page("/mammography/")
    assert re.search(r"0 bytes <strong>1</strong>", text)
    rows = rows_of(shown.page("/mammography/refused"), "refused")
    assert len(rows) == 1
    assert "File 9 of 10" in rows[0]
    assert REJECTIONS["empty"] in rows[0]


def test_what_has_no_result_is_not_left_out(shown: Visit) -> None:
    (row,) = rows_of(shown.page("/mammography/"), "open")
    assert "1.<wbr>2.<wbr>6" in row
    assert "Queued" in row


def paths(visit: Visit) -> list[str]:
    fixed = ["/mammography/", "/mammography/waiting", "/mammography/refused", "/mammography/agreement"]
    fixed.append("/mammography/quality")
    return fixed + [visit.at(name) for name in visit.exams]


def test_every_page_says_what_it_is_not(shown: Visit) -> None:
    for path in paths(shown):
        assert BANNER in shown.page(path)
        assert DANISH_BANNER in shown.page(path, "da")
        assert BANNER not in shown.page(path, "da")


def test_the_list_is_danish_for_danish_readers(shown: Visit) -> None:
    text = shown.page("/mammography/", "da") + shown.page("/mammography/refused", "da")
    for part in (
        "Arbejdsliste til granskning",
        "Ikke scoret, fordi standardoptagelser mangler: LMLO.",
        "Filen er på 0 bytes",
    ):
        assert part in text


def test_the_file_holds_every_exam_and_refusal_with_the_notice_on_each_line(shown: Visit) -> None:
    answer = shown.get("/mammography/worklist.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(StringIO(answer.text)))
    assert tuple(lines[0]) == COLUMNS
    assert [(line["order"], line["score_1_to_10"], line["reading"]) for line in lines] == [
        ("1", "10", "double, priority"),
        ("2", "", "double"),
        ("3", "2", "single"),
        ("", "", "refused"),
    ]
    assert {line["notice"] for line in lines} == {BANNER}
    assert all(line["reason"] for line in lines)


def test_a_unit_that_looks_like_a_formula_is_harmless_in_a_spreadsheet(visit: Visit) -> None:
    visit.centre.exam("1.2", screening_unit="=1+1")
    (line,) = csv.DictReader(StringIO(visit.get("/mammography/worklist.csv").text))
    assert line["screening_unit"] == "'=1+1"


def test_marks_are_drawn_and_told(shown: Visit) -> None:
    text = shown.page(shown.at("high"))
    assert re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)">', text) == [("50.0", "200.0", "20.0")] * 2
    rows = rows_of(text, "marks")
    assert ["RCC" in rows[0], "LCC" in rows[1]] == [True, True]
    assert all("25%" in row and "50%" in row for row in rows)
    assert "The model marks nothing" in shown.page(shown.at("low"))


def test_the_number_of_a_mark_near_the_edge_stands_on_its_other_side(visit: Visit) -> None:
    item = visit.centre.exam("1.2", score=10, views=[view(View.RCC, MARK, {**MARK, "x": 0.9})])
    numbers = re.findall(
        r'<text (x="[\d.]+"(?: text-anchor="end")?) y="200.0">', visit.page(f"/mammography/exams/{item}")
    )
    assert numbers == ['x="74.0"', 'x="156.0" text-anchor="end"']


def test_the_place_of_a_view_that_is_missing_stays_empty(visit: Visit) -> None:
    left = [view(View.LCC), view(View.LMLO)]
    item = visit.centre.exam("1.2", score=None, reasons=["missing-views"], missing=["RCC", "RMLO"], views=left)
    text = visit.page(f"/mammography/exams/{item}")
    places = re.findall(r'class="absent"><p>(\w+): no picture|<li data-view="(\w+)"', text)
    assert places == [("RCC", ""), ("", "LCC"), ("RMLO", ""), ("", "LMLO")]


def test_a_picture_is_served_as_it_was_stored(shown: Visit) -> None:
    answer = shown.get(f"{shown.at('low')}/views/0.png")
    assert (answer.content, answer.headers["content-type"]) == (PICTURE, "image/png")
    assert shown.get(f"{shown.at('low')}/views/0/heat-map.png").status_code == 404
    assert shown.get(f"{shown.at('low')}/views/4.png").status_code == 404


def test_right_breasts_hang_right_in_frames_of_one_size() -> None:
    small = {"object": "sha256:2", "columns": 150, "rows": 500}
    unreadable = view(View.LCC, picture=None, problems=["undecodable"])
    frames = hung([view(View.RCC, MARK, picture=small), unreadable, view(View.LMLO, MARK, MARK)])
    assert [(frame.view, frame.number, frame.left) for frame in frames] == [("RCC", 0, 50), ("LMLO", 2, 0)]
    assert {(frame.width, frame.height) for frame in frames} == {(200, 500)}
    assert [circle.number for frame in frames for circle in frame.circles] == [1, 2, 3]
    assert frames[0].circles[0].x == 50 + 0.25 * 150


def test_what_was_not_scored_hangs_beside_the_rest_and_says_that_its_scale_is_another() -> None:
    unscored = view(View.LCC, picture=None, problems=["implant"])
    frames = hung([view(View.RCC, MARK), unscored, unscored, view(View.LMLO)])
    assert [(frame.view, frame.number, frame.fitted) for frame in frames] == [
        ("RCC", 0, False),
        ("LCC", 1, True),
        ("LMLO", 3, False),
    ]
    assert {(frame.width, frame.height) for frame in frames} == {(200, 400)}


def test_every_sentence_of_the_codes_is_on_the_pages_and_in_danish() -> None:
    folder = page_folders([workload])[1]
    assert list(faults(folder)) == []
    assert {*SENTENCES.values(), *IMAGE_PROBLEMS.values(), *REJECTIONS.values(), BANNER} <= sentences(folder).keys()


def test_every_reason_can_be_shown(visit: Visit) -> None:
    problems = [view(View.RCC, problems=[*IMAGE_PROBLEMS, "newer"], quality=[*IMAGE_FINDINGS, "newer"], score=None)]
    for code in SENTENCES:
        visit.exams[code] = visit.centre.exam(f"1.{len(visit.exams)}", reasons=[code], views=problems)
    for language in ("da", "en"):
        rows = rows_of(visit.page("/mammography/", language), "worklist")
        assert len(rows) == len(SENTENCES)
        assert all("radiolog" in row and "%(" not in row for row in rows)
        assert "%(" not in visit.page(visit.at("low-score"), language)


@pytest.mark.parametrize(
    ("language", "told", "marks"),
    [
        ("en", "Not scored, because scoring is stopped. Two radiologists read.", "No model has looked at the exam."),
        ("da", "Ikke scoret, fordi scoringen er stoppet. To radiologer gransker.", "Ingen model har set på"),
    ],
)
def test_an_exam_of_the_safe_state_says_that_no_model_has_seen_it(
    visit: Visit, language: str, told: str, marks: str
) -> None:
    unseen = [view(each, score=None, picture=None) for each in View]
    visit.exams["one"] = visit.centre.exam(
        "1.9", score=None, reasons=["stopped"], views=unseen, reference_population=None
    )
    text = visit.page(visit.at("one"), language)
    assert told in text
    assert marks in text
    assert "None" not in text
    assert told in visit.page("/mammography/", language)


def test_a_document_that_could_not_be_made_is_told(visit: Visit) -> None:
    problem = {"kind": "mammography-cad-sr", "error": "SeriesInstanceUID of an image is missing."}
    visit.exams["one"] = visit.centre.exam("1.2.1", views=FOUR, document_problems=[problem])
    text = visit.page(visit.at("one"))
    assert "could not be made (mammography-cad-sr)" in text
    assert "SeriesInstanceUID of an image is missing." in text
    assert "kunne ikke laves (mammography-cad-sr)" in visit.page(visit.at("one"), "da")


def test_nothing_of_a_hidden_score_is_shown_before_the_own_decision(visit: Visit) -> None:
    heated = [view(each, MARK, heat_map={"object": "sha256:2"}, score=0.987) for each in View]
    visit.exams["one"] = visit.centre.exam("1.2", **HIDDEN, views=heated)
    path = visit.at("one")
    for text in (visit.page("/mammography/"), visit.page(path), visit.get("/mammography/worklist.csv").text):
        assert not re.search(r"10 of 10|0\.99|Double, priority</[td]|double, priority,|<circle|heat-map", text)
        assert "idden" in text
    assert "/items/" not in visit.page(path)
    assert visit.get(f"{path}/views/0/heat-map.png").status_code == 404
    assert visit.decide("one", "recall").status_code == 303
    text = visit.page(path)
    assert text.count("<circle") == 4
    for part in ("10 of 10", "The score points the same way.", "heat-map", "/items/"):
        assert part in text
    assert visit.get(f"{path}/views/0/heat-map.png").content == b"heat"
    assert "10 of 10" not in visit.page(path, reader="bo")


def test_an_earlier_entry_tells_no_score_while_its_later_views_are_unread(visit: Visit) -> None:
    visit.exams["early"] = visit.centre.exam("1.2", **HIDDEN)
    visit.exams["late"] = visit.centre.exam("1.2", **HIDDEN)
    assert "10 of 10" not in visit.page(visit.at("early"))
    for reader in ("ann", "bo"):
        visit.decide("late", "recall", reader)
    assert "10 of 10" in visit.page(visit.at("early"), reader="cy")


def test_readers_decide_independently_and_a_third_settles_it(visit: Visit) -> None:
    visit.exams["one"] = visit.centre.exam("1.2", score=5)
    visit.decide("one", "recall", "ann")
    assert "ann decided" not in visit.page(visit.at("one"), reader="bo")
    visit.decide("one", "no_recall", "bo")
    assert "Two readers differ" in visit.page(visit.at("one"), reader="cy")
    third = visit.page(visit.at("one"), reader="cy")
    assert all(f"{name} decided" in third for name in ("ann", "bo"))
    visit.decide("one", "no_recall", "cy")
    for reader in ("ann", "bo", "cy", "dot"):
        text = re.sub(r"\s+", " ", visit.page(visit.at("one"), reader=reader))
        assert "In the end: <strong>No recall</strong> (a third reader decided)" in text


def test_a_decision_is_final(visit: Visit) -> None:
    visit.exams["one"] = visit.centre.exam("1.2", score=5)
    visit.decide("one", "recall")
    assert visit.decide("one", "recall").status_code == 303
    other = visit.decide("one", "no_recall")
    assert other.status_code == 409
    assert "Nothing was recorded" in other.text
    assert "<strong>Recall</strong>" in visit.page(visit.at("one"))


@pytest.mark.parametrize(
    ("score", "decision", "said"),
    [
        (10, "recall", "points the same way"),
        (10, "no_recall", "points the other way"),
        (2, "no_recall", "points the same way"),
        (2, "recall", "points the other way"),
        (5, "recall", "points neither way"),
        (None, "recall", "no score to compare"),
    ],
)
def test_a_decision_is_set_beside_the_score(visit: Visit, score: int | None, decision: str, said: str) -> None:
    visit.exams["one"] = visit.centre.exam("1.2", score=score)
    visit.decide("one", decision)
    assert said in visit.page(visit.at("one"))


def test_the_next_exam_in_order_is_one_step_away(visit: Visit) -> None:
    for score in (9, 6, 3):
        visit.exams[str(score)] = visit.centre.exam(f"1.{score}", score=score)
    visit.decide("9", "recall")
    assert f'button-primary" href="{visit.at("6")}"' in visit.page(visit.at("9"))
    assert f'button-secondary" href="{visit.at("3")}"' in visit.page(visit.at("6"))


def test_later_views_stand_first_and_lead_to_what_was_before(visit: Visit) -> None:
    visit.exams["early"] = visit.centre.exam("1.2", score=None, reasons=["missing-views"], missing=["LMLO"])
    visit.exams["late"] = visit.centre.exam("1.2", score=9)
    (row,) = rows_of(visit.page("/mammography/"), "worklist")
    assert exam_of(row) == str(visit.exams["late"])
    assert "Earlier entries: 1" in row
    assert visit.at("early") in visit.page(visit.at("late"))
    assert f'<a href="{visit.at("late")}">Newest entry</a>' in visit.page(visit.at("early"))
    assert visit.decide("early", "recall").status_code == 409


def test_an_entry_without_a_result_is_shown_as_the_item_that_it_is(visit: Visit) -> None:
    visit.exams["early"] = visit.centre.exam("1.2", score=9)
    visit.centre.queued("1.2")
    text = visit.page(visit.at("early"))
    (newest,) = re.findall(r'<a href="/items/([0-9a-f-]+)">Newest entry</a>', text)
    assert newest in rows_of(visit.page("/mammography/"), "open")[0]
    assert "No result yet" in text


def test_a_filter_stays_with_the_pages_and_a_civil_number_is_not_looked_for(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "PAGE", 3)
    for number in range(5):
        visit.centre.exam(f"1.{number}", score=6)
    visit.centre.exam("2.1", score=7)
    text = visit.page("/mammography/?scored=yes&exam=1.")
    after = re.search(r'href="/mammography/\?([^"]*)after=(\d+)"', text)
    assert after
    assert "scored=yes" in after[1]
    assert "exam=1." in after[1]
    second = visit.page(f"/mammography/?scored=yes&exam=1.&after={after[2]}")
    assert len(rows_of(text, "worklist")) == 3
    assert len(rows_of(second, "worklist")) == 2
    unfiltered = visit.page("/mammography/?exam=2512489996")
    assert len(rows_of(unfiltered, "worklist")) == 3
    assert "2512489996" not in "".join(rows_of(unfiltered, "worklist"))
    assert "was not looked for" in unfiltered
    assert "was not looked for" not in text


def test_an_exam_that_waits_for_views_says_what_is_here_and_until_when(visit: Visit) -> None:
    with visit.centre.ledger.write() as connection:
        times = {"first_received_at": NOW, "last_received_at": NOW, "due_at": NOW + timedelta(minutes=5)}
        connection.execute(tables.exams.insert().values(exam="1.2.7", **times))
        for place, (name, problems) in enumerate([("RCC", []), ("LCC", []), ("RMLO", ["partial-view"])]):
            image: dict[str, Any] = {"sop_instance_uid": f"1.{place}", "object": "sha256:0", "source": "folder:in"}
            image |= {"exam": "1.2.7", "view": name, "problems": problems, "received_at": NOW}
            connection.execute(tables.images.insert().values(**image))
        kept = {"object": "sha256:0", "sop_instance_uid": "", "source": "dimse:MODALITY", "received_at": NOW}
        connection.execute(tables.quarantine.insert().values(code="not-dicom", **kept))
    for path in ("/mammography/", "/mammography/waiting"):
        (row,) = rows_of(visit.page(path), "waiting")
        assert "<td>RCC, LCC</td><td>RMLO, LMLO</td>" in row
        assert "09:05" in row
    assert 'method="post" action="/mammography/waiting/1.2.7/hand-on"' in visit.page("/mammography/waiting")
    assert "Not DICOM <strong>1</strong>" in visit.page("/mammography/")
    (row,) = rows_of(visit.page("/mammography/refused"), "quarantine")
    assert "dimse:<wbr>MODALITY" in row


def test_agreement_counts_only_what_is_read_to_its_end(visit: Visit) -> None:
    for number, (score, reading) in enumerate([(10, "double, priority"), (10, "double, priority"), (2, "single")]):
        visit.exams[str(number)] = visit.centre.exam(f"1.{number}", score=score, reading=reading)
    visit.exams["open"] = visit.centre.exam("1.9", score=1, reading="double")
    for exam, reader, decision in [
        ("0", "ann", "recall"), ("0", "bo", "recall"),
        ("1", "ann", "recall"), ("1", "bo", "no_recall"), ("1", "cy", "no_recall"),
        ("2", "ann", "no_recall"), ("open", "ann", "recall"),
    ]:  # fmt: skip
        visit.decide(exam, decision, reader)
    text = visit.page("/mammography/agreement")
    cells = [re.findall(r">([^<>]*)</t[dh]>", row) for row in rows_of(text, "by-score")]
    assert {row[0]: (row[1], row[2]) for row in cells if row[1] != "0"} == {"10": ("2", "1"), "2": ("1", "0")}
    two, ends, seen, unseen, audit = (re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows_of(text, "summary"))
    assert (two[0], "50.0%" in two[1]) == ("2", True)
    assert (ends[0], "66.7%" in ends[1]) == ("3", True)
    assert (seen[0], unseen) == ("6", ["0", "–"])
    assert audit == ["0", "–"]
    lines = list(csv.DictReader(StringIO(visit.get("/mammography/agreement.csv").text)))
    assert [line["number"] for line in lines if line["exam"] == "1.1"] == ["1", "2", "3"]
    assert len(lines) == 6
    assert not {"ann", "bo", "cy"} & set(" ".join(",".join(line.values()) for line in lines).replace(",", " ").split())


def test_the_audit_of_single_reading_says_what_one_reader_alone_would_have_missed(visit: Visit) -> None:
    drawn: dict[str, Any] = {"reasons": ["audit-read"], "audit_read": True, "score": 2, "reading": "double"}
    by_score: dict[str, Any] = {**drawn, "reasons": ["score"]}
    for exam, told, fields in [
        ("0", ["no_recall", "recall", "recall"], drawn),
        ("1", ["recall", "no_recall", "recall"], drawn),
        ("2", ["no_recall", "no_recall"], drawn),
        ("3", ["no_recall", "recall", "no_recall"], drawn),
        ("4", ["no_recall"], drawn),
        ("5", ["no_recall", "recall", "recall"], by_score),
    ]:
        visit.exams[exam] = visit.centre.exam(f"1.{exam}", **fields)
        for reader, decision in zip(("ann", "bo", "cy"), told, strict=False):
            visit.decide(exam, decision, reader)
    row = rows_of(visit.page("/mammography/agreement"), "summary")[-1]
    number, share = re.findall(r"<td[^>]*>([^<]*)</td>", row)
    assert (number, "25.0%" in share) == ("4", True)


def test_an_exam_that_is_not_there_is_not_found(visit: Visit) -> None:
    assert visit.get(f"/mammography/exams/{UUID(int=5)}").status_code == 404
