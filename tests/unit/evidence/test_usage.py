from __future__ import annotations

import csv
import gc
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest

from samdrift_platform.contract import Verdict
from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.evidence import usage
from samdrift_platform.evidence.usage import Use, as_csv, as_json_lines, uses
from samdrift_platform.ledger import endings, queue, truths
from samdrift_platform.ledger.database import Ledger
from samdrift_testing import work
from samdrift_testing.work import NOW, TALLY, seconds


def decide(ledger: Ledger, number: int, **changes: object) -> queue.Claim:
    now = NOW + seconds(number)
    work.submit(ledger, f"r{number}", now=now)
    claimed = work.claim_one(ledger, now=now)
    work.complete(ledger, claimed, now=now + seconds(0.5), **changes)
    return claimed


def test_a_record_tells_when_what_by_which_model_and_nothing_personal(ledger: Ledger) -> None:
    claimed = decide(ledger, 1, steps=["tell"])
    (use,) = uses(ledger)
    assert (use.item, use.workload, use.verdict) == (claimed.id, "tallying", "done")
    assert (use.began_at, use.ended_at) == (NOW + seconds(1), NOW + seconds(1.5))
    assert use.input == keyed_digest_of(claimed.salt, {"number": 1})
    assert use.result == keyed_digest_of(claimed.salt, {"sum": 2})
    assert use.models == {"tally": str(TALLY)}
    assert (use.verified_by, use.safe) == ((), False)
    (line,) = as_json_lines([use])
    assert claimed.reference not in line.decode()


def test_the_end_of_delivery_is_no_second_decision(ledger: Ledger) -> None:
    decide(ledger, 1, steps=["tell"])
    work.deliver(ledger, work.take_effect(ledger, now=NOW + seconds(2)), now=NOW + seconds(2))
    assert len(list(uses(ledger))) == 1


def test_people_who_acted_on_a_decision_have_verified_it(ledger: Ledger) -> None:
    claimed = decide(ledger, 1, verdict=Verdict.WAITING_FOR_PERSON, decided_by=[], safe=True)
    for value in (0.0, 1.0):
        with ledger.write() as connection:
            truths.record(
                connection,
                claimed.id,
                name="sum",
                value=value,
                source="count",
                observed_at=NOW,
                actor="anna",
                now=NOW + seconds(9),
            )
    (use,) = uses(ledger)
    assert (use.verified_by, use.safe, use.models, use.verdict) == (("anna",), True, {}, "waiting_for_person")


def test_period_and_workload_choose(ledger: Ledger) -> None:
    for number in range(5):
        decide(ledger, number)
    chosen = uses(ledger, since=NOW + seconds(1.5), until=NOW + seconds(3.5))
    assert [use.ended_at for use in chosen] == [NOW + seconds(1.5), NOW + seconds(2.5)]
    assert list(uses(ledger, workload="other")) == []


def test_pages_follow_each_other_without_gap_or_repetition(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "PAGE", 2)
    claimed = [decide(ledger, number) for number in range(5)]
    assert [use.item for use in uses(ledger)] == [each.id for each in claimed]


def test_csv_can_be_read_back_and_holds_no_formula(ledger: Ledger) -> None:
    claimed = decide(ledger, 1)
    with ledger.write() as connection:
        truths.record(
            connection,
            claimed.id,
            name="sum",
            value=1.0,
            source="count",
            observed_at=NOW,
            actor="=HYPERLINK(1)",
            now=NOW + seconds(9),
        )
    text = b"".join(as_csv(uses(ledger))).decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["verified_by"] == "'=HYPERLINK(1)"
    assert row["models"] == f"tally={TALLY}"
    assert row["ended_at"] == (NOW + seconds(1.5)).isoformat()
    assert list(row) == list(Use.__dataclass_fields__)


@pytest.fixture
def _usual_collector() -> Iterator[None]:
    """Garbage is looked for as often as in a service, unlike in other tests."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.integration
@pytest.mark.usefixtures("_usual_collector")
def test_memory_does_not_grow_with_the_number_of_decisions(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    if ledger.engine.dialect.name == "postgresql":
        pytest.skip("the same code; filling takes its time")
    monkeypatch.setattr(usage, "PAGE", 50)
    found = [work.item(f"i{number}") for number in range(3_000)]
    work.submit(ledger, "many", found)
    claimed = work.claim(ledger, len(found))
    finished = [(each, work.completion(each.reference)) for each in claimed]
    with ledger.write() as connection:
        endings.complete(connection, work.WORKLOAD, finished, now=NOW + timedelta(seconds=1))
    del found, claimed, finished
    stream = as_json_lines(uses(ledger))
    first = json.loads(next(stream))
    tracemalloc.start()
    lines = 1 + sum(1 for _ in stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lines, first["verdict"]) == (3_000, "done")
    assert peak < 1_500_000
