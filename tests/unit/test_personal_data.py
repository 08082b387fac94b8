"""The scan for personal data finds what is planted, and leaves alone what only looks like it."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
import sqlalchemy as sa
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from samdrift_testing.personal_data import Find, Scanner, of_dicom, scan

#: Published as fictitious.
NUMBER, NAME, BORN = "2512489996", "Berggren^Nancy Ann", "19481225"
KNOWN = (NUMBER, NAME, BORN, "ACC-4711", "Sørensen^Åse")


def kinds(text: str | bytes, known: tuple[str, ...] = KNOWN) -> set[str]:
    return {find.kind for find in Scanner(known).text("log", text)}


@pytest.mark.parametrize(
    "planted",
    [
        '{"patient_id": "2512489996"}',
        "number=251248-9996.",
        "GET /patients/2512489996?x=1",
        "path/251248 9996/file",
        "it was 2512489996, she said",
        "251248\N{EN DASH}9996",
        "251248\N{NO-BREAK SPACE}9996",
        r'{"cpr": "251248\u20139996"}',
        "GET /?cpr=251248%209996 and /?cpr=251248%E2%80%939996",
        "251248\n9996",
    ],
)
def test_a_civil_registration_number_is_found_without_being_known(planted: str) -> None:
    assert kinds(planted, ()) == {"civil registration number"}


@pytest.mark.parametrize(
    "planted",
    [
        "could not read the image of NANCY ANN BERGGREN",
        "Berggren, Nancy Ann",
        "?name=Berggren%5ENancy+Ann",
        "?name=Nancy%20Ann%20Berggren",
        '{"name": "S\\u00f8rensen^\\u00c5se"}',
        "Åse Sørensen".encode(),
        "born 1948-12-25",
        "born 25.12.1948",
        "(0010,0030) DA [19481225]",
        "accession acc-4711 refused",
    ],
)
def test_what_is_known_of_a_woman_is_found_however_it_is_written(planted: str | bytes) -> None:
    assert "known value" in kinds(planted)


@pytest.mark.parametrize(
    "innocent",
    [
        "1.2.826.0.1.3680043.8.498.2512489996",
        "0.2512489996",
        "sha256:ab2512489996cd",
        "1764489996 seconds",
        "item 2599489996",
        "251248999612",
        "nancyannberggrens",
        "a test of the demo",
    ],
)
def test_what_is_nobodys_is_left_alone(innocent: str) -> None:
    assert kinds(innocent, ("Test^Nancy", NAME, BORN)) == set()


def test_a_known_number_is_found_even_inside_an_identifier() -> None:
    assert kinds("1.2.826.0.1.2512489996") == {"known value"}


def test_a_find_does_not_repeat_what_it_found() -> None:
    (find,) = Scanner(()).text("logs/x.log", f"id {NUMBER}")
    assert find == Find(where="logs/x.log", kind="civil registration number", masked="2…6 (10 characters)")


def test_files_are_read_to_their_end_and_their_names_too(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    boundary = 1 << 20
    (tmp_path / "logs" / "long.log").write_bytes(b"." * (boundary - 5) + NUMBER.encode() + b"." * 100)
    (tmp_path / f"exam {NUMBER}.txt").write_text("nothing")
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "image").write_text(NUMBER)
    found = {find.where for find in Scanner(()).folder(tmp_path)}
    assert found == {"logs/long.log", "name of a file or folder"}


def test_one_file_may_be_scanned_and_folders_left_out(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "output").write_text(f"of {NUMBER}")
    assert [find.where for find in scan(tmp_path / "raw" / "output")] == ["output", "output"]
    assert scan(tmp_path, leave_out=["raw"]) == []
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "missing")


def test_a_rotated_log_is_not_overlooked(tmp_path: Path) -> None:
    (tmp_path / "old.log.gz").write_bytes(gzip.compress(f"id {NUMBER}".encode()))
    assert [find.where for find in Scanner(()).folder(tmp_path)] == ["old.log.gz"]


def test_every_column_of_the_ledger_is_read(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    tables = sa.MetaData()
    columns = {"whole": sa.BigInteger, "document": sa.JSON, "data": sa.LargeBinary, "text": sa.Text}
    table = sa.Table("things", tables, *(sa.Column(name, kind) for name, kind in columns.items()))
    tables.create_all(engine)
    with engine.begin() as connection:
        row = {"whole": 2512489996, "document": {"of": [NAME]}, "data": NUMBER.encode(), "text": "nothing"}
        connection.execute(sa.insert(table).values(**row))
    found = {find.where for find in Scanner(KNOWN).ledger(engine)}
    engine.dispose()
    assert found == {"things.whole", "things.document", "things.data"}


def image(**attributes: str) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    found = Dataset()
    found.file_meta = meta
    found.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, found, enforce_file_format=True)
    return buffer.getvalue()


def test_what_is_known_comes_from_the_files_that_were_sent() -> None:
    sent = [image(PatientName=NAME, PatientID=NUMBER, AccessionNumber="ACC-4711"), b"", image()]
    film = image(PatientID="Mass-Test_P_00173_RIGHT_CC", PatientName="Mass-Test_P_00173_RIGHT_CC")
    assert of_dicom([*sent, film]) == {NAME, NUMBER, "ACC-4711"}
