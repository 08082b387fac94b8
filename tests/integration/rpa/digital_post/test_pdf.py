"""The reading process against PDFs of others, hostile ones, and ones that end it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from html import escape
from io import BytesIO
from pathlib import Path
from zlib import compress

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from samdrift_platform.bounded_process import ProcessStartError
from samdrift_rpa.digital_post.pdf.isolated import LARGEST_PDF_BYTES, LONGEST_S, IsolatedReader
from samdrift_rpa.digital_post.pdf.writing import stream, write_objects, write_pdf
from samdrift_rpa.digital_post.reading import FileText, Reading
from samdrift_rpa.training.letters import made_letters
from samdrift_testing.waiting import wait_until

TEXT = "Kære kommune. Der er rotter på vejen ved Åløkke, og det går ud over børnene."
CATALOGUE, FONT = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


@pytest.fixture(scope="module")
def reader() -> Iterator[IsolatedReader]:
    found = IsolatedReader(longest_cpu_s=2)
    yield found
    found.process.close()


def read(reader: IsolatedReader, content: bytes) -> FileText:
    return reader.read(BytesIO(content), len(content))


def has_ended(process_id: int) -> bool:
    """It is gone, or nobody has taken note of its end."""
    try:
        return bool(psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def one_page(contents: bytes, *more: bytes, resources: bytes = b"<</Font<</F1 3 0 R>>>>") -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources%s>>" % resources
    return write_objects([CATALOGUE, b"<</Type/Pages/Count 1/Kids[4 0 R]>>", FONT, page, contents, *more])


def pages_of(kids: bytes) -> bytes:
    return write_objects([CATALOGUE, b"<</Type/Pages/Count 9999999/Kids[%s]>>" % kids])


def forms_in_forms(deep: int, wide: int) -> bytes:
    """Forms that call each other `wide` times, `deep` deep."""
    forms = []
    for number in range(6, 6 + deep):
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Filter/FlateDecode/Resources<</XObject<</X %d 0 R>>>>"
        forms.append(stream(b"/X Do " * wide, entries=entries % (number + 1)))
    last = stream(b"BT /F1 9 Tf (x) Tj ET", entries=b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Filter/FlateDecode")
    return one_page(stream(b"/X Do"), *forms, last, resources=b"<</XObject<</X 6 0 R>>>>")


ZEROS = 400_000_000
TWICE = b"/Filter[/FlateDecode/FlateDecode]"
HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "a stream that inflates to 400 MB": lambda: one_page(stream(b"0 " * (ZEROS // 2))),
    "one that does so twice": lambda: one_page(stream(compress(b" " * ZEROS, 1), entries=TWICE)),
    "five million operators": lambda: one_page(stream(b"BT (a) Tj ET " * 5_000_000)),
    "arrays in arrays": lambda: one_page(stream(b"[" * 1_000_000)),
    "dictionaries in dictionaries": lambda: write_objects([b"<</A" * 200_000]),
    "pages that are their own parents": lambda: pages_of(b"2 0 R"),
    "a million pages that are not there": lambda: pages_of(b"7 0 R " * 1_000_000),
    "forms that call themselves": lambda: forms_in_forms(1, 1).replace(b"/X 7 0 R", b"/X 6 0 R"),
    "forms that call forms a billion times": lambda: forms_in_forms(30, 10),
    "an object that is itself": lambda: write_objects([CATALOGUE, b"2 0 R"]),
    "nothing": lambda: b"",
    "no PDF": lambda: b"This is a test",
    "a cross-reference that points at itself": lambda: b"%PDF-1.7\nstartxref\n9\n%%EOF",
    "a table of a billion entries": lambda: write_pdf(TEXT).replace(b"xref\n0 6", b"xref\n0 999999999"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_pdf_holds_up_or_ends_its_reader_for_good(reader: IsolatedReader, name: str) -> None:
    assert isinstance(read(reader, HOSTILE[name]()).reading, Reading)
    assert read(reader, write_pdf(TEXT)).text == TEXT


def test_what_computes_too_long_is_ended_by_its_cpu_time() -> None:
    reader = IsolatedReader(longest_cpu_s=1)
    try:
        assert read(reader, HOSTILE["five million operators"]()) == FileText(reading=Reading.TOO_SLOW)
        assert read(reader, write_pdf(TEXT)).reading is Reading.READ
    finally:
        reader.process.close()


def test_what_does_not_compute_is_ended_by_the_clock() -> None:
    reader = IsolatedReader()
    try:
        assert read(reader, write_pdf(TEXT)).reading is Reading.READ
        asleep = reader.process.process_id
        assert asleep is not None
        os.kill(asleep, signal.SIGSTOP)
        reader.process.longest_s = 0.5
        assert read(reader, write_pdf(TEXT)) == FileText(reading=Reading.TOO_SLOW)
        assert not Path(f"/proc/{asleep}").exists()
        reader.process.longest_s = LONGEST_S
        assert read(reader, write_pdf(TEXT)).reading is Reading.READ
    finally:
        reader.process.close()


def test_a_process_that_was_ended_is_started_again(reader: IsolatedReader) -> None:
    read(reader, write_pdf(TEXT))
    assert reader.process.process_id is not None
    os.kill(reader.process.process_id, signal.SIGKILL)
    assert read(reader, write_pdf(TEXT)).text == TEXT


def test_a_process_that_does_not_start_is_our_fault_and_not_the_pdfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(ProcessStartError):
        read(IsolatedReader(), write_pdf(TEXT))


def test_a_store_that_ends_in_the_middle_of_a_pdf_spoils_no_other_one(reader: IsolatedReader) -> None:
    class Ending(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        reader.read(Ending(), 1000)
    assert read(reader, write_pdf(TEXT)).text == TEXT


def test_what_is_too_large_is_not_handed_over(reader: IsolatedReader) -> None:
    found = reader.read(BytesIO(), LARGEST_PDF_BYTES + 1)
    assert found == FileText(reading=Reading.TOO_LARGE)


def test_the_process_ends_with_the_one_that_started_it() -> None:
    code = (
        "import io, os, signal; from samdrift_rpa.digital_post.pdf.isolated import IsolatedReader as R\n"
        "r = R(); r.read(io.BytesIO(b'%PDF'), 4); print(r.process.process_id, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    process_id = int(done.stdout)
    wait_until("the process has ended", lambda: has_ended(process_id))
    assert has_ended(process_id)


def test_the_process_opens_no_file_and_no_connection_and_takes_no_endless_memory() -> None:
    code = """
import socket, sys
from samdrift_rpa.digital_post.pdf.__main__ import confine, warm_up
warm_up(); confine()
for what in (lambda: open("/etc/hostname"), lambda: open("/tmp/x", "w"), socket.socket, lambda: bytearray(10**9)):
    try:
        what()
    except (OSError, MemoryError) as error:
        print(type(error).__name__, getattr(error, "errno", ""))
    else:
        print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:4] == ["OSError 24", "OSError 24", "OSError 24", "MemoryError "]


def test_the_process_is_told_no_secret(reader: IsolatedReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_RPA_SMTP_PASSWORD", "env:HUSH")
    monkeypatch.setenv("HUSH", "opdigtet-hemmelighed")
    reader.process.close()
    read(reader, write_pdf(TEXT))
    assert b"HUSH" not in Path(f"/proc/{reader.process.process_id}/environ").read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_pdfs_are_read_or_not_and_the_next_one_is(reader: IsolatedReader, data: st.DataObject) -> None:
    content = bytearray(write_pdf(TEXT))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    assert isinstance(read(reader, bytes(content)).reading, Reading)


def test_a_scan_is_without_text(reader: IsolatedReader) -> None:
    picture = (
        b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
    )
    content = one_page(stream(b"q 595 0 0 842 0 0 cm /I Do Q"), stream(b"\0", entries=picture))
    assert read(reader, content).reading is Reading.NO_TEXT


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_encrypted_pdf_is_read_only_where_everybody_can_open_it(reader: IsolatedReader, algorithm: str) -> None:
    from pypdf import PdfReader, PdfWriter

    def encrypted(password: str) -> bytes:
        writer, made = PdfWriter(clone_from=PdfReader(BytesIO(write_pdf(TEXT)))), BytesIO()
        writer.encrypt(password, owner_password="ejer", algorithm=algorithm)
        writer.write(made)
        return made.getvalue()

    assert read(reader, encrypted("")).text == TEXT
    assert read(reader, encrypted("lukket")) == FileText(reading=Reading.ENCRYPTED)


def test_a_long_letter_is_read_at_its_beginning(reader: IsolatedReader) -> None:
    found = read(reader, write_pdf("\n".join(f"linje {number}" for number in range(5_000))))
    assert found.text.startswith("linje 0 linje 1 ")
    assert "linje 4999" not in found.text


def test_a_pdf_that_chromium_prints_is_read(reader: IsolatedReader, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<h1>Ansøgning</h1><p style='font-family: serif'>{TEXT}</p><p>ﬁn ﬂod</p>")
    found = read(reader, page.pdf())
    page.close()
    assert f"Ansøgning {TEXT}" in found.text
    assert "fin flod" in found.text


def test_printed_letters_say_what_they_said(reader: IsolatedReader, browser: Browser) -> None:
    page = browser.new_page()
    for letter in made_letters("held_out")[::24]:
        page.set_content(f"<p style='white-space: pre-wrap'>{escape(letter.text)}</p>")
        assert read(reader, page.pdf()).text.split() == letter.text.split()
    page.close()


def test_a_pdf_that_matplotlib_makes_is_read(reader: IsolatedReader) -> None:
    from matplotlib.figure import Figure

    figure, made = Figure(), BytesIO()
    figure.text(0.01, 0.5, TEXT)
    figure.savefig(made, format="pdf")
    assert read(reader, made.getvalue()).text == TEXT
