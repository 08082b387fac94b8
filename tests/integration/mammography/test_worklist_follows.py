"""Whatever happens in the ledger, and whenever the worklist looks, it ends as one that is worked out from scratch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from shutil import copy
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_mammography.tables import readings, worklist
from samdrift_mammography.worklist import listing
from samdrift_mammography.worklist.filter import Filter, Show
from samdrift_mammography.worklist.following import WORKLOAD, catch_up
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import endings
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.screening import Centre
from samdrift_testing.work import NOW, all_items, item, submit

EXAMS = ("1.1", "1.2", "1.3")
READERS = ("ann", "bo", "cy")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("exam"), st.sampled_from(EXAMS), st.sampled_from([None, 2, 5, 10])),
        st.tuples(
            st.just("read"), st.integers(0, 5), st.sampled_from(READERS), st.sampled_from(["recall", "no_recall"])
        ),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("refused")),
        st.tuples(st.just("look")),
    ),
    max_size=14,
)


def act(centre: Centre, step: tuple[Any, ...]) -> None:
    match step:
        case ("exam", exam, score):
            reading = {None: "double", 2: "single", 5: "double", 10: "double, priority"}[score]
            centre.exam(exam, score=score, reading=reading, steps=["cad"] if score == 5 else [])
        case ("read", number, reader, decision):
            with suppress(ConflictError):  # read to its end, superseded, or decided otherwise before
                centre.read(chosen(centre, number), reader, decision)
        case ("cancel", number):
            item_id = chosen(centre, number)
            with suppress(ConflictError), centre.ledger.write() as connection:
                endings.cancel(connection, item_id, actor="olga", now=NOW)
        case ("refused",):
            centre.refused()
        case _:
            catch_up(centre.ledger)


def chosen(centre: Centre, number: int) -> UUID:
    found = [each.id for each in all_items(centre.ledger) if each.payload.get("kind") == "exam"]
    return found[number % len(found)] if found else centre.exam("1.1")


def by_hand(ledger: Ledger) -> dict[UUID, str]:
    """Item -> stage, from the ledger's items in the order of their arrival and from the readings."""
    items = [each for each in all_items(ledger) if each.workload == WORKLOAD]
    with ledger.read() as connection:
        rows = connection.execute(sa.select(readings.c.item_id, readings.c.decision).order_by(readings.c.seq)).all()
    stages = {}
    for place, found in enumerate(items):
        later = [
            other
            for other in items[place + 1 :]
            if other.payload.get("exam") == found.payload.get("exam") and other.state not in ("rejected", "cancelled")
        ]
        decided = [decision for item_id, decision in rows if item_id == found.id]
        if found.state in ("rejected", "cancelled"):
            stages[found.id] = {"rejected": "refused", "cancelled": "cancelled"}[found.state]
        elif later and found.payload["kind"] == "exam":
            stages[found.id] = "superseded"
        elif found.result["reading"] == "single":
            stages[found.id] = "read" if decided else "to_read"
        else:
            stages[found.id] = {0: "to_read", 1: "to_read", 3: "read"}.get(
                len(decided), "read" if len(set(decided)) == 1 else "arbitration"
            )
    return stages


def listed(ledger: Ledger) -> dict[UUID, str]:
    catch_up(ledger)
    with ledger.read() as connection:
        return dict(connection.execute(sa.select(worklist.c.item_id, worklist.c.stage)).all())


_numbers = count()


@given(STEPS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_ends_in_the_stages_that_it_has_by_hand(
    sqlite_template: Path, tmp_path: Path, steps: list[tuple[Any, ...]]
) -> None:
    with closing(Ledger(f"sqlite:///{copy(sqlite_template, tmp_path / f'{next(_numbers)}.db')}")) as ledger:
        centre = Centre(ledger)
        for step in steps:
            act(centre, step)
        assert listed(ledger) == by_hand(ledger)


def test_nothing_is_missed_while_many_write_and_many_look(ledger: Ledger) -> None:
    def write(writer: int) -> None:
        for number in range(12):
            put(ledger, f"{writer}.{number}")

    def look(_: int) -> None:
        for _ in range(12):
            catch_up(ledger)

    with ThreadPoolExecutor(max_workers=6) as pool:
        for done in [*(pool.submit(write, each) for each in range(3)), *(pool.submit(look, each) for each in range(3))]:
            done.result(timeout=240)
    catch_up(ledger)
    with ledger.read() as connection:
        names = set(connection.execute(sa.select(worklist.c.exam)).scalars())
        assert names == {f"{writer}.{number}" for writer in range(3) for number in range(12)}
        assert connection.execute(sa.select(sa.func.count()).select_from(worklist)).scalar_one() == len(names)


def put(ledger: Ledger, exam: str) -> None:
    made = item(f"{exam}/0", kind="exam", exam=exam, screening_unit="unit", images=[])
    submit(ledger, f"s{exam}", [made], workload=WORKLOAD)


@pytest.mark.parametrize("show", list(Show))
def test_every_exam_is_in_exactly_one_list(ledger: Ledger, show: Show) -> None:
    centre = Centre(ledger)
    for score in (None, 2, 5, 10):
        exam = centre.exam(f"1.{score}", score=score, reading="single" if score == 2 else "double")
        if score == 2:
            centre.read(exam, "bo")
        if score == 5:
            centre.read(exam, "bo", "recall")
            centre.read(exam, "cy", "no_recall")
    centre.exam("1.10", score=3)
    wanted = {
        Show.MINE: {"1.None", "1.5", "1.10"},
        Show.UNREAD: {"1.None", "1.5", "1.10"},
        Show.ARBITRATION: {"1.5"},
        Show.READ: {"1.2"},
        Show.SUPERSEDED: {"1.10"},
    }
    with centre.caught_up().read() as connection:
        found = listing.page(connection, Filter(show=show), "ann", limit=50).rows
    assert {row.exam for row in found} == wanted[show]
