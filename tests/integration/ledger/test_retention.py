"""Retention: nothing young is erased, nothing old stays, the chain verifies, counts stay, and a killed run goes on."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_platform.contract import Item, Outcome, Verdict
from samdrift_platform.evidence.replay import replay
from samdrift_platform.ledger import audit, endings, items, queue, submissions, tables
from samdrift_platform.ledger import retention as erasing
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.items import ENDED, ItemState
from samdrift_platform.objects import ObjectStore
from samdrift_platform.retaining import Retaining
from samdrift_platform.retention import KEPT, Retention, retention_of
from samdrift_testing.dying import DeathError, Dying
from samdrift_testing.retained import DAY, KNOBS, Home, Keeper
from samdrift_testing.work import LEASE, NOW, WORKLOAD, item, look, request


@pytest.fixture
def home(ledger: Ledger, tmp_path: Path) -> Home:
    return Home(ledger, ObjectStore(f"file://{tmp_path / 'objects'}"))


@pytest.mark.parametrize("state", [ItemState.REJECTED, ItemState.FAILED, ItemState.CANCELLED])
def test_exceptions_have_a_time_of_their_own(home: Home, state: ItemState) -> None:
    came = home.put("came")
    identifier = home.ended("e", came, state=state)
    assert look(home.ledger, identifier).state == state
    assert home.run(NOW + 14 * DAY).total["items"] == 0
    assert home.run(NOW + 15 * DAY).total == {"documents": 1, "items": 0, "comments": 0, "objects": 1, "evidence": 0}
    assert not home.store.exists(came)
    assert home.run(NOW + 19 * DAY).total["documents"] == 0
    assert home.run(NOW + 20 * DAY).total["items"] == 1
    assert "secret" not in home.text()
    assert home.is_intact()


def test_an_erased_item_replays_without_a_mismatch_and_its_digests_cannot_be_traced(home: Home, tmp_path: Path) -> None:
    identifier = home.ended("r", home.put("came"), asked=True)
    home.run(NOW + 40 * DAY)
    with home.ledger.read() as connection:
        made = replay(connection, tmp_path, identifier)
        salts = connection.execute(sa.select(tables.work_items.c.salt, tables.work_items.c.subject)).all()
    assert [each for each in made.mismatches if "manifest" not in each and "version" not in each.lower()] == []
    assert (made.input.recomputed, made.result.recomputed) == (None, None)
    assert made.input.recorded is not None
    assert salts == [("", None)]


def test_what_waits_or_is_in_work_is_never_erased(home: Home) -> None:
    came = home.put("came")
    with home.ledger.write() as connection:
        submissions.submit(connection, request("open", [item("a", document=came), item("b", document=came)]), now=NOW)
        queue.claim(connection, workload=WORKLOAD, worker="w", limit=1, lease=LEASE, now=NOW)
    assert not any(home.run(NOW + 999 * DAY).total.values())
    assert home.store.exists(came)


def test_an_object_that_only_a_submission_names_goes_when_none_of_its_items_needs_its_documents(home: Home) -> None:
    container, parts = home.put("container"), [home.put("part 1"), home.put("part 2")]
    given = [
        Item(reference=f"part {n}", payload={"object": part}, lane=lane)
        for n, part, lane in zip((1, 2), parts, ("short", "long"), strict=True)
    ]
    with home.ledger.write() as connection:
        submissions.submit(connection, request("s", given, document={"object": container}), now=NOW)
        claims = [
            claim
            for _ in given  # a batch comes from one lane
            for claim in queue.claim(connection, workload=WORKLOAD, worker="w", limit=1, lease=LEASE, now=NOW)
        ]
        done = [(each, Completion(outcome=Outcome(reference=each.reference, verdict=Verdict.DONE))) for each in claims]
        endings.complete(connection, WORKLOAD, done, now=NOW)
    home.keeper.by_lane = {"long": replace(KNOBS, documents=40 * DAY, done=50 * DAY)}
    home.run(NOW + 30 * DAY)
    assert [home.store.exists(each) for each in (container, *parts)] == [True, False, True]
    home.run(NOW + 39 * DAY)
    assert home.store.exists(container)
    home.run(NOW + 40 * DAY)
    assert [home.store.exists(each) for each in (container, *parts)] == [False, False, False]


@pytest.mark.parametrize("documents", [5, 15, 60])
def test_it_stays_as_long_as_documents_do(home: Home, documents: int) -> None:
    container = home.put("container")
    with home.ledger.write() as connection:
        sent = request("s", [item("i")], document={"object": container})
        submissions.submit(connection, sent, now=NOW)
        (claim,) = queue.claim(connection, workload=WORKLOAD, worker="w", limit=1, lease=LEASE, now=NOW)
        outcome = Outcome(reference=claim.reference, verdict=Verdict.DONE)
        endings.complete(connection, WORKLOAD, [(claim, Completion(outcome=outcome))], now=NOW)
    home.keeper.by_lane = {"": replace(KNOBS, documents=documents * DAY, done=10 * DAY)}
    home.run(NOW + 10 * DAY)
    assert home.store.exists(container) is (documents > 10)
    home.run(NOW + documents * DAY - timedelta(seconds=1))
    assert home.store.exists(container) is (documents > 10)
    home.run(NOW + max(documents, 10) * DAY)
    assert not home.store.exists(container)


def test_a_document_that_a_statement_names_is_evidence_and_stays(home: Home) -> None:
    named = home.put("a policy")
    home.ended("old", named)
    row = {"id": "sha256:" + "1" * 64, "kind": "policy", "subject": "x", "document": f'{{"file":"{named}"}}'}
    with home.ledger.write() as connection:
        connection.execute(sa.insert(tables.statements).values(**row))
    home.run(NOW + 99 * DAY)
    assert home.store.exists(named)


def test_an_object_that_was_put_again_lately_stays_for_who_is_about_to_name_it(home: Home) -> None:
    came = home.put("came")
    home.ended("old", came)
    home.store.put(b"came")
    assert home.run(NOW + 99 * DAY).total["objects"] == 0
    assert home.store.exists(came)
    assert home.run(NOW + 99 * DAY, grace=timedelta(0)).total["objects"] == 1


def test_what_comes_in_between_the_look_and_the_removal_keeps_its_object(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = home.put("came")
    home.ended("old", came)
    remove = Retaining._remove

    def meanwhile(run: Retaining, references: Any, newest: int) -> int:
        with home.ledger.write() as connection:
            submissions.submit(connection, request("new", [item("new", document=came)]), now=NOW)
        return remove(run, references, newest)

    monkeypatch.setattr(Retaining, "_remove", meanwhile)
    assert home.run(NOW + 99 * DAY).total["objects"] == 0
    assert home.store.exists(came)


def test_lanes_and_workloads_have_their_own_times(home: Home) -> None:
    home.keeper = Keeper({"short": replace(KNOBS, done=DAY), "kept": KEPT})
    short, kept, usual = (home.ended(name, lane=name) for name in ("short", "kept", "usual"))
    home.run(NOW + 2 * DAY)
    assert [look(home.ledger, each).erased_at is not None for each in (short, kept, usual)] == [True, False, False]
    home.run(NOW + 999 * DAY)
    assert [look(home.ledger, each).erased_at is not None for each in (short, kept, usual)] == [True, False, True]
    home.keeper = object()
    assert home.run(NOW + 999 * DAY).total["items"] == 0
    assert retention_of(object(), "") is KEPT


def test_more_items_than_one_batch_are_all_erased(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "BATCH", 3)
    for number in range(10):
        home.ended(f"n{number}")
    assert home.run(NOW + 99 * DAY).total["items"] == 10
    with home.ledger.read() as connection:
        assert items.counts(connection) == {WORKLOAD: {"done": 10}}


@pytest.mark.parametrize("after", range(12))
def test_a_run_that_is_killed_anywhere_goes_on(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    home = Home(sqlite_ledger, ObjectStore(f"file://{tmp_path / 'objects'}"))
    references = [home.put(f"came {n}") for n in range(3)]
    for n, reference in enumerate(references):
        home.ended(f"k{n}", reference, asked=n == 1, state=ItemState.REJECTED if n == 2 else ItemState.DONE)
    dying = Dying(after)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "BATCH", 1)
        for owner, name in ((audit, "append"), (ObjectStore, "remove"), (sa.Connection, "commit")):
            patch.setattr(owner, name, dying.wrap(getattr(owner, name)))
        try:
            home.run(NOW + 99 * DAY)
        except DeathError:
            assert home.is_intact()
    home.run(NOW + 99 * DAY)
    assert "secret" not in home.text()
    assert not any(home.store.exists(reference) for reference in references)
    assert home.is_intact()
    with home.ledger.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.expiring_objects)).scalar_one() == 0


@dataclass(frozen=True)
class Was:
    """An item as the oracle knows it."""

    state: ItemState
    days_ago: int
    documents: frozenset[int]
    lane: str


WERE = st.lists(
    st.builds(
        Was,
        state=st.sampled_from(sorted(ENDED)),
        days_ago=st.integers(0, 40),
        documents=st.frozensets(st.integers(0, 3), max_size=2),
        lane=st.sampled_from(["a", "b"]),
    ),
    max_size=5,
)
TIMES = st.one_of(st.none(), st.integers(1, 35).map(lambda days: timedelta(days=days)))
RETENTIONS = st.builds(Retention, done=TIMES, exceptions=TIMES, documents=TIMES, evidence=TIMES, comments=TIMES)


@settings(max_examples=25)
@given(WERE, st.fixed_dictionaries({"a": RETENTIONS, "b": RETENTIONS}))
def test_nothing_young_is_erased_and_nothing_old_stays(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, were: list[Was], knobs: dict[str, Retention]
) -> None:
    folder = tmp_path_factory.mktemp("retention")
    (folder / "ledger.db").write_bytes(sqlite_template.read_bytes())
    with closing(Ledger(f"sqlite:///{folder / 'ledger.db'}")) as ledger:
        home = Home(ledger, ObjectStore(f"file://{folder / 'objects'}"), Keeper(knobs))
        references = [home.put(f"document {n}") for n in range(4)]
        now = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
        made = [
            home.ended(
                f"w{n}",
                *(references[d] for d in sorted(was.documents)),
                state=was.state,
                lane=was.lane,
                at=now - was.days_ago * DAY,
                asked=n == 0,
            )
            for n, was in enumerate(were)
        ]
        home.run(now)
        for was, identifier in zip(were, made, strict=True):
            kept = knobs[was.lane].done if was.state is ItemState.DONE else knobs[was.lane].exceptions
            is_old = kept is not None and was.days_ago * DAY >= kept
            assert (look(ledger, identifier).erased_at is not None) == is_old
            assert bool(look(ledger, identifier).payload) != is_old
        for number, reference in enumerate(references):
            named = [was for was in were if number in was.documents]
            held = [w for w in named if not ((k := knobs[w.lane].documents) is not None and w.days_ago * DAY >= k)]
            assert home.store.exists(reference) == (bool(held) or not named)
        said = knobs[were[0].lane].comments if were else None
        gone = said is not None and were[0].days_ago * DAY >= said
        assert ("a secret comment" in home.text()) == (bool(were) and not gone)
        assert home.is_intact()
