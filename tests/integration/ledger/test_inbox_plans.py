"""Reading a full inbox on PostgreSQL right after a bulk load, when it has no statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import Outcome, Verdict
from samdrift_platform.ledger import endings, inbox
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.inbox import Filter
from samdrift_testing.asking import PAY
from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.work import NOW, WORKLOAD, claim, item, submit

OPEN = 400


@dataclass
class Explained:
    """Reads in a ledger, and how many rows PostgreSQL looked at for them."""

    ledger: Ledger
    _made: list[tuple[str, Any]] = field(default_factory=list)

    def rows(self, read: Callable[[sa.Connection], object]) -> int:
        with self.ledger.read() as connection:
            sa.event.listen(connection, "before_cursor_execute", self._note)
            read(connection)
            sa.event.remove(connection, "before_cursor_execute", self._note)
            return sum(_rows(self._plan(connection, *made)) for made in self._made)

    def _note(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        self._made.append((statement, parameters))

    def _plan(self, connection: sa.Connection, statement: str, parameters: Any) -> dict[str, Any]:
        found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
        plans: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
        tree: dict[str, Any] = plans[0]["Plan"]
        return tree


def _rows(node: dict[str, Any]) -> int:
    """Rows that this part of a plan and those below it gave or passed over, in all its turns."""
    turned = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(turned * node["Actual Loops"]) + sum(_rows(each) for each in node.get("Plans", ()))


@pytest.fixture
def full(postgresql: PostgreSQL, postgresql_template: str) -> Iterator[Explained]:
    """OPEN questions of two codes that nobody has collected statistics of."""
    url = postgresql.create(template=postgresql_template)
    with closing(Ledger(url)) as ledger:
        with ledger.write() as connection:
            for table in ("questions", "work_items", "effects"):
                connection.exec_driver_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        submit(ledger, "all", [item(f"bill {n}") for n in range(OPEN)])
        finished = []
        for number, each in enumerate(claim(ledger, OPEN)):
            question = replace(PAY, code=f"pay_{number % 2}")
            outcome = Outcome(reference=each.reference, verdict=Verdict.WAITING_FOR_PERSON, question=question)
            finished.append((each, Completion(outcome=outcome)))
        with ledger.write() as connection:
            endings.complete(connection, WORKLOAD, finished, now=NOW)
        yield Explained(ledger)
    postgresql.drop(url)


@pytest.mark.parametrize(
    "read",
    [
        lambda connection: inbox.waiting(connection, limit=50),
        lambda connection: inbox.waiting(connection, Filter(code="pay_1", workload=WORKLOAD), limit=50),
        inbox.count,
        inbox.groups,
    ],
    ids=["list", "of one code", "number", "groups"],
)
def test_each_question_is_looked_at_a_few_times_at_most(
    full: Explained, read: Callable[[sa.Connection], object]
) -> None:
    """Joined by two indexes, each of the items would be held against every open question: OPEN x OPEN rows."""
    assert full.rows(read) < 20 * OPEN
