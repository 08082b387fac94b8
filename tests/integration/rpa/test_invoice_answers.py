"""Official documents through the whole process with the official rules, and every answer held to schema and rules."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item, Outcome, Verdict
from samdrift_platform.question import Decision, Earlier
from samdrift_rpa.conduct import conduct
from samdrift_rpa.documents import DocumentType, read_document
from samdrift_rpa.invoices.answer import read_answer
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.invoices.policy import Policy, read_policy
from samdrift_rpa.invoices.process import process
from samdrift_rpa.rules.official import OfficialRules
from samdrift_rpa.workload import workload
from samdrift_testing.invoice_response import broken, schema_21

pytestmark = pytest.mark.data
STORE = MemoryStore()
SOLD = Sold(name="Stol", quantity=Decimal("3.5"), price=Decimal("312.49"))


@pytest.fixture(scope="module")
def rules(data: Path) -> OfficialRules:
    return OfficialRules(data)


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The publishers' numbers are invented, so their check digits do not hold."""
    return read_policy().model_copy(update={"check_digits": False})


@pytest.fixture(scope="module")
def schema(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return schema_21(data / "ubl-xsd" / "ubl21", tmp_path_factory.mktemp("schema"))


def documents(data: Path, note: str) -> Iterator[tuple[str, bytes]]:
    with (data / "labels.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["note"] == note and row["root"] in ("Invoice", "CreditNote"):
                yield row["file"], (data / row["file"]).read_bytes()


def outcome(engine: Engine, content: bytes, choice: str = "") -> Outcome:
    """Of a document; `choice` is what a person decides if one is asked."""
    item = Item(
        reference="r",
        payload={"process": "invoices", "case": {"document": STORE.put(content)}},
        deadline=datetime(2026, 11, 25, tzinfo=UTC),
    )
    found = conduct(process, item, STORE, engine)
    if not choice or found.question is None:
        return found
    fields = {"reason_code": "UNR", "reason": "Vi har ikke bestilt det."} if choice == "reject" else {}
    decided = Decision(
        question="approval",
        choice=choice,
        fields=fields,
        people=("anna",),
        decided_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    return conduct(process, replace(item, earlier=Earlier(decisions=(decided,))), STORE, engine)


def answers(found: Outcome) -> list[Any]:
    """As they go out, parsed."""
    sent = [
        read_answer(json.loads(STORE.get(str(effect.request["answer"]))))
        for effect in workload.effects(found)
        if effect.step == "send_answer"
    ]
    return [
        read_document(answer.written(uuid5(UUID(int=0), answer.document_number + answer.document_uuid)))
        for answer in sent
    ]


@pytest.mark.parametrize("choice", ["", "approve", "reject"])
def test_every_answer_to_an_oioubl_document_holds_by_schema_and_rules(
    data: Path, rules: OfficialRules, policy: Policy, choice: str
) -> None:
    engine, codes, verdicts = Engine(rules=rules, policy=policy), Counter[str](), Counter[Verdict]()
    for name, content in documents(data, "OIOUBL 1.17.2"):
        found = outcome(engine, content, choice)
        verdicts[found.verdict] += 1
        for answer in answers(found):
            assert rules.check(answer) == (), name
            codes[answer.root.findtext(".//{*}ResponseCode")] += 1
    assert verdicts.total() == 28
    rejected = codes["TechnicalReject"]
    private = 2 if choice == "reject" else 0  # two people's invoices are refused without an answer
    assert (rejected, verdicts[Verdict.REJECTED] - rejected) == (6, codes["BusinessReject"] + private)
    assert (verdicts[Verdict.WAITING_FOR_PERSON] == 0) == bool(choice)


@pytest.mark.parametrize("choice", ["", "approve", "reject"])
def test_every_answer_to_a_peppol_document_holds_by_schema_and_specification(
    data: Path, rules: OfficialRules, policy: Policy, schema: Any, choice: str
) -> None:
    """The schematron of Invoice Response is not in the data: `samdrift_testing.invoice_response` stands in for it."""
    engine, codes, verdicts = Engine(rules=rules, policy=policy), Counter[str](), Counter[Verdict]()
    for name, content in documents(data, "CEN+PEPPOL 2026.5"):
        found = outcome(engine, content, choice)
        verdicts[found.verdict] += 1
        for answer in answers(found):
            assert broken(answer.root) == [], name
            assert schema.validate(answer.root), (name, schema.error_log)
            codes[answer.root.findtext(".//{*}ResponseCode")] += 1
    assert verdicts.total() == 25
    assert (verdicts[Verdict.WAITING_FOR_PERSON] == 0) == bool(choice)
    assert codes.total() == verdicts[Verdict.DONE] + verdicts[Verdict.REJECTED]


def test_the_stand_in_schema_finds_faults(schema: Any) -> None:
    """Else it would prove nothing."""
    content = write_peppol(Sale(number="T-1", lines=(SOLD,)))
    assert not schema.validate(read_document(content).root)


@pytest.mark.parametrize("kind", [DocumentType.INVOICE, DocumentType.CREDIT_NOTE])
@pytest.mark.parametrize("order", ["NA", "O-1"])
@pytest.mark.parametrize("lines", [1, 7])
def test_generated_documents_hold_by_the_official_rules(
    rules: OfficialRules, kind: DocumentType, order: str, lines: int
) -> None:
    sale = Sale(number="T-1", type=kind, lines=(SOLD,) * lines, supplier=5, customer=6, order=order)
    for content in (write(sale), write_peppol(sale)):
        findings = rules.validate(read_document(content))
        assert (findings.all, findings.schema_valid, findings.official) == ((), True, True)


def test_a_peppol_invoice_goes_all_the_way(rules: OfficialRules) -> None:
    engine = Engine(rules=rules, policy=read_policy())
    found = outcome(engine, write_peppol(Sale(number="T-1", lines=(SOLD,))))
    assert found.verdict is Verdict.DONE
    assert [effect.step for effect in workload.effects(found)] == ["post_voucher", "send_answer"]
    wrong = replace(Sale(number="T-2", lines=(SOLD,)), currency="ZZZ")
    assert outcome(engine, write_peppol(wrong)).verdict is Verdict.REJECTED
