"""What waited for a person before there was an inbox stands in it afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from samdrift_platform.ledger import inbox, migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.work import NOW

HERE = Path(migrations.__file__).parent


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger as it was before this migration."""
    with contextlib.closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        with ledger.write() as connection:
            config = Config()
            config.set_main_option("script_location", str(HERE))
            config.set_main_option("version_locations", str(HERE / "versions"))
            config.set_main_option("path_separator", "os")
            config.attributes.update(connection=connection, version_table="alembic_version")
            command.upgrade(config, "0003")
        yield ledger


def insert(connection: sa.Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def test_effects_that_had_stopped_are_asked_about(before: Ledger) -> None:
    at, submission, item = f"{NOW:%Y-%m-%d %H:%M:%S.%f}", uuid4().hex, uuid4()
    common = {"workload": "rpa", "tenant": "demo", "reference": "a", "digest": "sha256:00"}
    with before.write() as connection:
        insert(connection, "submissions", id=submission, document="{}", submitted_by="olga", submitted_at=at, **common)
        insert(
            connection, "work_items", id=item.hex, submission_id=submission, payload="{}", state="waiting_for_person",
            priority=2, urgency=2, ages_at=at, due=at, available_at=at, queued_at=at, verdict="done", **common,
        )  # fmt: skip
        for ordinal, state in enumerate(("delivered", "unknown", "planned")):
            insert(
                connection, "effects", key=uuid4().hex, item_id=item.hex, ordinal=ordinal, workload="rpa", step=state,
                receiver="erp", request="{}", state=state, attempt=12, available_at=at, planned_at=at, finished_at=at,
            )  # fmt: skip
    migrations.upgrade(before.url)
    with before.read() as connection:
        (asked,) = inbox.waiting(connection)
    assert (asked.item_id, asked.question.code, asked.asked_at) == (item, "effect:unknown:12", NOW)
