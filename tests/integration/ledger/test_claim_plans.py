from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from samdrift_platform.ledger import queue
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.work import LEASE, NOW, WORKLOAD, item, submit

CLAIMS = 15
#: After so many PostgreSQL chooses between a plan for all times and one for each.
TRIED = 5


@pytest.fixture
def ledger(postgresql: PostgreSQL, postgresql_template: str) -> Iterator[Ledger]:
    with closing(Ledger(postgresql.create(template=postgresql_template))) as opened:
        submit(opened, "s1", [item(f"s1/{n}") for n in range(300)])
        with opened.engine.connect() as connection:  # as the server does by itself after a while
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))
        yield opened


@pytest.mark.parametrize("limit", [1, 3])
def test_the_claim_is_not_planned_each_time(ledger: Ledger, limit: int) -> None:
    with ledger.write() as connection:
        for _ in range(CLAIMS):
            found = queue.claim(connection, workload=WORKLOAD, worker="w", limit=limit, lease=LEASE, now=NOW)
            assert len(found) == limit
        query = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%SKIP LOCKED%'"
        (plans,) = connection.execute(sa.text(query)).all()
    assert plans.custom_plans <= TRIED
    assert plans.generic_plans >= CLAIMS - 2 * TRIED
