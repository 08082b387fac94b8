"""A screening unit, our platform and a hospital's PACS: exams come in over DICOM, results go back and are found there.

DCMTK sends, Orthanc is the PACS, and everything runs as the processes of one installation.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from samdrift_mammography.views import View
from samdrift_platform.client import Client
from samdrift_testing.orthanc import Modality, Orthanc
from samdrift_testing.personal_data import scan
from samdrift_testing.ports import free_ports
from samdrift_testing.screening_study import screening_study
from samdrift_testing.trees import Tree, samdrift

pytestmark = pytest.mark.timeout(1200)

#: Seconds: until everything runs, and until an exam has come back.
READY_S, PATIENCE_S = 400.0, 300.0
#: Short, so that an exam without all its views is handed on while the test waits; long enough to be seen waiting.
QUIET_S = 10.0
FOUR = list(View)
#: Written for every exam: two reports, pictures with marks, a presentation state.
REPORTS = {"1.2.840.10008.5.1.4.1.1.88.50", "1.2.840.10008.5.1.4.1.1.88.33"}


@dataclass(kw_only=True)
class Hospital:
    """What a test does with it."""

    tree: Tree
    client: Client
    pacs: Orthanc
    folder: Path
    intake_port: int

    def send(self, files: Sequence[bytes], name: str) -> subprocess.CompletedProcess[str]:
        """C-STORE by DCMTK's `storescu`, as the modality STATION1."""
        storescu = shutil.which("storescu") or pytest.skip("DCMTK is not installed (Debian package dcmtk)")
        folder = self.folder / name
        folder.mkdir()
        for number, data in enumerate(files):
            (folder / f"{number}.dcm").write_bytes(data)
        titles = ["-aet", "STATION1", "-aec", "SAMDRIFT", "127.0.0.1", str(self.intake_port)]
        return subprocess.run(
            [storescu, "-R", "+sd", *titles, str(folder)], capture_output=True, text=True, timeout=240, check=False
        )

    def exams(self, study: str) -> list[dict[str, Any]]:
        """Its items that have a result and nothing left to deliver, oldest first."""
        found = [item for item in self.client.items(workload="mammography") if item["result"].get("exam") == study]
        return [item for item in found if item["state"] == "done"]

    def wait_for(self, study: str, number: int = 1) -> dict[str, Any]:
        """The newest of `number` items of an exam, once they are done."""
        self.tree.wait_until(f"{study} is done", lambda: len(self.exams(study)) >= number, timeout_s=PATIENCE_S)
        return max(self.exams(study), key=lambda item: str(item["queued_at"]))

    def get(self, path: str) -> httpx.Response:
        token = (self.folder / "home" / "token").read_text()
        answer = httpx.get(f"{self.tree.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=120)
        return answer.raise_for_status()


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("hospital")
    port, intake = free_ports(2)
    modalities = {"samdrift": Modality(ae_title="SAMDRIFT", port=intake)}
    with Orthanc(folder=folder / "pacs", modalities=modalities) as pacs:
        environment = {
            "SAMDRIFT_HOME": str(folder / "home"),
            "SAMDRIFT_PORT": str(port),
            "SAMDRIFT_WORKLOADS": "mammography",
            "SAMDRIFT_MAMMOGRAPHY_DICOM_PORT": str(intake),
            "SAMDRIFT_MAMMOGRAPHY_CALLING_AE_TITLES": f"STATION1,{pacs.ae_title}",
            "SAMDRIFT_MAMMOGRAPHY_QUIET_S": str(QUIET_S),
            "SAMDRIFT_MAMMOGRAPHY_PACS": pacs.dicom,
        }
        with Tree(samdrift("demo", "--stay", "--json"), environment, folder / "demo.json") as tree:
            tree.url = f"http://127.0.0.1:{port}"
            tree.wait_until("the demonstration has ended", lambda: _told(tree), timeout_s=READY_S)
            with Client(tree.url, (folder / "home" / "token").read_text()) as client:
                yield Hospital(tree=tree, client=client, pacs=pacs, folder=folder, intake_port=intake)


def _told(tree: Tree) -> bool:
    """`demo --stay --json` prints its report when everything it submitted has ended."""
    try:
        return bool(json.loads(tree.output.read_text())["ok"])
    except ValueError:
        return False


def study_of(files: Sequence[bytes]) -> str:
    return str(pydicom.dcmread(BytesIO(files[0]), stop_before_pixels=True).StudyInstanceUID)


def test_an_exam_comes_in_and_its_results_stand_in_the_pacs(hospital: Hospital) -> None:
    files = list(screening_study(1).values())
    sent = hospital.send(files, "whole")
    assert sent.returncode == 0, sent.stderr
    item = hospital.wait_for(study_of(files))
    assert item["result"]["score"] is not None
    documents = item["result"]["documents"]
    held = hospital.pacs.instances()
    assert {document["sop_instance_uid"] for document in documents} <= set(held)
    assert {document["sop_class_uid"] for document in documents} >= REPORTS
    assert len(held) == len(set(held)) == len(documents)
    for document in documents:
        written = pydicom.dcmread(BytesIO(hospital.pacs.file(document["sop_instance_uid"])))
        assert written.StudyInstanceUID == study_of(files)
        assert item["result"]["model"]["digest"] in str(written)


def test_sent_again_nothing_happens_twice(hospital: Hospital) -> None:
    files = list(screening_study(1).values())
    before = hospital.pacs.instances()
    assert hospital.send(files, "again").returncode == 0
    hospital.tree.wait_until(
        "nothing waits", lambda: not hospital.get("/mammography/waiting.json").json()["exams"], timeout_s=PATIENCE_S
    )
    assert len(hospital.exams(study_of(files))) == 1
    assert hospital.pacs.instances() == before


def test_an_exam_waits_for_its_views_and_a_late_one_opens_it_again(hospital: Hospital) -> None:
    study = screening_study(2)
    files = list(study.values())
    assert hospital.send(files[:3], "three").returncode == 0
    (waiting,) = [
        each for each in hospital.get("/mammography/waiting.json").json()["exams"] if each["exam"] == study_of(files)
    ]
    assert waiting["missing"] == [str(FOUR[3])]
    first = hospital.wait_for(study_of(files))
    assert (first["result"]["reading"], first["result"]["reasons"]) == ("double", ["missing-views"])
    assert hospital.send(files[3:], "late").returncode == 0
    assert hospital.wait_for(study_of(files), 2)["result"]["score"] is not None


def test_the_pacs_itself_may_send(hospital: Hospital) -> None:
    files = list(screening_study(3).values())
    for data in files:
        hospital.pacs.put(data)
    assert hospital.pacs.send("samdrift", _own(hospital, files)).status_code == 200
    assert hospital.wait_for(study_of(files))["result"]["score"] is not None


def test_the_pacs_may_send_by_web_too(hospital: Hospital) -> None:
    files = list(screening_study(5).values())
    server = {
        "Url": f"{hospital.tree.url}/mammography/dicom-web/",
        "HttpHeaders": {"Authorization": f"Bearer {(hospital.folder / 'home' / 'token').read_text()}"},
    }
    for data in files:
        hospital.pacs.put(data)
    hospital.pacs.rest.put("/dicom-web/servers/samdrift", json=server).raise_for_status()
    stowed = hospital.pacs.rest.post(
        "/dicom-web/servers/samdrift/stow", json={"Resources": _own(hospital, files), "Synchronous": True}
    )
    assert stowed.status_code == 200
    item = hospital.wait_for(study_of(files))
    assert item["result"]["score"] is not None
    fate = hospital.get(f"/mammography/images/{_uids(files).pop()}").json()
    assert fate["source"].startswith("stow:")
    assert [each["item_id"] for each in fate["items"]] == [item["id"]]


def test_a_stranger_is_rejected(hospital: Hospital) -> None:
    echo = shutil.which("echoscu") or pytest.skip("DCMTK is not installed (Debian package dcmtk)")
    titles = ["-aec", "SAMDRIFT", "127.0.0.1", str(hospital.intake_port)]
    known = subprocess.run([echo, "-aet", "STATION1", *titles], timeout=120, check=False)
    stranger = subprocess.run([echo, "-aet", "STRANGER", *titles], timeout=120, check=False, capture_output=True)
    assert (known.returncode, stranger.returncode != 0) == (0, True)


def test_a_woman_who_has_objected_is_read_by_people_only(hospital: Hospital) -> None:
    home = {"SAMDRIFT_HOME": str(hospital.folder / "home"), "SAMDRIFT_URL": hospital.tree.url}
    files = list(screening_study(4, PatientID="0108589995").values())
    objected = subprocess.run(
        samdrift("objections", "add", "--workload", "mammography"),
        input="0108589995\n",
        env=home,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert objected.returncode == 0, objected.stderr
    assert hospital.send(files, "objected").returncode == 0
    result = hospital.wait_for(study_of(files))["result"]
    assert (result["score"], result["reading"], result["reasons"]) == (None, "double", ["objected"])
    assert all(view["marks"] == [] for view in result["views"])


def test_every_exam_is_on_the_worklist_and_as_fhir(hospital: Hospital) -> None:
    done = [item for item in hospital.client.items(workload="mammography") if item["state"] == "done"]
    newest = {item["result"]["exam"]: item for item in sorted(done, key=lambda item: str(item["queued_at"]))}
    page = hospital.get("/mammography/?lang=en").text
    assert len(newest) >= 6
    assert [exam for exam, item in newest.items() if str(item["id"]) not in page] == []
    item = hospital.wait_for(study_of(list(screening_study(1).values())))
    bundle = hospital.get(f"/mammography/exams/{item['id']}/fhir").json()
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert {"DiagnosticReport", "ImagingStudy", "AuditEvent"} <= kinds


def test_nothing_that_was_written_names_a_person(hospital: Hospital) -> None:
    """Last: it looks at everything that the tests above made the installation write, object store aside."""
    hospital.tree.kill()
    assert scan(hospital.folder / "home", leave_out=["objects"]) == []
    assert scan(hospital.tree.output) == []


def _own(hospital: Hospital, files: Sequence[bytes]) -> list[str]:
    """What the PACS calls these images."""
    held = hospital.pacs.rest.get("/instances", params={"expand": ""}).json()
    return [each["ID"] for each in held if each["MainDicomTags"]["SOPInstanceUID"] in _uids(files)]


def _uids(files: Sequence[bytes]) -> set[str]:
    return {str(pydicom.dcmread(BytesIO(data), stop_before_pixels=True).SOPInstanceUID) for data in files}
