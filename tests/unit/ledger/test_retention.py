"""Retention: each knob has its time, what is used stays, and nothing is erased in a dry run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import endings, items, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.objects import ObjectStore
from samdrift_testing.retained import DAY, Home
from samdrift_testing.work import NOW, item, look, request


@pytest.fixture
def home(ledger: Ledger, tmp_path: Path) -> Home:
    return Home(ledger, ObjectStore(f"file://{tmp_path / 'objects'}"))


def test_each_knob_has_its_time(home: Home) -> None:
    came, made = home.put("came"), home.put("made")
    done = home.ended("d", came, made=made, asked=True)
    assert home.run(NOW + 9 * DAY).total == {"documents": 0, "items": 0, "comments": 0, "objects": 0, "evidence": 0}
    assert home.run(NOW + 10 * DAY).total["items"] == 1
    erased = look(home.ledger, done)
    assert erased.erased_at == NOW + 10 * DAY
    assert (erased.state, erased.payload, erased.result, erased.reason) == ("done", {}, {}, None)
    assert "secret" not in home.text().replace("a secret comment", "")
    assert home.store.exists(came)
    assert not home.store.exists(made)
    assert home.run(NOW + 15 * DAY).total["objects"] == 1
    assert not home.store.exists(came)
    assert "a secret comment" in home.text()
    assert home.run(NOW + 30 * DAY).total["comments"] == 1
    assert "secret" not in home.text()
    assert home.run(NOW + 99 * DAY).total == {"documents": 0, "items": 0, "comments": 0, "objects": 0, "evidence": 0}
    assert home.events(done)[-2:] == ["item.erased", "item.comments_erased"]
    assert home.is_intact()


def test_an_object_stays_while_anything_living_names_it(home: Home) -> None:
    shared, alone = home.put("shared"), home.put("alone")
    home.ended("old", shared, alone)
    young = home.ended("young", at=NOW + 8 * DAY, made=shared)
    assert home.run(NOW + 16 * DAY).total["objects"] == 1
    assert home.store.exists(shared)
    assert not home.store.exists(alone)
    assert home.run(NOW + 18 * DAY).total["items"] == 1
    assert look(home.ledger, young).erased_at
    assert not home.store.exists(shared)


def test_an_item_that_is_called_after_its_document_does_not_keep_it(home: Home) -> None:
    came = home.put("came")
    home.ended(f"letter {came}", came)
    assert home.run(NOW + 99 * DAY).total["objects"] == 1
    assert not home.store.exists(came)


def test_an_item_that_waits_keeps_no_document_of_another_one_of_its_submission(home: Home) -> None:
    ended, waits = home.put("ended"), home.put("waits")
    with home.ledger.write() as connection:
        both = [item("ended", document=ended), item("waits", document=waits)]
        submissions.submit(connection, request("both", both, document={"documents": [ended, waits]}), now=NOW)
        (found,) = (each for each in items.find(connection) if each.reference == "ended")
        endings.cancel(connection, found.id, actor="anna", now=NOW)
    assert home.run(NOW + 99 * DAY).total["objects"] == 1
    assert (home.store.exists(ended), home.store.exists(waits)) == (False, True)


def test_a_dry_run_counts_and_changes_nothing(home: Home) -> None:
    home.ended("d", home.put("came"), asked=True)
    before = home.text()
    made = home.run(NOW + 99 * DAY, dry_run=True)
    assert made.total == {"documents": 1, "items": 1, "comments": 1, "objects": 0, "evidence": 0}
    assert any("of 1 items" in sentence for sentence in made.sentences())
    assert home.text() == before


def test_an_erased_item_is_not_tried_again_and_its_reference_is_still_known(home: Home) -> None:
    identifier = home.ended("f", state=ItemState.FAILED)
    home.run(NOW + 99 * DAY)
    with pytest.raises(ConflictError, match="erased"), home.ledger.write() as connection:
        endings.retry(connection, identifier, actor="anna", now=NOW)
    with home.ledger.write() as connection:
        again = request("s-again", [item("f", documents=[], note="secret of f")])
        submissions.submit(connection, again, now=NOW + 99 * DAY)
    with home.ledger.read() as connection:
        assert [each.id for each in items.find(connection)] == [identifier]


def test_the_store_renews_and_removes(tmp_path: Path) -> None:
    store = ObjectStore(f"file://{tmp_path}")
    reference = store.put(b"x")
    now = datetime.now(UTC)
    age = store.age(reference, now=now)
    assert age is not None
    assert age < timedelta(minutes=1)
    assert store.remove(reference)
    assert not store.remove(reference)
    assert store.age(reference, now=now) is None
    assert store.put(b"x") == reference == digest_of_bytes(b"x")
