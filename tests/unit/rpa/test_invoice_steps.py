from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Effect, Item, Outcome, Verdict
from samdrift_platform.question import Decision, Earlier
from samdrift_rpa.conduct import BY_HAND, conduct, to_a_person
from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.process import process
from samdrift_rpa.testing import try_item
from samdrift_rpa.workload import workload

STORE = MemoryStore()
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
SALE = Sale(number="T-1", lines=(CHAIR,))
DEADLINE = datetime(2026, 11, 25, 8, tzinfo=UTC)


def item_of(content: bytes, *decisions: Decision, **payload: str) -> Item:
    case: dict[str, JsonValue] = {"document": STORE.put(content)}
    whole: dict[str, JsonValue] = {"process": "invoices", "case": case, **payload}
    return Item(reference="r", payload=whole, deadline=DEADLINE, earlier=Earlier(decisions=decisions))


def outcome(engine: Engine, content: bytes, *decisions: Decision, **payload: str) -> Outcome:
    return conduct(process, item_of(content, *decisions, **payload), STORE, engine)


def stored(effect: Effect, name: str) -> Any:
    return json.loads(STORE.get(str(effect.request[name])))


def steps(found: Outcome) -> list[str]:
    return [effect.step for effect in workload.effects(found)]


def grounds(found: Outcome) -> list[str]:
    return [ground["code"] for ground in json.loads(json.dumps(found.result["grounds"]))]


def test_a_valid_invoice_is_posted_and_then_answered(engine: Engine) -> None:
    found = outcome(engine, write(SALE))
    assert found.verdict is Verdict.DONE
    voucher, answer = workload.effects(found)
    assert (voucher.step, voucher.receiver) == ("post_voucher", "erp")
    posted, said = stored(voucher, "voucher"), stored(answer, "answer")
    assert (posted["document_number"], posted["amount"]) == ("T-1", "1562.50")
    assert (answer.step, answer.receiver) == ("send_answer", "access_point")
    assert (said["response_code"], said["issue_date"]) == ("BusinessAccept", "2026-11-24")


def test_the_outcome_says_which_rules_ran_and_that_ours_are_not_official(engine: Engine) -> None:
    rule_set = json.loads(json.dumps(outcome(engine, write(SALE)).result["rule_set"]))
    assert rule_set["official"] is False
    assert "not official" in rule_set["name"]


def test_a_broken_rule_rejects_and_is_answered_with_the_reason(engine: Engine) -> None:
    found = outcome(engine, write(SALE).replace(b">1562.50</cbc:PayableAmount>", b">1600.00</cbc:PayableAmount>"))
    assert found.verdict is Verdict.REJECTED
    assert found.reason == "[SD-A09] The payable amount says 1600.00, but the totals give 1562.50."
    (answer,) = workload.effects(found)
    said = stored(answer, "answer")
    assert (said["response_code"], said["description"], said["reason"]) == ("TechnicalReject", found.reason, "OTH")
    assert list(workload.benefits(found)) == []


def test_a_result_keeps_a_hundred_broken_rules_and_counts_the_rest(engine: Engine) -> None:
    content = write(replace(SALE, lines=(CHAIR,) * 150)).replace(
        b">312.50</cbc:PriceAmount>", b">1.00</cbc:PriceAmount>"
    )
    found = outcome(engine, content)
    assert len(json.loads(json.dumps(found.result["failed_rules"]))) == 100
    assert found.result["failed_rules_in_all"] == 150
    assert str(found.reason).endswith("(and 147 more)")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"<a/>"])
def test_what_is_no_invoice_is_rejected_and_nobody_answered(engine: Engine, content: bytes) -> None:
    found = outcome(engine, content)
    assert found.verdict is Verdict.REJECTED
    assert found.reason
    assert steps(found) == []


def test_a_supplier_whom_no_answer_can_reach_gets_none(engine: Engine) -> None:
    import re

    found = outcome(engine, re.sub(rb"<cbc:EndpointID.*?</cbc:EndpointID>", b"", write(SALE)))
    assert (found.verdict, steps(found)) == (Verdict.REJECTED, [])


def test_above_the_limit_a_person_decides(engine: Engine) -> None:
    at_limit = Sold(name="Bus", quantity=Decimal(1), price=engine.policy.amount_limit / Decimal("1.25"))
    above = replace(at_limit, price=at_limit.price + 1)
    assert outcome(engine, write(replace(SALE, lines=(at_limit,)))).verdict is Verdict.DONE
    for kind in (DocumentType.INVOICE, DocumentType.CREDIT_NOTE):
        found = outcome(engine, write(replace(SALE, type=kind, lines=(above,))))
        assert (found.verdict, grounds(found), steps(found)) == (Verdict.WAITING_FOR_PERSON, ["limit"], [])


def test_another_currency_waits(engine: Engine) -> None:
    found = outcome(engine, write(replace(SALE, currency="EUR")))
    assert (found.verdict, grounds(found)) == (Verdict.WAITING_FOR_PERSON, ["currency"])
    assert "EUR" in str(found.reason)


def test_a_private_person_waits_and_the_number_is_nowhere_in_the_outcome(engine: Engine) -> None:
    private = write(SALE).replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">0101010101<')
    found = outcome(engine, private)
    assert (found.verdict, grounds(found)) == (Verdict.WAITING_FOR_PERSON, ["person"])
    assert "0101010101" not in json.dumps(found.result) + str(found.reason)


def test_a_private_person_with_a_wrong_invoice_is_not_answered_by_machine(engine: Engine) -> None:
    private = write(SALE).replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">0101010101<')
    found = outcome(engine, private.replace(b">1562.50</cbc:PayableAmount>", b">1600.00</cbc:PayableAmount>"))
    assert (found.verdict, steps(found)) == (Verdict.REJECTED, [])
    assert "0101010101" not in json.dumps(found.result) + str(found.reason)


def test_the_same_number_with_other_content_waits(engine: Engine) -> None:
    found = outcome(engine, write(SALE), same_reference="invoices/DK99000007 Invoice T-1")
    assert (found.verdict, grounds(found)) == (Verdict.WAITING_FOR_PERSON, ["same_number"])


def test_the_minutes_saved_are_the_policys_estimate(engine: Engine) -> None:
    """And the process's own where the policy says none."""
    own = {"time_spend_per_occurance_min": 4.5, "decision_min": 1.5}
    silent = engine.policy.model_copy(update=dict.fromkeys(own))
    expected = [
        (silent, process.time_saved.time_spend_per_occurance_min, "the organisation's estimate"),
        (engine.policy.model_copy(update=own), 4.5, f"an estimate in policy {engine.policy.version}"),
    ]
    for policy, minutes, whose in expected:
        (benefit,) = workload.benefits(outcome(replace(engine, policy=policy), write(SALE)))
        assert (benefit.quantity, benefit.unit) == (minutes, "min")
        assert "not measured" in benefit.method
        assert whose in benefit.method


def test_what_people_spend_on_decisions_is_taken_off(engine: Engine) -> None:
    """Two who decide together spend it twice, and they spend it on an invoice that they refuse, too."""
    policy = engine.policy.model_copy(update={"amount_limit": Decimal(1), "two_people_above": Decimal(1)})
    asked = try_item(process, item_of(write(SALE)), store=STORE, engine=replace(engine, policy=policy))
    minutes = process.time_saved
    for choice, by_hand in (("approve", minutes.time_spend_per_occurance_min), ("reject", 0.0)):
        decided = asked.decide(choice, {"reason_code": "PRI", "reason": "too dear"} if choice == "reject" else {})
        found = list(workload.benefits(decided.outcome))
        assert sum(benefit.quantity for benefit in found) == by_hand - 2 * minutes.decision_min, choice
    assert list(workload.benefits(asked.outcome)) == []  # it is counted once, when the case has ended


@pytest.mark.parametrize("content", [write(SALE), b"not an invoice", b"<Invoice/>"], ids=["good", "no XML", "empty"])
def test_while_stopped_every_document_goes_to_a_person_and_nothing_happens(content: bytes) -> None:
    found = to_a_person(process, item_of(content), STORE, objected=False)
    assert found.verdict is Verdict.WAITING_FOR_PERSON
    assert found.question == BY_HAND
    assert found.reason == "Automatic processing is stopped, so a person decides."
    assert (steps(found), list(workload.benefits(found))) == ([], [])
    assert ("invoice" in found.result) == (content == write(SALE))


def test_scores_say_whether_a_person_decides_and_how_many_rules_were_broken(engine: Engine) -> None:
    assert workload.scores(outcome(engine, write(SALE))) == {"to_person": 0, "failed_rules": 0}
    broken = write(SALE).replace(b">1562.50</cbc:PayableAmount>", b">1600.00</cbc:PayableAmount>")
    assert workload.scores(outcome(engine, broken)) == {"to_person": 0, "failed_rules": 1}
    expensive = replace(SALE, lines=(replace(CHAIR, price=Decimal(100_000)),))
    assert workload.scores(outcome(engine, write(expensive)))["to_person"] == 1
