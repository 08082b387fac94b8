"""A real PACS: Debian's Orthanc with its DICOMweb plug-in, on the loopback address, gone when its `with` ends."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from samdrift_testing.ports import free_ports

PROGRAM = Path("/usr/sbin/Orthanc")
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
#: Its one account.
USER, PASSWORD = "ris", "ris-test"
_READY_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Modality:
    """An application entity that Orthanc may send to."""

    ae_title: str
    port: int


@dataclass(kw_only=True)
class Orthanc:
    """Use it in a `with`: `Orthanc(folder=tmp_path)`; `folder` is its own and may exist."""

    folder: Path
    ae_title: str = "TESTPACS"
    #: Symbolic name -> where Orthanc sends to (C-MOVE destinations and `send`).
    modalities: Mapping[str, Modality] = field(default_factory=dict)
    #: Options of Orthanc's own that a test wants otherwise.
    options: Mapping[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Orthanc:
        _require_installed()
        self.dicom_port, self.http_port = free_ports(2)
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "orthanc.json"
        configuration.write_text(json.dumps(self._configuration()), encoding="utf-8")
        self._log = (self.folder / "orthanc.log").open("wb")
        self._process = subprocess.Popen([PROGRAM, str(configuration)], stdout=self._log, stderr=subprocess.STDOUT)
        # a connection for each request: Orthanc ends idle ones as it likes, maybe just when the next request is sent
        unkept = httpx.Limits(max_keepalive_connections=0)
        self.rest = httpx.Client(
            base_url=self.url, auth=(USER, PASSWORD), trust_env=False, timeout=120.0, limits=unkept
        )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.rest.close()
        self._process.kill()  # to end in order takes it 3 s, and nobody looks at its files afterwards
        self._process.wait()
        self._log.close()

    @property
    def url(self) -> str:
        """Of its REST interface."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def dicomweb(self) -> str:
        """Of its DICOMweb services."""
        return f"{self.url}/dicom-web"

    @property
    def dicom(self) -> str:
        """As the setting SAMDRIFT_MAMMOGRAPHY_PACS writes an application entity."""
        return f"dicom://{self.ae_title}@127.0.0.1:{self.dicom_port}"

    def instances(self) -> list[str]:
        """SOP Instance UIDs that it holds, as its own REST interface lists them; sorted, repeats included."""
        found = self.rest.get("/instances", params={"expand": ""}).raise_for_status().json()
        return sorted(instance["MainDicomTags"]["SOPInstanceUID"] for instance in found)

    def file(self, sop_instance_uid: str) -> bytes:
        """The DICOM file that it holds of an instance."""
        (identifier,) = self.rest.post("/tools/lookup", content=sop_instance_uid).raise_for_status().json()
        return self.rest.get(f"/instances/{identifier['ID']}/file").raise_for_status().content

    def put(self, data: bytes) -> None:
        """Give it a DICOM file by its REST interface, past every protocol that is tested."""
        self.rest.post("/instances", content=data).raise_for_status()

    def send(self, modality: str, resources: Sequence[str] = ()) -> httpx.Response:
        """C-STORE these of Orthanc's resources (all instances by default) to a modality; its answer."""
        chosen = list(resources) or self.rest.get("/instances").json()
        return self.rest.post(f"/modalities/{modality}/store", json={"Resources": chosen, "Synchronous": True})

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _READY_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            if (status := self._process.poll()) is not None:
                raise AssertionError(f"Orthanc ended with status {status}; its log is {self._log.name}")
            try:
                self.rest.get("/system").raise_for_status()
            except httpx.HTTPError:
                pause.wait(0.02)
            else:
                return
        raise AssertionError(f"Orthanc did not answer within {_READY_S} s; its log is {self._log.name}")

    def _configuration(self) -> dict[str, Any]:
        data = str(self.folder / "data")
        web = {"Enable": True, "Root": "/dicom-web/", "EnableWado": False, "Ssl": False}
        return {
            "Name": self.ae_title,
            "StorageDirectory": data,
            "IndexDirectory": data,
            "Plugins": [str(DICOMWEB)],
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomServerEnabled": True,
            "DicomAet": self.ae_title,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "DicomModalities": {
                name: [modality.ae_title, "127.0.0.1", modality.port] for name, modality in self.modalities.items()
            },
            "DefaultEncoding": "Utf8",
            "StableAge": 2,
            "SyncStorageArea": False,
            "ConcurrentJobs": 2,
            "DicomWeb": {**web, "Host": f"127.0.0.1:{self.http_port}"},
            **self.options,
        }


def _require_installed() -> None:
    if not PROGRAM.exists():
        pytest.skip("Orthanc is not installed (Debian package orthanc)")
    if not DICOMWEB.exists():
        pytest.skip("Orthanc's DICOMweb plug-in is not installed (Debian package orthanc-dicomweb)")
