"""Official rules over large documents: the same verdict in another process, and an end to what takes too long."""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from samdrift_rpa.documents import read_document
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.rules import official
from samdrift_rpa.rules.ended import EndedRules, UnfinishedError
from samdrift_rpa.rules.official import OfficialRules
from samdrift_rpa.rules.validation import validate_file
from samdrift_rpa.settings import RULES_CPU_S

pytestmark = [pytest.mark.integration, pytest.mark.data]
SALE = Sale(number="T-1", lines=(Sold(name="Brød", quantity=Decimal(2), price=Decimal("10.50")),))


@pytest.fixture(scope="module")
def rules(data: Path) -> OfficialRules:
    return OfficialRules(data)


def numbered(lines: int) -> bytes:
    """An invoice with so many lines that say nothing but their number, which takes rules the square of that."""
    content = write(SALE)
    end = content.rindex(b"</")
    more = b"".join(b"<cac:InvoiceLine><cbc:ID>%d</cbc:ID></cac:InvoiceLine>" % number for number in range(lines))
    return content[:end] + more + content[end:]


def test_a_process_of_its_own_finds_what_the_engine_here_finds(
    rules: OfficialRules, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted((data / "oioubl/gobl/parse").glob("*.xml")) + sorted((data / "en16931/test/testfiles").glob("*.xml"))
    documents = [read_document(file.read_bytes()) for file in files]
    here = [rules.validate(document) for document in documents]
    assert any(findings.failed_rules for findings in here)
    monkeypatch.setattr(official, "MOST_ELEMENTS_HERE", 0)
    assert [rules.validate(document) for document in documents] == here


def test_rules_that_take_too_long_are_ended_and_the_next_document_is_held_to_them(data: Path) -> None:
    rules = EndedRules(data, 4)
    try:
        with pytest.raises(UnfinishedError, match="4 s of CPU time"):
            rules.validate(read_document(numbered(40_000)))
        findings = rules.validate(read_document(write(SALE)))
        assert (findings.schema_valid, findings.failed_rules, findings.official) == (True, (), True)
    finally:
        rules.process.close()


def test_a_process_that_was_ended_from_outside_is_started_again(data: Path) -> None:
    rules = EndedRules(data, 25)
    try:
        said = rules.validate(read_document(write(SALE)))
        process_id = rules.process.process_id
        assert process_id is not None
        os.kill(process_id, signal.SIGKILL)  # as the kernel does when memory runs out
        assert rules.validate(read_document(write(SALE))) == said
        assert rules.process.process_id != process_id
    finally:
        rules.process.close()


def test_validate_gives_the_reason_and_goes_on(
    rules: OfficialRules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RULES_CPU_S.name, "1")
    large = tmp_path / "large.xml"
    large.write_bytes(numbered(40_000))
    validated = validate_file(str(large), rules)
    assert not validated.passes
    assert "1 s of CPU time" in validated.reason
    assert validated.to_json()["document_type"] == "Invoice"
