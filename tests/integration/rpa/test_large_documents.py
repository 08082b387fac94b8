"""100 MB of attachment: refused, or read as a stream, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from samdrift_rpa.documents import MEMO
from samdrift_rpa.invoices.generator import Sale, write

pytestmark = pytest.mark.integration
ATTACHMENT_BYTES = 100_000_000
#: What reading takes on top of the interpreter and the libraries; the file alone has 95.
MOST_MIB = 24
_VALIDATES = """
import json, pathlib, re, sys
from lxml import etree
from samdrift_rpa.digital_post import stream
from samdrift_rpa.rules.own import OwnRules
from samdrift_rpa.rules.validation import validate_file
def highest_kib():
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
before = highest_kib()
told = validate_file(sys.argv[1], OwnRules())
print(json.dumps([told.to_json(), (highest_kib() - before) / 1024]))
"""


def _invoice(path: Path) -> None:
    before, after = write(Sale(number="T-1")).split(b"<cac:AccountingSupplierParty>", 1)
    attachment = b'<cac:AdditionalDocumentReference><cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="a/b">'
    ends = b"</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    _write(path, before + attachment, ends + b"<cac:AccountingSupplierParty>" + after)


def _message(path: Path) -> None:
    inside = ("MessageBody", "MainDocument", "File", "content")
    opened, closed = "".join(f"<m:{name}>" for name in inside), "".join(f"</m:{name}>" for name in reversed(inside))
    _write(path, f'<m:Message xmlns:m="{MEMO}" memoVersion="1.2">{opened}'.encode(), f"{closed}</m:Message>".encode())


def _write(path: Path, before: bytes, after: bytes) -> None:
    with path.open("wb") as file:
        file.write(before)
        for _ in range(ATTACHMENT_BYTES // 1_000_000):
            file.write(b"QUJD" * 250_000)
        file.write(after)


@pytest.mark.parametrize(
    ("make", "document_type", "reason"),
    [(_invoice, None, "more than 20 MB"), (_message, "Message", "")],
    ids=["invoice", "Digital Post"],
)
def test_an_attachment_of_100_mb_takes_no_100_mb_of_memory(
    tmp_path: Path, make: object, document_type: str | None, reason: str
) -> None:
    file = tmp_path / "large.xml"
    make(file)  # type: ignore[operator]  # one of the two above
    argv = [sys.executable, "-c", _VALIDATES, str(file)]
    line, mib = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    assert line["document_type"] == document_type
    assert reason in line.get("reason", "")
    assert ("reason" in line) is bool(reason)
    assert mib < MOST_MIB
