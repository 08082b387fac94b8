from __future__ import annotations

import traceback
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from samdrift_platform import plugins
from samdrift_platform.contract import Item
from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError, LedgerUnavailableError
from samdrift_platform.ledger.tables import UtcTime, metadata, processes, work_items
from samdrift_testing.work import NOW, item, submit, undone

#: Must never be read in an error text.
PERSONAL = "Nancy Ann Test Berggren"


def test_the_migrations_make_exactly_the_tables_that_the_code_expects(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
        own = {name for name in names for owner, _ in plugins.migrations() if name.startswith(f"{owner}_")}
        options = {"compare_type": True, "compare_server_default": True, "include_name": lambda n, *_: n not in own}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(ledger: Ledger) -> None:
    submit(ledger, "A")
    migrations.upgrade(ledger.url)
    with ledger.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(work_items)).scalar_one() == 1


def test_sqlite_waits_for_writers_and_syncs_every_commit(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'new' / 'ledger.db'}")
    with ledger.read() as connection:
        told = [connection.execute(sa.text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    ledger.close()
    assert told == ["wal", 2]


def test_a_naive_time_is_refused(ledger: Ledger) -> None:
    naive = datetime(2026, 11, 24, 8, 0)  # noqa: DTZ001 - that is the point
    with pytest.raises(LedgerRefusedError):
        submit(ledger, "A", [item("x", naive)])


def test_a_time_comes_back_in_utc_and_to_the_microsecond(ledger: Ledger) -> None:
    copenhagen = timezone(timedelta(hours=1))
    moment = NOW.replace(microsecond=123456).astimezone(copenhagen)
    submit(ledger, "A", [item("x", moment)])
    with ledger.read() as connection:
        stored = connection.execute(sa.select(work_items.c.deadline)).scalar_one()
    assert stored == moment
    assert stored.utcoffset() == timedelta(0)


def test_no_time_stays_no_time() -> None:
    dialect = sa.create_engine("sqlite://").dialect
    assert UtcTime().process_bind_param(None, dialect) is None
    assert UtcTime().process_result_value(None, dialect) is None


def test_a_transaction_is_all_or_nothing(ledger: Ledger) -> None:
    with undone(ledger) as connection:
        connection.execute(sa.insert(processes).values(**_process("one")))
    with ledger.read() as connection:
        assert connection.execute(sa.select(processes)).all() == []


def test_a_reader_sees_one_moment_while_others_write(ledger: Ledger) -> None:
    count = sa.select(sa.func.count()).select_from(processes)
    with ledger.read() as reader:
        before = reader.execute(count).scalar_one()
        with ledger.write() as writer:
            writer.execute(sa.insert(processes).values(**_process("one")))
        assert reader.execute(count).scalar_one() == before
    with ledger.read() as reader:
        assert reader.execute(count).scalar_one() == before + 1


@pytest.mark.parametrize("url", ["sqlite:////proc/nowhere.db", "postgresql+psycopg://x@127.0.0.1:1/nothing"])
def test_a_database_that_does_not_answer_is_a_clear_error(url: str) -> None:
    ledger = Ledger(url)
    with pytest.raises(LedgerUnavailableError, match="send the same again"), ledger.read():
        pass
    ledger.close()


def test_a_missing_table_says_so_without_the_statement(ledger: Ledger) -> None:
    with pytest.raises(SamdriftError) as caught, ledger.write() as connection:
        connection.execute(sa.text("SELECT :name FROM nowhere"), {"name": PERSONAL})
    assert PERSONAL not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("column", ["name", "detail"])
def test_error_texts_and_their_traces_carry_no_values(ledger: Ledger, column: str) -> None:
    row = _process(PERSONAL) if column == "name" else {**_process("one"), "detail": {PERSONAL: float("nan")}}
    twice = sa.insert(processes).values([row, row])
    with pytest.raises(LedgerRefusedError) as caught, ledger.write() as connection:
        connection.execute(twice)
    assert PERSONAL not in "".join(traceback.format_exception(caught.value))


def test_an_item_that_is_too_much_for_the_ledger_does_not_quote_itself(ledger: Ledger) -> None:
    with pytest.raises(SamdriftError) as caught:
        submit(ledger, "A", [Item(reference="x", payload={"name": PERSONAL, "value": float("nan")})])
    assert PERSONAL not in "".join(traceback.format_exception(caught.value))


def _process(name: str) -> dict[str, object]:
    return {"name": name, "pid": 1, "started_at": NOW, "seen_at": NOW, "ready": True, "detail": {}}
