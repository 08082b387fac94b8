from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Outcome, Verdict
from samdrift_rpa.documents import DocumentType, read_document
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.policy import read_policy
from samdrift_rpa.rules.findings import codes, fatal
from samdrift_rpa.rules.official import OfficialRules
from samdrift_rpa.rules.own import OwnRules
from samdrift_rpa.rules.schemas import XSD
from samdrift_rpa.workload import workload

pytestmark = pytest.mark.data
LABELLED = 36


@pytest.fixture(scope="module")
def rules(data: Path) -> OfficialRules:
    return OfficialRules(data)


def labels(data: Path) -> Iterator[dict[str, str]]:
    with (data / "labels.tsv").open(encoding="utf-8", newline="") as table:
        yield from (row for row in csv.DictReader(table, delimiter="\t") if row["note"] == "OIOUBL 1.17.2")


def test_every_labelled_document_fails_exactly_the_labelled_rules(data: Path, rules: OfficialRules) -> None:
    rows = list(labels(data))
    assert len(rows) == LABELLED
    found = {
        row["file"]: " ".join(codes(rules.check(read_document((data / row["file"]).read_bytes())))) for row in rows
    }
    assert found == {row["file"]: row["failed_rules"] for row in rows}


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_the_schema_goes_by_the_ubl_version(data: Path, rules: OfficialRules, version: str) -> None:
    """Held against the labels: a document's verdict under its own version's schema."""
    for row in labels(data):
        document = read_document((data / row["file"]).read_bytes())
        held = replace(document, version=version)
        expected = row["xsd21_valid"] if version == "2.1" and row["xsd21_valid"] else row["xsd20_valid"]
        assert str(XSD not in codes(rules.check(held))) == expected, row["file"]


def test_a_schema_error_is_fatal_and_says_where(data: Path, rules: OfficialRules) -> None:
    content = write(Sale(number="T-1", lines=(SOLD,))).replace(b"<cbc:Note>", b"<cbc:Remark/><cbc:Note>")
    (failed, *_) = fatal(rules.check(read_document(content)))
    assert failed.code == XSD
    assert re.match(r"Line \d+: .*Remark", failed.say())


SOLD = Sold(name="Stol", quantity=Decimal("3.5"), price=Decimal("312.49"))


@pytest.mark.parametrize("kind", [DocumentType.INVOICE, DocumentType.CREDIT_NOTE])
@pytest.mark.parametrize("lines", [1, 7])
def test_generated_documents_hold_by_the_official_rules(rules: OfficialRules, kind: DocumentType, lines: int) -> None:
    sale = Sale(number="T-1", type=kind, lines=(SOLD,) * lines, supplier=5, customer=6)
    assert rules.check(read_document(write(sale))) == ()


def outcome_of(content: bytes, rules: OfficialRules, store: MemoryStore) -> Outcome:
    policy = read_policy().model_copy(update={"check_digits": False})  # the publishers' numbers are invented
    cases = [{"document": store.put(content)}]
    submission = {"process": "invoices", "cases": cases, "received_at": "2026-11-24T08:00:00Z"}
    context = Context(store=store, engine={"invoices": Engine(rules=rules, policy=policy)})
    items = list(workload.split(workload.submission.model_validate(submission), store))
    (outcome,) = workload.process(items, context)
    return outcome


def test_our_own_rules_reject_no_sound_document_but_for_check_digits(data: Path) -> None:
    """The official examples of 2005 hold invented CVR numbers and GLNs, which only our rules look at."""
    own = OwnRules()
    for row in labels(data):
        document = read_document((data / row["file"]).read_bytes())
        if row["root"] in ("Invoice", "CreditNote") and "F-" not in row["failed_rules"]:
            assert set(codes(own.check(document))) <= {"SD-I01", "SD-I02"}, row["file"]


def test_a_document_that_breaks_official_rules_is_rejected_with_their_words(data: Path, rules: OfficialRules) -> None:
    content = (data / "oioubl/test-files/2.0.2/COMORG_02_02_00_Invoice_v2p2.xml").read_bytes()
    outcome = outcome_of(content, rules, MemoryStore())
    assert outcome.verdict is Verdict.REJECTED
    assert str(outcome.reason).startswith("[F-LIB385] TaxAmount of '1250.00' must equal the sum")
    assert outcome.result["rule_set"] == {"name": "OIOUBL schematron 1.17.2", "official": True}
