"""CPR numbers that workloads, receivers and people say do not reach the ledger; requests that quote one are refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.contract import Effect, JsonObject, Outcome, Question, Verdict
from samdrift_platform.cpr import Cpr, is_certain, mask_certain, mask_value
from samdrift_platform.delivery import MOST_ATTEMPTS, Delivery
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_platform.impersonal import impersonal, quoted_in
from samdrift_platform.ledger import asking, inbox
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.inbox import Ruling
from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind
from samdrift_platform.replica import WorkloadError, _check_effects
from samdrift_testing.personal_data import Scanner
from samdrift_testing.work import NOW, WORKLOAD, claim_one, complete, fail, item, submit

#: Published as fictitious; modulus 11 holds for neither.
PERSON = "2512489996"
#: Plainly impossible: born in 1901 and 120 years old. Modulus 11 holds.
CERTAIN = next(f"010101{n:04d}" for n in range(10_000) if Cpr(f"010101{n:04d}").modulus_11_holds)
SAID = f"251248-9996 og {PERSON} og 2512 48\N{EN DASH}9996"


class Quoting:
    """Quotes the person in whatever it says."""

    def __init__(self, error: type[Exception] | None = None) -> None:
        self.error = error

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        if self.error is not None:
            raise self.error(f"no case for {SAID}")
        return {
            "case": "2026-17",
            "said": SAID,
            "number": int(PERSON),
            "deep": [{PERSON: "x"}],
            "case_number": "2401121234",
        }

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        return None


class Numbering(Quoting):
    """Says which of its fields number things."""

    numbers_of_things = ("case_number",)


@pytest.mark.parametrize(
    "receiver",
    [Quoting(), Numbering(), *(Quoting(e) for e in (ReceiverRefusedError, TryAgainError, CannotTellError, ValueError))],
    ids=lambda receiver: getattr(receiver.error, "__name__", type(receiver).__name__),
)
def test_what_a_receiver_quotes_does_not_reach_the_database(ledger: Ledger, receiver: Quoting) -> None:
    submit(ledger, "x", [item("x")])
    complete(ledger, claim_one(ledger), steps=["tell"])
    now = NOW
    for _ in range(MOST_ATTEMPTS + 1):
        Delivery(ledger, {WORKLOAD: {"board": receiver}}, lease=timedelta(days=10_000)).step(now=now)
        now += timedelta(hours=1)
    found = Scanner(()).ledger(ledger.engine)
    if isinstance(receiver, Numbering):
        (answer,) = found
        assert answer.where == "effects.answer"
    else:
        assert found == []


def test_what_a_workload_and_people_quote_does_not_reach_the_database(ledger: Ledger) -> None:
    question = Question(
        code="which",
        title={"en": f"Which case of {SAID}?", "da": "?"},
        reasons=({"en": SAID, "da": SAID},),
        facts=(Fact(label={"en": "Case", "da": "Sag"}, value=SAID),),
        choices=(Choice(code="this", label={"en": "This", "da": "Denne"}, fields=(_TEXT,)),),
    )
    submit(ledger, "x", [item("x"), item("y")])
    first, second = claim_one(ledger), claim_one(ledger)
    outcome = Outcome(reference="x", verdict=Verdict.WAITING_FOR_PERSON, result={"said": SAID}, reason=SAID)
    made = impersonal(outcome, ())
    complete(ledger, first, verdict=made.verdict, result=made.result, reason=SAID)
    fail(ledger, second, f"KeyError: {SAID}")
    assert Scanner(()).ledger(ledger.engine) == []
    with ledger.write() as connection:
        asking.ask(connection, [(first.id, question)], now=NOW)
        ruling = Ruling(question="which", choice="this", fields={"case": f"251248-9996 {CERTAIN}"}, comment=SAID)
        inbox.decide(connection, first.id, ruling, actor="anna", now=NOW)
    assert Scanner(()).ledger(ledger.engine) == []


_TEXT = DecisionField(name="case", label={"en": "Case", "da": "Sag"}, kind=FieldKind.TEXT)


def test_a_number_that_a_person_types_stays_a_number() -> None:
    assert mask_certain("2401121234") == "2401121234"
    assert mask_value({"case": "2401121234", "who": CERTAIN}, text=mask_certain) == {
        "case": "2401121234",
        "who": "010101-xxxx",
    }


@pytest.mark.parametrize(
    ("request_", "places"),
    [
        ({"object": "sha256:" + "0101010101abcdef" * 4, "amount": "1250.00"}, []),
        ({"a": {"b~": ["x", "251248-9996"]}}, ["/a/b~/1"]),
        ({"number": CERTAIN}, ["/number"]),
        ({"number": int(CERTAIN.replace("01", "11", 1))}, []),
        ({"invoice": CERTAIN}, []),
        ({"invoice": {"deep": CERTAIN}}, ["/invoice/deep"]),
        ({f"{PERSON[:6]}-{PERSON[6:]}": 1}, ["/251248-xxxx"]),
        ({"number": PERSON}, []),
    ],
)
def test_requests_are_told_where_they_quote_a_person(request_: Mapping[str, Any], places: list[str]) -> None:
    assert quoted_in(request_, ["invoice"]) == places


def test_a_request_that_quotes_a_person_is_its_workloads_fault() -> None:
    effect = Effect(step="tell", receiver="board", request={"to": {"cpr": "251248-9996"}})
    with pytest.raises(WorkloadError, match=r"tell quotes a CPR number at /to/cpr") as refused:
        _check_effects("tallying", [effect], ())
    assert "9996" not in str(refused.value)


@pytest.mark.parametrize(
    "digest", [f"4f{CERTAIN}", f"{CERTAIN}ab", f"a{CERTAIN}b", f"AB{CERTAIN}", f"{CERTAIN}{'c' * 20}"]
)
def test_no_reference_is_refused_for_the_digits_of_a_short_digest(digest: str) -> None:
    assert not is_certain(f"received/17/{digest}")
    assert is_certain(f"received/{CERTAIN}/{digest}")


@pytest.mark.parametrize("word", [f"cpr{CERTAIN}", f"a{CERTAIN}", f"{CERTAIN}kc", f"{CERTAIN}aB", f"{CERTAIN}/ab"])
def test_a_number_that_touches_a_word_is_still_one(word: str) -> None:
    assert is_certain(word)


@given(st.integers(10**9, 10**10 - 1))
def test_what_is_certain_is_written_so_or_holds_modulus_11(number: int) -> None:
    weighted = sum(int(d) * w for d, w in zip(str(number), [4, 3, 2, 7, 6, 5, 4, 3, 2, 1], strict=True))
    if is_certain(str(number)):
        assert weighted % 11 == 0


def test_an_outcome_without_numbers_is_the_same_object() -> None:
    tuples: Any = {"sum": 2, "parts": (1, 2)}
    outcome = Outcome(reference="x", verdict=Verdict.DONE, result=tuples, reason="because")
    assert impersonal(outcome, ()).result == {"sum": 2, "parts": [1, 2]}
    plain = Outcome(reference="x", verdict=Verdict.DONE, result={"sum": 2, "parts": [1, 2]}, reason="because")
    assert impersonal(plain, ()) is plain


def test_the_numbers_that_shipped_receivers_give_stay_numbers() -> None:
    from samdrift_platform.impersonal import kept_fields
    from samdrift_rpa.receivers.case_system import CaseSystemReceiver
    from samdrift_rpa.receivers.keyed_peer import KeyedPeer

    answer = {"case_number": "2401121234", "voucher_id": "2401121234", "said": "2401121234"}
    case = mask_value(answer, keep=kept_fields(CaseSystemReceiver))
    assert (case["case_number"], case["said"]) == ("2401121234", "240112-xxxx")
    assert mask_value(answer, keep=kept_fields(KeyedPeer))["voucher_id"] == "2401121234"
