from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography import readings
from samdrift_mammography.readings import (
    AlreadyReadError,
    NoReadingWantedError,
    ReadingDecision,
    Standing,
    SupersededError,
)
from samdrift_mammography.triage import Reading
from samdrift_platform.contract import Verdict
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import audit, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import truths
from samdrift_testing.work import NOW, claim, complete, item, submit

YES, NO = ReadingDecision.RECALL, ReadingDecision.NO_RECALL


@dataclass
class Centre:
    """A reading centre on a ledger."""

    ledger: Ledger

    def exam(self, reading: str = Reading.DOUBLE, *, exam: str = "1.2", number: int = 1, done: bool = True) -> UUID:
        reference = f"{exam}/{number}"
        submit(self.ledger, f"s{reference}", [item(reference, exam=exam)])
        (claimed,) = claim(self.ledger)
        if done:
            complete(self.ledger, claimed, verdict=Verdict.DONE, result={"exam": exam, "reading": str(reading)})
        return claimed.id

    def read(self, item_id: UUID, reader: str, decision: ReadingDecision, *, seen: bool = True) -> Standing:
        with self.ledger.write() as connection:
            return readings.record(connection, item_id, reader=reader, decision=decision, score_seen=seen, now=NOW)

    def truth(self) -> list[tuple[str, float]]:
        with self.ledger.read() as connection:
            return [(row.name, row.value) for row in connection.execute(sa.select(truths))]


@pytest.fixture
def centre(ledger: Ledger) -> Centre:
    return Centre(ledger)


def test_one_reader_is_enough_where_the_policy_asks_for_one(centre: Centre) -> None:
    exam = centre.exam(Reading.SINGLE)
    assert centre.read(exam, "ann", NO).decision is NO
    with pytest.raises(NoReadingWantedError, match="read to its end"):
        centre.read(exam, "bo", NO)


def test_two_who_agree_end_the_reading(centre: Centre) -> None:
    exam = centre.exam()
    first = centre.read(exam, "ann", YES)
    assert (first.open, first.decision, centre.truth()) == (1, None, [])
    assert centre.read(exam, "bo", YES).decision is YES
    assert centre.truth() == [("recall", 1.0)]
    with pytest.raises(NoReadingWantedError):
        centre.read(exam, "cy", YES)


def test_a_third_decides_where_two_differ(centre: Centre) -> None:
    exam = centre.exam(Reading.DOUBLE_PRIORITY)
    centre.read(exam, "ann", YES)
    second = centre.read(exam, "bo", NO)
    assert (second.arbitration, second.open, second.decision, centre.truth()) == (True, 1, None, [])
    third = centre.read(exam, "cy", NO)
    assert (third.arbitration, third.open, third.decision, centre.truth()) == (True, 0, NO, [("recall", 0.0)])


def test_of_readers_who_decide_at_once_no_more_than_wanted_count(centre: Centre) -> None:
    exam = centre.exam(Reading.SINGLE)

    def read(number: int) -> bool:
        try:
            return centre.read(exam, f"r{number}", NO).decision is NO
        except NoReadingWantedError:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(read, range(6))) == 1
    assert centre.truth() == [("recall", 0.0)]


def test_the_same_again_is_the_same_and_another_decision_is_refused(centre: Centre) -> None:
    exam = centre.exam()
    assert centre.read(exam, "ann", YES) == centre.read(exam, "ann", YES)
    with pytest.raises(AlreadyReadError):
        centre.read(exam, "ann", NO)
    with centre.ledger.read() as connection:
        assert [each.decision for each in readings.of_item(connection, exam)] == [YES]


def test_without_a_result_there_is_nothing_to_decide_on(centre: Centre) -> None:
    with pytest.raises(NoReadingWantedError):
        centre.read(centre.exam(done=False), "ann", NO)
    with pytest.raises(NotFoundError):
        centre.read(UUID(int=7), "ann", NO)


def test_an_exam_that_late_views_made_anew_is_read_anew(centre: Centre) -> None:
    first = centre.exam(number=1)
    centre.read(first, "ann", NO)
    second = centre.exam(number=2)
    other = centre.exam(exam="1.20", number=1)
    with pytest.raises(SupersededError):
        centre.read(first, "bo", NO)
    centre.read(second, "ann", YES)
    centre.read(other, "ann", NO)
    with centre.ledger.read() as connection:
        assert [(e.item_id, e.decision) for e in readings.of_exam(connection, "1.2")] == [(first, NO), (second, YES)]
        assert readings.of_items(connection, [second, UUID(int=1)]).keys() == {second}


def test_the_audit_chain_says_who_read_and_only_by_a_keyed_digest_what(centre: Centre) -> None:
    exam = centre.exam()
    centre.read(exam, "ann", YES, seen=False)
    with centre.ledger.read() as connection:
        (event,) = [e for e in audit.events_of(connection, f"item:{exam}") if e.action == "exam.read"]
        assert verification.verify(connection).intact
    assert (event.actor, event.details["number"], event.details["score_seen"]) == ("ann", 1, False)
    assert str(event.details["decision"]).startswith("hmac-sha256:")
    assert "recall" not in json.dumps(event.details)


def _all(readers: int) -> list[tuple[ReadingDecision, ...]]:
    return list(product((YES, NO), repeat=readers))


@given(st.sampled_from(list(Reading)), st.lists(st.sampled_from([YES, NO]), max_size=3))
def test_every_exam_ends_with_a_decision_of_those_who_read_it(reading: Reading, told: list[Any]) -> None:
    given_ = [
        readings.ReaderReading(item_id=UUID(int=0), reader=f"r{n}", decision=each, score_seen=True, read_at=NOW)
        for n, each in enumerate(told)
    ]
    stands = readings.standing(reading, given_)
    assert stands.asked >= 1
    assert (stands.decision is None) == (len(told) < stands.asked)
    assert stands.asked == {"single": 1}.get(reading, 3 if told[:2] in ([YES, NO], [NO, YES]) else 2)


@pytest.mark.parametrize("told", _all(2))
def test_no_woman_is_sent_home_on_one_word_of_two(told: tuple[ReadingDecision, ...], centre: Centre) -> None:
    exam = centre.exam()
    for reader, decision in enumerate(told):
        last = centre.read(exam, f"r{reader}", decision)
    assert last.decision == (told[0] if told[0] == told[1] else None)
