"""A workload's line keeps to the hours and limits of its lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from samdrift_platform.lanes import Lane
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.lines import ItemLine
from samdrift_testing.tallying import Tallying
from samdrift_testing.work import LEASE, NOW, item, seconds, submit

OPENS = NOW + timedelta(hours=1)


class Laned(Tallying):
    """`day` opens in an hour; of `form` one item may be in work."""

    def lanes(self) -> Mapping[str, Lane]:
        return {"day": Lane(is_open=lambda at: at >= OPENS), "form": Lane(most_at_once=1)}


def claim(ledger: Ledger, line: ItemLine, now: datetime) -> list[Claim]:
    with ledger.write() as connection:
        return line.claim(connection, worker="w", limit=10, lease=LEASE, now=now)


def head_due(ledger: Ledger, line: ItemLine, now: datetime) -> datetime | None:
    with ledger.read() as connection:
        head = line.head(connection, now=now)
    return head.due if head else None


def test_a_line_takes_nothing_from_a_lane_outside_its_hours_or_beyond_its_limit(ledger: Ledger) -> None:
    found = [(1, "day"), (2, "form"), (3, "form")]
    submit(ledger, "S", [replace(item(f"{lane} {n}", NOW + seconds(n)), lane=lane) for n, lane in found])
    line = ItemLine(Laned())
    assert head_due(ledger, line, NOW) == NOW + seconds(2)
    assert [each.reference for each in claim(ledger, line, NOW)] == ["form 2"]
    assert head_due(ledger, line, NOW) is None
    assert claim(ledger, line, NOW) == []
    assert head_due(ledger, line, OPENS) == NOW + seconds(1)
    assert [each.reference for each in claim(ledger, line, OPENS)] == ["day 1"]


def test_a_workload_without_lanes_takes_whatever_lane_items_stand_in(ledger: Ledger) -> None:
    submit(ledger, "S", [replace(item("x"), lane="unheard of")])
    assert [each.reference for each in claim(ledger, ItemLine(Tallying()), NOW)] == ["x"]
