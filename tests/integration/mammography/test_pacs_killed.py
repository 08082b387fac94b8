"""The delivery process is killed between the PACS and the ledger: the report is in the PACS once, and counts once."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from samdrift_mammography.results.pacs import open_pacs
from samdrift_platform.delivery import LEASE
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_testing.killed_delivery import Moment, deliver
from samdrift_testing.orthanc import PASSWORD, USER, Orthanc
from samdrift_testing.pacs_delivery import PacsDelivery
from samdrift_testing.reports import report_uid
from samdrift_testing.scripted_pacs import ScriptedPacs
from samdrift_testing.work import WORKLOAD

PATIENCE_S = 120.0


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    with contextlib.closing(Ledger(sqlite_url)) as opened:
        yield opened


def killed_then_finished(ledger: Ledger, ledger_url: str, tmp_path: Path, pacs: dict[str, str], moment: Moment) -> None:
    objects = f"file://{tmp_path / 'objects'}"
    post = PacsDelivery(ledger, open_pacs(**pacs), ObjectStore(objects))
    identifier = post.plan(1)
    process = multiprocessing.get_context("forkserver").Process(
        target=deliver, args=(WORKLOAD, ledger_url, objects, pacs, moment), daemon=True
    )
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL
    assert post.ended(identifier) == ("running", ["planned"])
    post.now += LEASE + timedelta(seconds=PATIENCE_S)  # the dead process's lease is over
    post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])


@pytest.mark.parametrize("moment", Moment)
def test_a_report_is_stored_once_over_dimse(moment: Moment, ledger: Ledger, sqlite_url: str, tmp_path: Path) -> None:
    with ScriptedPacs() as pacs:
        killed_then_finished(ledger, sqlite_url, tmp_path, {"address": pacs.address}, moment)
        assert pacs.stored == {report_uid(1): 1}


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("way", ["dicom", "dicomweb"])
def test_orthanc_lists_the_report_once(
    way: str, moment: Moment, ledger: Ledger, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text(f"{USER}:{PASSWORD}")
    with Orthanc(folder=tmp_path / "orthanc") as orthanc:
        pacs = {"address": str(getattr(orthanc, way)), "credentials": str(tmp_path / "credentials")}
        killed_then_finished(ledger, sqlite_url, tmp_path, pacs, moment)
        assert orthanc.instances() == [report_uid(1)]
        changes = orthanc.rest.get("/changes", params={"limit": 100}).json()["Changes"]
        assert [change["ChangeType"] for change in changes].count("NewInstance") == 1
