"""Whatever comes in, there is an outcome: a document is never our failure."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Verdict
from samdrift_rpa.invoices.answer import read_answer
from samdrift_rpa.invoices.answering import SEND_ANSWER
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.order_generator import write_order
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.workload import workload

KEY = UUID(int=7)
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
SALE = Sale(number="T-1", lines=(CHAIR,), order="O-1")
VALID = write(SALE)
#: Each in which any text may stand in any element, with the order beside which it is held.
WRITTEN = {"OIOUBL": VALID, "Peppol": write_peppol(SALE), "order": write_order(SALE)}

#: Text that an XML document can hold, with what numbers and dates look like among it.
texts = st.one_of(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=30
    ),
    st.sampled_from(["", " ", "0", "-0.00", "1e9", "NaN", "Infinity", "9" * 18, "9" * 40, "0.000000000001", "-1", "٣"]),
    st.sampled_from(["2026-02-30", "0000-01-01", "9999-12-31", "2026-11-24Z", "2026-11-24+14:00", "0101010101"]),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
)


def settle(engine: Engine, content: bytes, order: bytes | None = None) -> Verdict:
    store = MemoryStore()
    cases = [{"document": store.put(content), "orders": [store.put(order)] if order is not None else []}]
    submission = {"process": "invoices", "cases": cases, "received_at": "2026-11-24T08:00:00Z"}
    (item,) = workload.split(workload.submission.model_validate(submission), store)
    assert 0 < len(item.reference) <= 180
    (outcome,) = workload.process([item], Context(store=store, engine={"invoices": engine}))
    assert json.loads(json.dumps(outcome.result, allow_nan=False)) == outcome.result
    assert outcome.reason or outcome.verdict is Verdict.DONE
    for effect in workload.effects(outcome):
        if effect.step == SEND_ANSWER:
            assert read_answer(json.loads(store.get(str(effect.request["answer"])))).written(KEY).startswith(b"<?xml")
    return outcome.verdict


@given(content=st.binary(max_size=200))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_rejected(engine: Engine, content: bytes) -> None:
    assert settle(engine, content) is Verdict.REJECTED


@given(changes=st.dictionaries(st.integers(0, 1_000), texts, min_size=1, max_size=4))
@pytest.mark.parametrize("what", WRITTEN)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_in_any_element_gives_an_outcome(engine: Engine, what: str, changes: dict[int, str]) -> None:
    root = etree.fromstring(WRITTEN[what])
    leaves = [element for element in root.iter() if len(element) == 0]
    for position, text in changes.items():
        leaves[position % len(leaves)].text = text
    changed = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    if what == "order":
        assert settle(engine, VALID, changed) in (Verdict.DONE, Verdict.WAITING_FOR_PERSON)
    else:
        assert settle(engine, changed, WRITTEN["order"]) in Verdict


@pytest.mark.parametrize("cut", range(50, len(VALID), 211))
def test_a_document_cut_short_is_rejected(engine: Engine, cut: int) -> None:
    assert settle(engine, VALID[:cut]) is Verdict.REJECTED
