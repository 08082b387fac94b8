"""What all tests share: the layers' markers, a PostgreSQL for the session, and a fresh ledger on either database."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.compiled import compiled_once
from samdrift_testing.postgresql import NoPostgreSQLError, PostgreSQL, running_postgresql

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
#: Tests below these folders carry a marker of the same name.
LAYERS = ("integration", "acceptance")
DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.integration))


# How long an example takes says something about the machine, not about the code. The inner loop looks at few examples,
# others each time; `make test` at many (`--hypothesis-profile=thorough`), the same each time, so that whether a change
# lands does not hang on what was drawn. A test that asks for a number of its own gets it in both.
settings.register_profile("samdrift", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=20)
settings.register_profile("thorough", settings.get_profile("samdrift"), max_examples=100, derandomize=True)
settings.load_profile("samdrift")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the layer in whose folder they stand."""
    for item in items:
        layer = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if layer in LAYERS:
            item.add_marker(layer)
    # Playwright keeps an event loop running to the end; tests that start one of their own come before.
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


def pytest_configure() -> None:
    """Look for garbage less often: most objects are modules, walked again and again. One thread a worker."""
    gc.set_threshold(20_000, 20, 100)
    if "PYTEST_XDIST_WORKER" in os.environ:  # there are as many processes as cores already
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Keep what was imported out of garbage collection for good: none of it is garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _home_for_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nobody's home: what a test leaves unset must not end up in the folder that it was started from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMDRIFT_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real PostgreSQL; tests are skipped where none can be started."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgresql())
        except NoPostgreSQLError as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL) -> str:
    """The name of a migrated database to copy."""
    migrations.upgrade(postgresql.create("ledger_template"))
    return "ledger_template"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated ledger in a file."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'ledger.db')}"


@pytest.fixture
def sqlite_ledger(sqlite_url: str) -> Iterator[Ledger]:
    """The ledger at `sqlite_url`, opened."""
    with contextlib.closing(Ledger(sqlite_url)) as opened:
        yield opened


@pytest.fixture(params=DATABASES)
def ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated ledger, once on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.create(template=request.getfixturevalue("postgresql_template"))
    yield url
    server.drop(url)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """The ledger at `ledger_url`, opened."""
    with contextlib.closing(Ledger(ledger_url)) as opened:
        yield opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run: Playwright allows no second one beside it."""
    from samdrift_testing.chromium import running_chromium  # the inner loop needs neither it nor what it loads

    with running_chromium() as started:
        yield started
