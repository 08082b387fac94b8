from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.tables import worklist, worklist_head
from samdrift_mammography.triage import Reading
from samdrift_mammography.worklist import listing
from samdrift_mammography.worklist.entry import Stage, place
from samdrift_mammography.worklist.filter import Filter, Scored, Show, exam_part
from samdrift_platform.ledger import audit, endings
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.screening import Centre
from samdrift_testing.work import NOW, deliver, submit, take_effect

PRIORITY: dict[str, Any] = {"score": 10, "reading": "double, priority", "reasons": ["high-score"]}
UNSCORED: dict[str, Any] = {"score": None, "reasons": ["missing-views"], "missing": ["LMLO"]}
SINGLE: dict[str, Any] = {"score": 2, "reading": "single", "reasons": ["low-score"]}


@pytest.fixture
def centre(ledger: Ledger) -> Centre:
    return Centre(ledger)


def shown(centre: Centre, reader: str = "ann", limit: int = 50, **wanted: Any) -> list[str]:
    """The exams that `reader` is shown, page after page."""
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        with centre.caught_up().read() as connection:
            found = listing.page(connection, Filter(**wanted), reader, limit=limit, after=after)
        assert len(found.rows) <= limit
        names += [row.exam or "" for row in found.rows]
        after = found.after
    return names


def stages(centre: Centre) -> dict[str, str]:
    with centre.caught_up().read() as connection:
        rows = connection.execute(sa.select(worklist.c.exam, worklist.c.stage).order_by(worklist.c.seq))
        return {str(exam): stage for exam, stage in rows}


def test_pages_follow_the_reading_order_and_leave_nothing_out(centre: Centre) -> None:
    centre.exam("low", **SINGLE)
    centre.exam("late", score=6, deadline=NOW + timedelta(days=5))
    centre.exam("unscored", **UNSCORED)
    centre.exam("soon", score=6)
    centre.exam("high", **PRIORITY)
    centre.exam("no deadline", score=6, deadline=None)
    for limit in (1, 2, 3, 50):
        assert shown(centre, limit=limit) == ["high", "unscored", "soon", "late", "no deadline", "low"]


def test_the_page_before_is_the_one_that_was_left(centre: Centre) -> None:
    for score in range(1, 8):
        centre.exam(f"e{score}", score=score)
    with centre.caught_up().read() as connection:
        first = listing.page(connection, Filter(), "ann", limit=3)
        second = listing.page(connection, Filter(), "ann", limit=3, after=first.after or "")
        third = listing.page(connection, Filter(), "ann", limit=3, after=second.after or "")
        assert [row.exam for row in third.rows] == ["e1"]
        assert (first.before, third.after) == (None, None)
        assert listing.page(connection, Filter(), "ann", limit=3, before=third.before or "").rows == second.rows
        back = listing.page(connection, Filter(), "ann", limit=3, before=second.before or "")
    assert back == first


RESULTS = st.fixed_dictionaries({"score": st.none() | st.integers(1, 10), "reading": st.sampled_from(list(Reading))})


@given(st.lists(st.tuples(RESULTS, st.none() | st.integers(0, 9)), min_size=2, max_size=12))
def test_places_sort_as_text_like_the_reading_order(exams: list[tuple[dict[str, Any], int | None]]) -> None:
    def by_hand(number: int) -> tuple[object, ...]:
        result, day = exams[number]
        rank = 0 if result["reading"] == "double, priority" else 1 if result["score"] is None else 2
        return rank, -(result["score"] or 0), 99 if day is None else day, number

    def placed(number: int) -> str:
        result, day = exams[number]
        return place(Stage.TO_READ, result, None if day is None else NOW + timedelta(days=day), number)

    assert sorted(range(len(exams)), key=placed) == sorted(range(len(exams)), key=by_hand)


def test_an_exam_leaves_the_list_of_who_read_it_and_then_the_list(centre: Centre) -> None:
    exam = centre.exam("1.2")
    centre.read(exam, "ann")
    assert (shown(centre, "ann"), shown(centre, "bo")) == ([], ["1.2"])
    assert shown(centre, "ann", show=Show.UNREAD) == ["1.2"]
    centre.read(exam, "bo")
    assert shown(centre, "cy") == []
    assert shown(centre, "cy", show=Show.READ) == ["1.2"]


def test_where_two_differ_a_third_is_asked(centre: Centre) -> None:
    exam = centre.exam("1.2")
    centre.read(exam, "ann", "recall")
    centre.read(exam, "bo", "no_recall")
    assert shown(centre, "cy", show=Show.ARBITRATION) == ["1.2"]
    assert shown(centre, "cy") == ["1.2"]
    assert shown(centre, "ann") == []
    centre.read(exam, "cy", "recall")
    assert stages(centre) == {"1.2": "read"}


def test_later_views_supersede_what_was_there_unless_they_are_withdrawn(centre: Centre) -> None:
    centre.exam("1.2", **UNSCORED)
    centre.exam("1.3")
    later = submit(centre.ledger, "late", [], workload="tallying")  # another workload's changes nothing
    assert later
    centre.queued("1.2")
    with centre.caught_up().read() as connection:
        found = connection.execute(sa.select(worklist.c.stage).where(worklist.c.exam == "1.2").order_by("seq"))
        assert list(found.scalars()) == ["superseded", "open"]
        newest = connection.execute(sa.select(worklist.c.item_id).where(worklist.c.stage == "open")).scalar_one()
    assert shown(centre) == ["1.3"]
    with centre.ledger.write() as connection:
        endings.cancel(connection, newest, actor="olga", now=NOW)
    assert shown(centre) == ["1.2", "1.3"]


def test_the_state_of_the_delivery_is_followed(centre: Centre) -> None:
    centre.exam("1.2", steps=["cad", "capture"])
    seen = []
    for _ in range(2):
        with centre.caught_up().read() as connection:
            (row,) = listing.page(connection, Filter(), "ann", limit=5).rows
        seen.append(str(row.delivery))
        deliver(centre.ledger, take_effect(centre.ledger))
    with centre.caught_up().read() as connection:
        (row,) = listing.page(connection, Filter(), "ann", limit=5).rows
    assert [*seen, str(row.delivery)] == ["waiting", "waiting", "confirmed"]


def test_filters(centre: Centre) -> None:
    centre.exam("low", **SINGLE, screening_unit="north")
    centre.exam("high", **PRIORITY)
    centre.exam("unscored", **UNSCORED, objected=True, views=[{"problems": ["implant"], "quality": ["other"]}])
    assert shown(centre, reading=Reading.SINGLE) == ["low"]
    assert shown(centre, scored=Scored.NO) == ["unscored"]
    assert shown(centre, scored=Scored.YES) == ["high", "low"]
    for code in ("missing-views", "implant", "other"):
        assert shown(centre, code=code) == ["unscored"]
    assert shown(centre, code="plant") == []
    assert shown(centre, unit="north") == ["low"]
    assert shown(centre, exam="igh") == ["high"]
    assert shown(centre, exam="%") == []
    assert shown(centre, objected=True) == ["unscored"]


def test_a_hidden_score_shows_neither_by_place_nor_by_filter(centre: Centre) -> None:
    for number, score in enumerate((2, 10, 5)):
        given_: dict[str, Any] = PRIORITY if score == 10 else {"score": score}
        centre.exam(f"e{number}", **given_, hide_score=True, deadline=NOW + timedelta(days=number))
    centre.exam("open", score=4)
    assert shown(centre) == ["e0", "e1", "e2", "open"]
    asked: list[dict[str, Any]] = [{"reading": Reading.DOUBLE_PRIORITY}, {"scored": Scored.YES}, {"code": "high-score"}]
    for wanted in asked:
        assert [name for name in shown(centre, **wanted) if name != "open"] == []
    with centre.caught_up().read() as connection:
        rows = listing.page(connection, Filter(), "ann", limit=9).rows
    assert [row.hidden for row in rows] == [True, True, True, False]
    high = rows[1].item_id
    centre.read(high, "ann", seen=False)
    assert shown(centre, show=Show.UNREAD, reading=Reading.DOUBLE_PRIORITY) == ["e1"]
    assert shown(centre, "bo", show=Show.UNREAD, reading=Reading.DOUBLE_PRIORITY) == []


def test_the_next_exam_is_the_one_after_or_else_the_first(centre: Centre) -> None:
    exams = [centre.exam(f"e{score}", score=score) for score in (9, 5, 2)]
    with centre.caught_up().read() as connection:
        rows = listing.page(connection, Filter(), "ann", limit=9).rows
        following = [listing.following(connection, "ann", row.place) for row in rows]
    assert following == [exams[1], exams[2], exams[0]]


def test_counts_by_stage_and_by_code_of_refusal(centre: Centre) -> None:
    centre.exam("1.2")
    for code in ("empty", "truncated", "empty"):
        centre.refused(code)
    centre.queued("1.3")
    with centre.caught_up().read() as connection:
        assert listing.counts(connection) == {"to_read": 1, "open": 1, "refused": 3}
        assert dict(listing.refusals(connection)) == {"empty": 2, "truncated": 1}
        assert len(listing.in_stage(connection, Stage.REFUSED, limit=2)) == 2
        assert listing.units(connection) == ["unit"]


def test_the_table_can_be_made_again(centre: Centre) -> None:
    exam = centre.exam("1.2")
    centre.exam("1.3", **UNSCORED)
    centre.refused()
    centre.read(exam, "ann")
    before = everything(centre)
    with centre.ledger.write() as connection:
        connection.execute(sa.delete(worklist))
        connection.execute(sa.delete(worklist_head))
    assert everything(centre) == before


def everything(centre: Centre) -> list[Any]:
    with centre.caught_up().read() as connection:
        return list(connection.execute(sa.select(worklist).order_by(worklist.c.seq)).all())


def test_an_event_about_nothing_that_is_there_stops_nothing(centre: Centre) -> None:
    centre.exam("1.2")
    with centre.ledger.write() as connection:
        subjects = ("item:", "item:of-another-kind", f"item:{UUID(int=7)}", f"submission:{UUID(int=8)}", "model:a/1")
        audit.append(
            connection, [audit.Event(actor="olga", action="tried", subject=each) for each in subjects], now=NOW
        )
    centre.exam("1.3")
    assert shown(centre) == ["1.2", "1.3"]


@pytest.mark.parametrize("text", ["251248-9996", "2512489996", "Nancy Berggren", "", "x" * 65])
def test_nothing_is_looked_for_that_could_name_a_person(text: str) -> None:
    assert exam_part(text) == ""


def test_part_of_an_identifier_is_looked_for() -> None:
    assert exam_part(" 1.2.826.0.1 ") == "1.2.826.0.1"
    assert exam_part("Mass-Test_P_00173") == "Mass-Test_P_00173"
