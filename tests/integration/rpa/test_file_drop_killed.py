"""The process of the watched folders, killed with SIGKILL again and again while files come in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings
from samdrift_rpa.invoices.process import process as invoices
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.control import Control, at_work, put_together
from samdrift_testing.in_process import in_process
from samdrift_testing.serving import serving
from samdrift_testing.waiting import wait_until

FILES = 24
KILLS = 8


@pytest.fixture
def plane(tmp_path: Path, sqlite_ledger: Ledger) -> Iterator[tuple[Control, str]]:
    """A control plane on a real port that hosts the invoices."""
    settings = Settings(home=tmp_path / "home", max_body_mib=1)
    workloads: dict[str, Any] = {"rpa": RobotWorkload({"invoices": invoices})}
    app = at_work(put_together(settings, workloads), settings, workloads, sqlite_ledger)
    with sqlite_ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    (tmp_path / "token").write_text(token)
    with in_process(app) as transport, serving(app) as address:
        yield Control(app=app, ledger=sqlite_ledger, settings=settings, transport=transport, token=token), address


@contextmanager
def watching(tmp_path: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "SAMDRIFT_HOME": str(tmp_path / "home"),
        "SAMDRIFT_URL": address,
        "SAMDRIFT_TOKEN_FILE": str(tmp_path / "token"),
        "SAMDRIFT_RPA_FILE_DROP": str(tmp_path / "drop"),
    }
    process = subprocess.Popen([sys.executable, "-m", "samdrift_rpa.triggers"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def test_killed_again_and_again_each_file_is_one_case(tmp_path: Path, plane: tuple[Control, str]) -> None:
    control, address = plane
    place, chance = tmp_path / "drop" / "invoices", Random(7)
    place.mkdir(parents=True)
    contents = [json.dumps({"number": number}).encode() for number in range(FILES)]
    for number, content in enumerate(contents):
        (place / f"{number}.xml").write_bytes(content)
        os.utime(place / f"{number}.xml", (1_795_000_000 + number, 1_795_000_000 + number))

    def left() -> int:
        return sum(1 for path in place.rglob("*") if path.is_file())

    for _ in range(KILLS):
        before = left()
        if not before:
            break
        with watching(tmp_path, address) as process:
            goal = max(before - chance.randrange(1, 4), 0)
            wait_until(f"fewer than {before} files", lambda: left() <= goal)  # noqa: B023 - looked at in this round
            process.kill()
    with watching(tmp_path, address):
        wait_until("the last files are taken", lambda: left() == 0)
    with control.client() as client:
        references = [item["payload"]["case"]["document"] for item in client.items(workload="rpa")]
        assert Counter(client.get_object(reference) for reference in references) == Counter(contents)
        assert len(client.submissions(workload="rpa", limit=1_000)) == FILES
