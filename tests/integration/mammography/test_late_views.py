"""A view that comes late: the worklist has the exam once, with all its images, whatever became of it before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from samdrift_testing.arrivals import ONE, VIEWS, Unit
from samdrift_testing.hospital import Hospital, hospital


@pytest.fixture
def here(tmp_path: Path, sqlite_url: str) -> Iterator[Hospital]:
    with hospital(tmp_path, sqlite_url) as running:
        yield running


def worklist(http: httpx.Client) -> list[str]:
    """The lines of the list about our exam, without its heading."""
    text = http.get("/mammography/worklist.csv").raise_for_status().text
    return [line for line in text.splitlines() if ONE in line]


@pytest.mark.parametrize("finished", [False, True])
def test_a_late_view_leaves_one_line_on_the_worklist(here: Hospital, finished: bool) -> None:
    now = datetime.now(UTC)
    unit = Unit(ledger=here.ledger, store=here.app.state.store)
    for view in VIEWS[:3]:
        unit.receive(view, now=now)
    unit.assembler.step(now + timedelta(minutes=5))
    if finished:
        unit.finish(now=now + timedelta(minutes=5))
    unit.receive("LMLO", now=now + timedelta(minutes=10))
    unit.assembler.step(now + timedelta(minutes=10))
    unit.finish(now=now + timedelta(minutes=11))
    assert unit.states() == ["done" if finished else "cancelled", "done"]
    with here.http() as http:
        assert len(worklist(http)) == 1
        (fate,) = http.get(f"/mammography/images/{ONE}.1").json()["items"]
        assert fate["item_id"] == str(unit.items()[1].id)
