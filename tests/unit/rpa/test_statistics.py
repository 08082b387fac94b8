from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from samdrift_platform.errors import InputError
from samdrift_platform.ledger import benefits
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_rpa.process import TimeSaved
from samdrift_rpa.statistics import daily, figures
from samdrift_rpa.statistics.figures import Figures
from samdrift_rpa.statistics.following import catch_up
from samdrift_rpa.statistics.period import EVER, Period
from samdrift_rpa.tables import amounts, cases, cases_head
from samdrift_testing.errand_process import errand, errands
from samdrift_testing.robots import Robots, robots

MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)
LATER = MONDAY + timedelta(hours=3)


def put(desk: Robots, name: str, price: int) -> dict[str, str]:
    return {"document": desk.store.put(errand(name, price))}


@pytest.fixture
def desk(ledger: Ledger) -> Robots:
    """Six cases: two done, one decided and done, one refused, one waiting, one that is not JSON."""
    desk = robots(ledger, errands, order={"number": "17"})
    names = [("milk", 12), ("bread", 30), ("bicycle", 4_000), ("piano", 9_000), ("boat", 90_000)]
    given = [put(desk, *name) for name in names] + [{"document": desk.store.put(b"not JSON")}]
    desk.submit("monday", "errands", given, now=MONDAY)
    desk.work(now=MONDAY + timedelta(minutes=1))
    desk.deliver(now=MONDAY + timedelta(minutes=2))
    by_price = {item.result.get("price"): item.id for item in desk.items()}
    desk.decide(by_price[4_000], "allow", "yes", now=MONDAY + timedelta(minutes=61))
    desk.decide(by_price[9_000], "allow", "no", now=MONDAY + timedelta(minutes=31), why="too dear")
    desk.work(now=MONDAY + timedelta(minutes=62))
    desk.deliver(now=MONDAY + timedelta(minutes=63))
    return desk


def figures_of(desk: Robots, period: Period = EVER, now: datetime = LATER) -> Figures:
    catch_up(desk.ledger)
    with desk.ledger.read() as connection:
        (found,) = figures.of_all(connection, ["errands"], period, now=now)
    return found


def test_what_became_of_the_cases(desk: Robots) -> None:
    found = figures_of(desk)
    assert found.received == 6
    assert found.states == {"done": 3, "rejected": 2, "waiting_for_person": 1}
    assert found.exceptions == {"unreadable": 1, "refused": 1}
    assert (found.untouched, found.by_hand) == (2, 0)
    assert found.success == 3 / 5


def test_how_long_people_take(desk: Robots) -> None:
    found = figures_of(desk)
    assert (found.waiting.n, found.waiting.longest_s) == (1, (LATER - MONDAY).total_seconds() - 60)
    assert (found.decisions.n, found.decisions.median_s, found.decisions.p95_s) == (2, 1_800.0, 3_600.0)


def test_handling_time_is_the_nearest_rank_of_what_the_ledger_says(desk: Robots) -> None:
    took = sorted((i.finished_at - i.queued_at).total_seconds() for i in desk.items() if i.finished_at)
    found = figures_of(desk).handling
    assert found.n == len(took) == 5
    assert found.median_s == took[math.ceil(0.5 * 5) - 1]
    assert found.p95_s == took[math.ceil(0.95 * 5) - 1]


def test_amounts_are_those_of_the_page_of_benefits(desk: Robots) -> None:
    with desk.ledger.read() as connection:
        totals = {(t.kind, t.measure): (t.quantity, t.items) for t in benefits.totals(connection)}
    found = figures_of(desk)
    assert {(each.kind, each.measure): (each.quantity, each.items) for each in found.amounts} == totals
    assert (found.saved_min, found.decided_min, found.minutes_per_case) == (3 * 6.0 - 2 * 2.0, 2 * 2.0, 6.0)


def test_a_case_whose_effect_nobody_can_tell_of_waits_for_a_person(ledger: Ledger) -> None:
    desk = robots(ledger, errands)
    desk.submit("one", "errands", [put(desk, "milk", 12)], now=MONDAY)
    desk.work(now=MONDAY)
    desk.deliver(now=MONDAY + timedelta(minutes=5), stop=EffectState.UNKNOWN)
    found = figures_of(desk)
    assert (found.states, found.waiting.n) == ({"waiting_for_person": 1}, 1)
    assert found.waiting.longest_s == (LATER - MONDAY).total_seconds() - 300


def test_what_fails_for_good_is_a_system_exception(ledger: Ledger) -> None:
    desk = robots(ledger, errands)
    desk.submit("one", "errands", [put(desk, "milk", 12)], now=MONDAY)
    desk.fail(now=MONDAY)
    found = figures_of(desk)
    assert (found.failed, found.exceptions, found.success) == (1, {}, 0.0)


def test_the_same_reference_with_other_content_counts_as_the_inputs_fault(ledger: Ledger) -> None:
    desk = robots(ledger, replace(errands, reference=lambda given, store: "same"))
    for reference, name in (("first", "milk"), ("second", "bread")):
        desk.submit(reference, "errands", [put(desk, name, 12)], now=MONDAY)
        desk.work(now=MONDAY)
    assert figures_of(desk).exceptions == {"other_content": 1}


def test_who_handled_it_by_hand_saved_no_time(ledger: Ledger) -> None:
    desk = robots(ledger, errands)
    desk.submit("one", "errands", [put(desk, "milk", 12)], now=MONDAY)
    desk.work(now=MONDAY, safe=True)
    (item,) = desk.items()
    desk.decide(item.id, "by_hand", "handled", now=MONDAY)
    desk.work(now=MONDAY)
    found = figures_of(desk)
    assert (found.done, found.by_hand, found.untouched, found.saved_min) == (1, 1, 0, 0)


def test_the_table_can_be_made_again(desk: Robots) -> None:
    before = figures_of(desk)
    with desk.ledger.write() as connection:
        for table in (cases, amounts, cases_head):
            connection.execute(sa.delete(table))
    assert figures_of(desk) == before


def test_a_case_whose_content_was_erased_keeps_its_row(desk: Robots) -> None:
    before = figures_of(desk)
    with desk.ledger.write() as connection:
        connection.execute(sa.text("UPDATE work_items SET erased_at = queued_at, payload = '{}', result = NULL"))
        connection.execute(sa.delete(cases_head))
    assert figures_of(desk) == before


def test_periods_are_danish_days(ledger: Ledger) -> None:
    desk = robots(ledger, errands)
    late, early = datetime(2026, 11, 23, 22, 59, tzinfo=UTC), datetime(2026, 11, 23, 23, 1, tzinfo=UTC)
    desk.submit("late", "errands", [put(desk, "milk", 12)], now=late)
    desk.submit("early", "errands", [put(desk, "bread", 12), put(desk, "tea", 12)], now=early)
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    assert figures_of(desk, Period(first=monday, last=monday)).received == 1
    assert figures_of(desk, Period(first=tuesday)).received == 2
    assert figures_of(desk, Period(last=tuesday)).received == 3
    with pytest.raises(InputError, match="before it begins"):
        Period(first=tuesday, last=monday)


def test_days_without_a_case_are_days_too(desk: Robots) -> None:
    desk.submit("thursday", "errands", [put(desk, "tea", 5)], now=MONDAY + timedelta(days=3))
    catch_up(desk.ledger)
    with desk.ledger.read() as connection:
        found: Sequence[daily.Day] = daily.days(connection, EVER, "errands")
    assert [day.on.day for day in found] == [23, 24, 25, 26]
    assert [day.received for day in found] == [6, 0, 0, 1]
    assert Counter(done=found[0].done, rejected=found[0].rejected) == {"done": 3, "rejected": 2}


def test_the_catalogues_formula() -> None:
    saved = TimeSaved(
        time_spend_per_occurance_min=6.0,
        decision_min=2.0,
        time_spend_occurances_per_employee=2_000,
        time_spend_employees_doing_process=3,
    )
    assert figures.catalogue_min(saved) == 36_000
    assert figures.catalogue_min(TimeSaved(time_spend_per_occurance_min=6.0, decision_min=2.0)) == 0


def test_a_process_without_cases_has_no_figures_but_zero(ledger: Ledger) -> None:
    found = figures_of(robots(ledger, errands))
    assert (found.received, found.success, found.handling.median_s, found.waiting.longest_s) == (0, None, None, None)
