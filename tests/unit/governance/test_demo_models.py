"""How the demonstration's models come into service: the whole way, and every statement says what it is worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_platform import demo_models
from samdrift_platform.demonstration import ShippedModel
from samdrift_platform.errors import UnavailableError
from samdrift_platform.settings import Settings
from samdrift_registry import log
from samdrift_registry.statements import Kind
from samdrift_testing.governing import MODEL, Office


def provide(office: Office) -> None:
    shipped = ShippedModel(name=MODEL, folder=Path("shipped"))
    demo_models.provide(office.governance, Settings(home=office.home), shipped)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the registry had found it and the evaluator had judged it by the time that the demonstration looks."""
    monkeypatch.setattr(log, "log_model", lambda *_, **__: 1)


@pytest.mark.usefixtures("logged")
def test_approved_by_accounts_that_say_that_no_person_did(office: Office) -> None:
    office.register(by=demo_models.REGISTRANT)
    office.evaluate()
    provide(office)
    assert demo_models.serving(office.governance) == {MODEL}
    told = office.governance.statements(MODEL, 1)
    approved = [each for each in told if each.kind is Kind.APPROVED]
    assert {each.made_by for each in approved} == {"clinical-approver", "technical-approver"}
    (deployed,) = [each for each in told if each.kind is Kind.DEPLOYED]
    (declared,) = [each for each in told if each.kind is Kind.DECLARED]
    assert {each.facts["note"] for each in approved} == {deployed.facts["reason"]} == {demo_models.NOTE}
    assert all("demonstration" in fact for fact in declared.facts.values())


@pytest.mark.usefixtures("logged")
def test_run_again_it_states_nothing_more(office: Office) -> None:
    office.register(by=demo_models.REGISTRANT)
    office.evaluate()
    provide(office)
    before = office.governance.newest()
    provide(office)
    assert office.governance.newest() == before


@pytest.mark.usefixtures("logged")
def test_what_the_gate_refuses_is_not_served_and_the_demonstration_says_why(office: Office) -> None:
    office.register(by=demo_models.REGISTRANT)
    office.evaluate(low=0.3)
    with pytest.raises(UnavailableError, match="accuracy"):
        provide(office)
    assert demo_models.serving(office.governance) == set()
