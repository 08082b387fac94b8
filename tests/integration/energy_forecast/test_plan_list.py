"""Whatever happens in the ledger, and whenever the list looks, it ends as one that is worked out from scratch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from shutil import copy
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.plan_list import listing
from samdrift_energy_forecast.plan_list.entry import Urgency
from samdrift_energy_forecast.plan_list.following import catch_up
from samdrift_energy_forecast.plans.document import HOUR
from samdrift_energy_forecast.tables import plan_list, plan_list_head
from samdrift_platform.ledger import endings
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import ItemState
from samdrift_testing.estate import BEGINS, DEAD, NOW, STALE, Estate, described
from samdrift_testing.work import all_items, item, look, submit

BUILDINGS = ("a", "b", "c")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("plan"), st.sampled_from(BUILDINGS), st.integers(-4, 0), st.sampled_from(["", "safe", "dead"])
        ),
        st.tuples(st.just("reject"), st.sampled_from(BUILDINGS)),
        st.tuples(st.just("withdrawn"), st.sampled_from(BUILDINGS), st.booleans()),
        st.tuples(st.just("unsent"), st.sampled_from(BUILDINGS), st.booleans()),
        st.tuples(st.just("other")),
        st.tuples(st.just("look")),
    ),
    max_size=14,
)


def act(estate: Estate, step: tuple[Any, ...]) -> None:
    match step:
        case ("plan", building, days, kind):
            kinds: dict[str, dict[str, Any]] = {"safe": {"safe_state": STALE}, "dead": {"attention": (DEAD,)}}
            change = kinds.get(kind, {})
            estate.planned(building, f"School {building}", begins=BEGINS + days * 24 * HOUR, **change)
        case ("reject", building):
            estate.rejected(building, f"School {building}", "The file is empty.")
        case ("withdrawn", building, seen):
            estate.queued(building, f"School {building}")
            cancelled(estate, all_items(estate.ledger)[-1].id, seen=seen)
        case ("unsent", building, seen):
            made = estate.planned(building, f"School {building}", delivery={"email": ["faye@example.org"]})
            cancelled(estate, made, seen=seen)
        case ("other",):
            submit(estate.ledger, str(uuid4()), [item(str(uuid4()))])
        case _:
            catch_up(estate.ledger)


def cancelled(estate: Estate, item_id: UUID, *, seen: bool) -> None:
    """Withdraw an item of which nothing was seen outside, whether the list saw it before or not."""
    if seen:
        catch_up(estate.ledger)
    with estate.ledger.write() as connection:
        endings.cancel(connection, item_id, actor="olga", now=NOW)


def rows(ledger: Ledger) -> list[Any]:
    catch_up(ledger)
    with ledger.read() as connection:
        return list(connection.execute(sa.select(plan_list).order_by(plan_list.c.building)).all())


def expected(ledger: Ledger) -> dict[str, tuple[UUID, UUID | None]]:
    """Building -> newest item, and newest item with a plan that was not withdrawn, by looking at all items."""
    found: dict[str, tuple[UUID, UUID | None]] = {}
    for each in all_items(ledger):
        if each.workload != "energy_forecast":
            continue
        building = each.payload["building"]["id"]
        _, plan = found.get(building, (each.id, None))
        found[building] = (each.id, each.id if each.result and each.state != ItemState.CANCELLED else plan)
    return found


def begin_anew(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(sa.delete(plan_list))
        connection.execute(sa.delete(plan_list_head))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_it_ends_as_if_worked_out_from_scratch(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    path = copy(sqlite_template, tmp_path_factory.mktemp("list") / "ledger.db")
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        estate = Estate(ledger)
        for step in steps:
            act(estate, step)
        followed = rows(ledger)
        begin_anew(ledger)
        assert rows(ledger) == followed
        assert {row.building: (row.newest_item, row.plan_item) for row in followed} == expected(ledger)


def test_on_either_database_by_many_at_once(ledger: Ledger) -> None:
    estate = Estate(ledger)
    for number in range(30):
        estate.planned(f"b-{number:02d}", f"School {number}", attention=(DEAD,) if number % 7 == 0 else ())
    estate.registered(described("b-00", "School 0"), described("c-1", "Ørsted"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: catch_up(ledger), range(8)))
    with ledger.read() as connection:
        assert listing.without_order(connection, limit=5) == (1, [("c-1", "Ørsted")])
        counts = listing.counts(connection, now=NOW)
        assert counts == {Urgency.NOTICE: 5, Urgency.NONE: 25}
        found, after = [], ""
        while True:
            page = listing.page(connection, now=NOW, limit=7, after=after)
            found += [row.building for row in page.rows]
            if page.after is None:
                break
            after = page.after
    assert len(found) == len(set(found)) == 30
    assert set(found[:5]) == {"b-00", "b-07", "b-14", "b-21", "b-28"}


@pytest.mark.parametrize("search", ["SCHOOL Å", "b_1", "100%", "x" * 90])
def test_what_is_searched_for_is_taken_as_it_is(ledger: Ledger, search: str) -> None:
    estate = Estate(ledger)
    for number, name in enumerate(("School å", "B_1", "100% wool", "b-1")):
        estate.planned(f"n-{number}", name)
    with estate.caught_up().read() as connection:
        found = [row.name for row in listing.page(connection, now=NOW, limit=9, search=search).rows]
    assert found == {"SCHOOL Å": ["School å"], "b_1": ["B_1"], "100%": ["100% wool"]}.get(search, [])


def test_time_alone_makes_a_building_urgent(sqlite_ledger: Ledger) -> None:
    estate = Estate(sqlite_ledger)
    item_id = estate.planned()
    assert look(sqlite_ledger, item_id).state == "done"
    with estate.caught_up().read() as connection:
        found = [listing.one(connection, "school-1", now=BEGINS + hours * HOUR) for hours in (1, 36, 37, 71, 72)]
    assert [row and row.urgency for row in found] == [
        Urgency.NONE,
        Urgency.NONE,
        Urgency.OLD_PLAN,
        Urgency.OLD_PLAN,
        Urgency.NO_PLAN,
    ]
