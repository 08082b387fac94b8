"""From the number that a woman gives to the exam that no model sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copy

import pytest

from samdrift_mammography.workload import workload
from samdrift_platform.checks import MemoryStore
from samdrift_platform.concerns_people import ConcernsPeople
from samdrift_platform.contract import Context, Item
from samdrift_platform.control.intake import Sender, SubmissionBody, prepare
from samdrift_platform.ledger import objections, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.pseudonyms import pseudonym
from samdrift_testing.personal_data import scan
from samdrift_testing.screening_study import screening_study
from samdrift_testing.work import NOW

#: Published as fictitious: the woman of `screening_study`, and another.
HERS, ANOTHERS = "251248-9996", "0108589995"


@pytest.fixture
def ledger(sqlite_template: Path, tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(f"sqlite:///{copy(sqlite_template, tmp_path / 'ledger.db')}")) as opened:
        yield opened


def deliver(ledger: Ledger, store: MemoryStore) -> None:
    """One study of each of the two women, through the code that the API uses."""
    studies = [screening_study(1), screening_study(2, PatientID=ANOTHERS)]
    objects = [store.put(data) for study in studies for data in study.values()]
    document = {"screening_unit": "unit 1", "received_at": "2026-11-24T08:00:00Z", "objects": objects}
    body = SubmissionBody.read(json.dumps({"reference": "tuesday", "document": document}).encode())
    with ledger.write() as connection:
        request = prepare(workload, body, Sender(subject="unit", tenant="demo"), store)
        submissions.submit(connection, request, now=NOW)


def test_a_woman_who_objected_is_read_by_people_and_no_other_woman_is_touched(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore()
    deliver(ledger, store)
    assert isinstance(workload, ConcernsPeople)
    with ledger.write() as connection:
        objections.record(connection, workload.name, pseudonym(workload.subject_kind, HERS), actor="olga", now=NOW)
        claims = queue.claim(
            connection, workload=workload.name, worker="w", limit=2, lease=timedelta(seconds=9), now=NOW
        )
    assert sorted(claim.objected for claim in claims) == [False, True]
    (hers,) = [Item(reference=claim.reference, payload=claim.payload) for claim in claims if claim.objected]
    (outcome,) = workload.safe([hers], Context(store=store, objected=True))
    assert (outcome.result["reading"], outcome.result["reasons"]) == ("double", ["objected"])
    assert workload.scores(outcome) == {"readings": 2, "priority": 0}
    assert scan(tmp_path) == []
