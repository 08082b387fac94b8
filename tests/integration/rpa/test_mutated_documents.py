"""Official documents, changed in any way, through the whole intake: each ends in a verdict, none is our failure."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Verdict
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.policy import read_policy
from samdrift_rpa.rules.official import OfficialRules
from samdrift_rpa.rules.validation import validate_file
from samdrift_rpa.workload import workload

pytestmark = pytest.mark.data
#: One of each kind: type, standard, version, and one that breaks many rules already.
DOCUMENTS = (
    "oioubl/test-files/2.0.2/ADVORD_01_01_00_Invoice_v2p2.xml",
    "oioubl/test-files/1.17.2/OIOUBL_CreditNote_v2p2.xml",
    "oioubl/test-files/1.17.2/OIOUBL_Reminder_v2p2.xml",
    "oioubl/test-files/1.17.2/OIOUBL_ApplicationResponse_v2p2.xml",
    "oioubl/gobl/parse/used-invoice_real.xml",
    "peppol/examples/Allowance-example.xml",
    "en16931/test/testfiles/CreditNote-Min_content_with_VAT.xml",
    "memo/samples-1.1/MeMo_Full_Example.xml",
    "memo/samples-1.2/MeMo_Full_Example.xml",
)
#: What stands where a number, a date, a code or a name should.
NASTY = (
    "", " ", "0", "-0", "-1", "1e308", "1E400", "NaN", "INF", "-INF", "٣", "9" * 400, "0." + "0" * 300 + "1", "1,5",
    "0000-01-01", "9999-12-31", "2026-02-30", "2026-11-24T25:00:00Z", "-2026-11-24", "24:00:00", "true", "OIOUBL-2.1",
    "2.0", "2.1", "urn:cen.eu:en16931:2017", "'\"<>&", "]]>", "\u202e", "\U0001f4a3", "%(value)s", "{0}", "$1\\1",
    "a" * 5_000, "+", "\u2028\x85\u2029",
)  # fmt: skip


def _an_element(root: Any, draw: Callable[..., Any]) -> Any:
    found = list(root.iter("{*}*"))
    return found[draw(st.integers(0, len(found) - 1))]


def _text(root: Any, draw: Callable[..., Any]) -> None:
    _an_element(root, draw).text = draw(st.sampled_from(NASTY))


def _attribute(root: Any, draw: Callable[..., Any]) -> None:
    element = _an_element(root, draw)
    names = [*element.attrib, "currencyID", "schemeID", "unitCode", "listID"]
    element.set(draw(st.sampled_from(names)), draw(st.sampled_from(NASTY)))


def _no_attributes(root: Any, draw: Callable[..., Any]) -> None:
    _an_element(root, draw).attrib.clear()


def _removed(root: Any, draw: Callable[..., Any]) -> None:
    element = _an_element(root, draw)
    if element.getparent() is not None:
        element.getparent().remove(element)


def _twice(root: Any, draw: Callable[..., Any]) -> None:
    element = _an_element(root, draw)
    if element.getparent() is not None:
        element.addnext(copy.deepcopy(element))


def _moved(root: Any, draw: Callable[..., Any]) -> None:
    """Into another place, or into itself many levels deep."""
    element, other = _an_element(root, draw), _an_element(root, draw)
    other.append(copy.deepcopy(element))


def _renamed(root: Any, draw: Callable[..., Any]) -> None:
    element, other = _an_element(root, draw), _an_element(root, draw)
    element.tag = other.tag


def _mixed(root: Any, draw: Callable[..., Any]) -> None:
    """Text, comments and instructions where elements are."""
    element = _an_element(root, draw)
    element.insert(0, draw(st.sampled_from([etree.Comment("c"), etree.ProcessingInstruction("p", "q")])))
    element.tail = draw(st.sampled_from(NASTY))


CHANGES = (_text, _text, _attribute, _no_attributes, _removed, _twice, _moved, _renamed, _mixed)


def mutant(content: bytes, draw: Callable[..., Any]) -> bytes:
    """One to four changes of the tree, and now and then of the bytes."""
    root = etree.fromstring(content)
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        change(root, draw)
    changed = bytes(etree.tostring(root, xml_declaration=True, encoding=draw(st.sampled_from(["UTF-8", "UTF-16"]))))
    kind = draw(st.sampled_from(["whole"] * 6 + ["cut", "byte"]))
    at = draw(st.integers(0, len(changed) - 1))
    if kind == "cut":
        return changed[:at]
    return changed[:at] + draw(st.binary(min_size=1, max_size=2)) + changed[at + 1 :] if kind == "byte" else changed


@pytest.fixture(scope="module")
def rules(data: Path) -> OfficialRules:
    return OfficialRules(data)


@pytest.fixture(scope="module")
def engine(rules: OfficialRules) -> Engine:
    return Engine(rules=rules, policy=read_policy())


def settle(engine: Engine, content: bytes) -> Verdict:
    """Through splitting, steps and effects, as a replica does it."""
    store = MemoryStore()
    submission = {
        "process": "invoices",
        "cases": [{"document": store.put(content)}],
        "received_at": "2026-11-24T08:00:00Z",
    }
    (item,) = workload.split(workload.submission.model_validate(submission), store)
    (outcome,) = workload.process([item], Context(store=store, engine={"invoices": engine}))
    list(workload.effects(outcome))
    assert outcome.reason or outcome.verdict is Verdict.DONE
    return outcome.verdict


FUZZED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@FUZZED
@given(draws=st.data())
def test_a_changed_document_ends_in_a_verdict(
    data: Path, engine: Engine, rules: OfficialRules, tmp_path: Path, draws: st.DataObject
) -> None:
    name = draws.draw(st.sampled_from(DOCUMENTS))
    content = mutant((data / name).read_bytes(), draws.draw)
    assert settle(engine, content) in Verdict
    file = tmp_path / "mutant.xml"
    file.write_bytes(content)
    told = validate_file(str(file), rules)
    assert (told.document_type is None) <= bool(told.reason)
    line = json.loads(json.dumps(told.to_json()))
    assert line["failed_rules"] == sorted(set(line["failed_rules"]))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_cut_anywhere_has_a_reason(data: Path, rules: OfficialRules, tmp_path: Path, name: str) -> None:
    content, file = (data / name).read_bytes(), tmp_path / "cut.xml"
    for at in range(0, len(content.rstrip()) - 1, len(content) // 23):
        file.write_bytes(content[:at])
        assert validate_file(str(file), rules).reason
