"""What people are asked about invoices, and what becomes of what they decide."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item, Outcome, Question, Verdict
from samdrift_platform.question import Deciders, Decision, Earlier, FieldKind
from samdrift_rpa.conduct import conduct
from samdrift_rpa.documents import Document
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, fictitious_cvr, fictitious_gln, write
from samdrift_rpa.invoices.order_generator import write_order
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.invoices.policy import Approvers, OrderPolicy
from samdrift_rpa.invoices.process import process
from samdrift_rpa.invoices.refusal import LABELS
from samdrift_rpa.rules.ended import UnfinishedError
from samdrift_rpa.rules.findings import FailedRule, Findings, Severity
from samdrift_rpa.workload import workload

STORE = MemoryStore()
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
SALE = Sale(number="T-1", lines=(CHAIR,))
DEAR = replace(SALE, lines=(replace(CHAIR, price=Decimal(12500)),))  # 62,500 with VAT
DEARER = replace(SALE, lines=(replace(CHAIR, price=Decimal(62500)),))  # 312,500 with VAT
UNBALANCED = write(SALE).replace(b">312.50</cbc:TaxAmount>", b">312.505</cbc:TaxAmount>")
PRIVATE = write(SALE).replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">0101010101<')


class Silent:
    """A rule set that finds nothing, so that what rules would stop comes through."""

    name, official = "none", False

    def validate(self, document: Document) -> Findings:
        return Findings(schema_valid=None, held_to=("nothing",))

    def check(self, document: Document) -> tuple[()]:
        return ()


@pytest.fixture
def lenient(engine: Engine) -> Engine:
    return replace(engine, rules=Silent())


def outcome(
    engine: Engine, content: bytes, *decisions: Decision, orders: tuple[bytes, ...] = (), **policy: object
) -> Outcome:
    case: dict[str, JsonValue] = {"document": STORE.put(content), "orders": [STORE.put(order) for order in orders]}
    item = Item(
        reference="r",
        payload={"process": "invoices", "case": case},
        deadline=NOW + timedelta(days=1),
        earlier=Earlier(decisions=decisions),
    )
    return conduct(process, item, STORE, replace(engine, policy=engine.policy.model_copy(update=policy)))


def decided(choice: str, people: tuple[str, ...] = ("anna",), **fields: JsonValue) -> Decision:
    return Decision(question="approval", choice=choice, fields=fields, people=people, decided_at=NOW)


REFUSED = decided("reject", reason_code="PRI", reason="Prisen var 300 kr., jf. kontrakten.")


def question(found: Outcome) -> Question:
    assert found.verdict is Verdict.WAITING_FOR_PERSON
    assert found.question is not None
    return found.question


def grounds(found: Outcome) -> list[str]:
    return [ground["code"] for ground in json.loads(json.dumps(found.result.get("grounds", [])))]


def answers(found: Outcome) -> list[Mapping[str, Any]]:
    sent = [effect for effect in workload.effects(found) if effect.step == "send_answer"]
    return [json.loads(STORE.get(str(effect.request["answer"]))) for effect in sent]


def steps(found: Outcome) -> list[str]:
    return [effect.step for effect in workload.effects(found)]


@pytest.mark.parametrize(
    ("sale", "people", "codes"), [(SALE, 0, []), (DEAR, 1, ["limit"]), (DEARER, 2, ["limit_two_people"])]
)
def test_the_larger_the_amount_the_more_people_decide(
    engine: Engine, sale: Sale, people: int, codes: list[str]
) -> None:
    found = outcome(engine, write(sale))
    assert (grounds(found), found.question.people if found.question else 0) == (codes, people)


def test_the_policy_says_who_decides(engine: Engine) -> None:
    assert question(outcome(engine, write(DEAR))).deciders == Deciders()
    approvers = Approvers(roles=("domain",), units=("finance",))
    asked = question(outcome(engine, write(DEAR), approvers=approvers))
    assert asked.deciders == Deciders(roles=("domain",), units=("finance",))


def test_two_people_decide_in_a_currency_whose_limit_is_exceeded_or_not_known(engine: Engine) -> None:
    for currency, price, people in (("EUR", "312.50", 1), ("EUR", "500", 2), ("NOK", "1", 2)):
        sale = replace(SALE, currency=currency, lines=(replace(CHAIR, price=Decimal(price)),))
        assert question(outcome(engine, write(sale), two_people_above_in={"EUR": Decimal(2000)})).people == people
    assert question(outcome(engine, write(replace(DEARER, currency="NOK")), two_people_above=None)).people == 1


def test_the_question_is_asked_in_danish_and_in_english(engine: Engine) -> None:
    asked = question(outcome(engine, write(DEAR)))
    assert asked.reasons == (
        {
            "da": "Beløbet på 62.500,00 DKK er over grænsen på 40.000,00 DKK.",
            "en": "The amount of 62,500.00 DKK is above the limit of 40,000.00 DKK.",
        },
    )


@pytest.mark.parametrize(
    "content", [write(DEAR), write(DEARER), write(replace(SALE, currency="EUR")), PRIVATE, UNBALANCED]
)
def test_no_question_says_the_same_twice(lenient: Engine, content: bytes) -> None:
    asked = question(outcome(lenient, content))
    labels = [asked.title, *asked.reasons, *(fact.label for fact in asked.facts)]
    labels += [choice.label for choice in asked.choices]
    labels += [field.label for choice in asked.choices for field in choice.fields]
    labels += [option for c in asked.choices for field in c.fields for option in field.options.values()]
    assert all(label["da"] != label["en"] and "%(" not in label["da"] + label["en"] for label in labels)


def test_the_question_shows_the_document_and_its_orders(engine: Engine) -> None:
    content, order = write(replace(DEAR, order="O-1")), write_order(replace(DEAR, order="O-1"))
    facts = {fact.label["en"]: fact for fact in question(outcome(engine, content, orders=(order,))).facts}
    assert STORE.get(facts["The document"].object) == content
    assert STORE.get(facts["Order document"].object) == order
    assert (facts["Amount"].said("da"), facts["Amount"].said("en")) == ("62.500,00 DKK", "62,500.00 DKK")
    assert (facts["Issued"].said("da"), facts["Issued"].said("en")) == ("20. nov. 2026", "20 Nov 2026")
    assert facts["Number"].value == "T-1"
    assert facts["Supplier's number"].value == "DK99000007"


def test_a_question_waits_as_long_as_the_policy_says(engine: Engine) -> None:
    assert question(outcome(engine, write(DEAR), answer_within_days=0.5)).answer_within == timedelta(hours=12)


def test_what_is_approved_is_posted_and_answered(engine: Engine) -> None:
    found = outcome(engine, write(DEAR), decided("approve"))
    assert (found.verdict, steps(found)) == (Verdict.DONE, ["post_voucher", "send_answer"])
    (answer,) = answers(found)
    assert (answer["response_code"], answer["reason"]) == ("BusinessAccept", None)


def test_what_is_refused_is_answered_in_the_persons_words_and_rejected_with_the_code(engine: Engine) -> None:
    found = outcome(engine, write(DEAR), REFUSED)
    assert (found.verdict, steps(found)) == (Verdict.REJECTED, ["send_answer"])
    assert found.reason == "A person refused it: Prices incorrect."
    assert json.loads(json.dumps(found.result["exception"]))["code"] == "refused_pri"
    (answer,) = answers(found)
    assert (answer["response_code"], answer["reason"]) == ("BusinessReject", "PRI")
    assert answer["description"] == "Prisen var 300 kr., jf. kontrakten."


def test_the_persons_words_are_in_the_answer_alone(engine: Engine) -> None:
    found = outcome(engine, write(DEAR), REFUSED)
    assert "kontrakten" not in json.dumps(found.result) + str(found.reason)


def test_a_refusal_names_a_reason_and_says_it(engine: Engine) -> None:
    (refuse,) = [c for c in question(outcome(engine, write(DEAR))).choices if c.code == "reject"]
    assert [(field.name, field.kind, field.required) for field in refuse.fields] == [
        ("reason_code", FieldKind.ONE_OF, True),
        ("reason", FieldKind.TEXT, True),
    ]
    assert set(refuse.fields[0].options) == set(LABELS)


def test_whom_the_robot_cannot_answer_a_person_tells(lenient: Engine) -> None:
    nameless = re.sub(rb"<cbc:EndpointID.*?</cbc:EndpointID>", b"", write(SALE))
    for content, told in ((PRIVATE, False), (nameless, False), (write(DEAR), True)):
        (refuse,) = [each for each in question(outcome(lenient, content)).choices if each.code == "reject"]
        assert ("yourself" not in refuse.label["en"], "not send" not in refuse.fields[1].label["en"]) == (told, told)
        assert bool(answers(outcome(lenient, content, REFUSED))) == told


def test_what_cannot_be_posted_as_it_is_offers_no_approval(lenient: Engine) -> None:
    asked = question(outcome(lenient, UNBALANCED))
    assert [choice.code for choice in asked.choices] == ["by_hand", "reject"]
    found = outcome(lenient, UNBALANCED, decided("by_hand"))
    assert (found.verdict, steps(found), found.result["by_hand"]) == (Verdict.DONE, ["send_answer"], ["anna"])
    assert list(workload.benefits(found)) == []


def test_an_incomplete_document_is_for_a_person_and_nobody_can_be_answered(lenient: Engine) -> None:
    nameless = re.sub(rb"<cbc:EndpointID.*?</cbc:EndpointID>", b"", write(SALE))
    assert grounds(outcome(lenient, nameless)) == ["incomplete"]
    for choice in (decided("by_hand"), REFUSED):
        assert steps(outcome(lenient, nameless, choice)) == []


def test_a_private_persons_name_and_number_are_only_in_objects(engine: Engine) -> None:
    content = PRIVATE.replace(b"Fiktiv leverand\xc3\xb8r 1", b"Xavier Opdigtet")
    for decisions in ((), (decided("approve"),), (REFUSED,)):
        found = outcome(engine, content, *decisions)
        told = json.dumps([found.result, found.reason, [dict(e.request) for e in workload.effects(found)]])
        told += repr(found.question)
        assert "0101010101" not in told
        assert "Xavier" not in told
    posted = outcome(engine, content, decided("approve"))
    (voucher,) = workload.effects(posted)
    assert json.loads(STORE.get(str(voucher.request["voucher"])))["supplier_name"] == "Xavier Opdigtet"


def test_what_a_supplier_writes_on_a_line_is_only_in_objects(engine: Engine) -> None:
    spoken = replace(SALE, lines=(replace(CHAIR, name="Samtale med Xavier Opdigtet"),))
    found = outcome(engine, write(spoken))
    assert "Xavier" not in json.dumps([found.result, [dict(e.request) for e in workload.effects(found)]])


def test_a_document_for_somebody_else_waits(engine: Engine) -> None:
    for ours, codes in (
        ((), []),
        ((fictitious_gln(0),), []),
        ((f" {fictitious_gln(0)} ",), []),
        ((fictitious_gln(1),), ["receiver"]),
    ):
        policy = type(engine.policy).model_validate(engine.policy.model_dump() | {"our_endpoints": ours})
        assert grounds(outcome(replace(engine, policy=policy), write(SALE))) == codes


def test_check_digits_that_do_not_hold_wait_in_either_format(lenient: Engine) -> None:
    wrong_cvr, wrong_gln = fictitious_cvr(0)[:-1] + "9", fictitious_gln(0)[:-1] + "1"
    for content in (write(SALE), write_peppol(SALE)):
        for right, wrong in ((fictitious_cvr(0), wrong_cvr), (fictitious_gln(0), wrong_gln)):
            broken = content.replace(right.encode(), wrong.encode())
            assert set(grounds(outcome(lenient, broken))) == {"check_digit"}
            assert grounds(outcome(lenient, broken, check_digits=False)) == []


def test_what_differs_from_the_order_is_asked_about_with_the_differences(engine: Engine) -> None:
    ordered = replace(SALE, order="O-1", lines=(replace(CHAIR, quantity=Decimal(2)),))
    found = outcome(engine, write(replace(SALE, order="O-1")), orders=(write_order(ordered),))
    assert question(found).reasons[0]["da"] == "Linje 1 gælder 4 stk., men der er bestilt 2."
    match = json.loads(json.dumps(found.result["order_match"]))
    assert match == {"named": ["O-1"], "held_against": ["O-1"], "fits": False}
    approved = outcome(engine, write(replace(SALE, order="O-1")), decided("approve"), orders=(write_order(ordered),))
    assert approved.verdict is Verdict.DONE


def test_what_fits_its_order_is_posted(engine: Engine) -> None:
    sale = replace(SALE, order="O-1")
    found = outcome(engine, write(sale), orders=(write_order(sale),))
    assert found.verdict is Verdict.DONE
    assert json.loads(json.dumps(found.result["order_match"]))["fits"] is True


@pytest.mark.parametrize("order", [b"not xml", b"<Order/>", write(SALE)])
def test_an_order_that_cannot_be_read_is_for_a_person(engine: Engine, order: bytes) -> None:
    found = outcome(engine, write(SALE), orders=(order,))
    assert grounds(found) == ["order_unreadable"]


def test_a_policy_that_asks_for_orders_holds_what_has_none(engine: Engine) -> None:
    required = replace(engine, policy=engine.policy.model_copy(update={"orders": OrderPolicy(required=True)}))
    assert grounds(outcome(required, write(SALE))) == ["no_order"]


def test_each_round_plans_the_same(engine: Engine) -> None:
    """What is decided changes what follows, and nothing that went before."""
    first, again = (outcome(engine, write(DEAR), decided("approve")) for _ in range(2))
    assert (first.result, list(workload.effects(first))) == (again.result, list(workload.effects(again)))


PAYEE = "<cac:PayeeParty>{}<cac:PartyName><cbc:Name>{}</cbc:Name></cac:PartyName></cac:PayeeParty>"
NUMBER = '<cac:PartyIdentification><cbc:ID schemeID="DK:CVR">{}</cbc:ID></cac:PartyIdentification>'


@pytest.mark.parametrize(
    ("number", "name", "codes"),
    [
        (fictitious_cvr(0), "Another name", []),
        (fictitious_cvr(0).removeprefix("DK"), "Another name", []),
        (fictitious_cvr(3), "Fiktiv leverandør 1", ["payee"]),
        ("", "Fiktiv leverandør 1", []),
        ("", "Fiktiv factor", ["payee"]),
    ],
)
def test_who_is_to_be_paid_instead_of_the_supplier_is_looked_at(
    lenient: Engine, number: str, name: str, codes: list[str]
) -> None:
    payee = PAYEE.format(NUMBER.format(number) if number else "", name).encode()
    content = write(SALE).replace(b"<cac:PaymentMeans>", payee + b"<cac:PaymentMeans>", 1)
    assert grounds(outcome(lenient, content)) == codes


def test_a_pro_forma_invoice_cannot_be_approved(lenient: Engine) -> None:
    asked = question(
        outcome(lenient, write(SALE).replace(b">380</cbc:InvoiceTypeCode>", b">325</cbc:InvoiceTypeCode>"))
    )
    assert [choice.code for choice in asked.choices] == ["by_hand", "reject"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(b">380</cbc:InvoiceTypeCode>", b">389</cbc:InvoiceTypeCode>"), (b"poacc:billing:3.0", b"poacc:selfbilling:3.0")],
)
def test_a_self_billed_document_is_not_posted(lenient: Engine, before: bytes, after: bytes) -> None:
    content = write_peppol(SALE)
    assert before in content
    found = outcome(lenient, content.replace(before, after))
    assert (found.verdict, steps(found)) == (Verdict.REJECTED, [])


class Unfinished(Silent):
    """A rule set that is not done in time."""

    def validate(self, document: Document) -> Findings:
        raise UnfinishedError


class Strict(Silent):
    """A rule set that finds a document broken."""

    def validate(self, document: Document) -> Findings:
        broken = FailedRule(code="XSD", severity=Severity.FATAL, sentence="-")
        return Findings(schema_valid=False, schema_errors=(broken,), held_to=("nothing",))


def test_a_document_that_rules_are_not_done_with_is_posted_by_hand_or_refused(engine: Engine) -> None:
    found = outcome(replace(engine, rules=Unfinished()), write(SALE))
    assert grounds(found) == ["rules_unfinished"]
    assert [choice.code for choice in question(found).choices] == ["by_hand", "reject"]
    assert "rule_set" not in found.result


@pytest.mark.parametrize("rules", [Unfinished(), Silent(), Strict()], ids=["unfinished", "done", "broken"])
def test_what_was_posted_by_hand_is_posted_by_no_robot_whatever_rules_say_later(engine: Engine, rules: Silent) -> None:
    found = outcome(replace(engine, rules=rules), write(SALE), decided("by_hand"))
    assert (found.verdict, found.result["by_hand"]) == (Verdict.DONE, ["anna"])
    assert [each.step for each in workload.effects(found)] == ["send_answer"]


def test_what_a_person_refused_stays_refused_under_a_later_policy(engine: Engine) -> None:
    limit = Decimal(100_000)
    assert outcome(engine, write(DEAR), amount_limit=limit).verdict is Verdict.DONE
    assert outcome(engine, write(DEAR), REFUSED, amount_limit=limit).verdict is Verdict.REJECTED
