"""The way of a version: what each step needs, and what it says when it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from samdrift_platform.errors import ConflictError, InputError, NotFoundError
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import TransitionError, VersionUnknownError
from samdrift_registry.lifecycle import State
from samdrift_testing.governing import FACTS, MODEL, POLICY, Office, policy, report

DAY = timedelta(days=1)


def state(office: Office, version: int = 1) -> State:
    return office.governance.standing(MODEL, version).state


def blocked(office: Office, version: int = 1) -> tuple[str, ...]:
    return office.governance.standing(MODEL, version).blocked


def promote(office: Office, version: int = 1, reason: str = "good enough") -> None:
    office.governance.promote(MODEL, version, reason, actor="operator", now=office.now)


def test_from_draft_to_champion(office: Office) -> None:
    office.register()
    assert state(office) is State.DRAFT
    office.evaluate()
    assert state(office) is State.EVALUATED
    office.declare()
    office.approve()
    assert state(office) is State.APPROVED
    assert blocked(office) == ()
    promote(office)
    assert state(office) is State.CHAMPION


def test_a_second_version_goes_through_shadow_and_canary(office: Office) -> None:
    office.serve()
    office.approved(2)
    acts = office.governance
    acts.shadow(MODEL, 2, "see whether they agree", actor="operator", now=office.now)
    assert state(office, 2) is State.SHADOW
    acts.canary(MODEL, 2, 0.1, "they agree", actor="operator", now=office.now)
    assert state(office, 2) is State.CANARY
    assert (MODEL, Slot.SHADOW) not in acts.deployments()
    promote(office, 2)
    assert [state(office, 1), state(office, 2)] == [State.APPROVED, State.CHAMPION]
    assert {slot: each.version for (_, slot), each in acts.deployments().items()} == {Slot.CHAMPION: 2}


def test_the_share_of_a_canary_may_change(office: Office) -> None:
    office.serve()
    office.approved(2)
    for share in (0.1, 0.5):
        office.governance.canary(MODEL, 2, share, "step by step", actor="operator", now=office.now)
    assert office.governance.deployments()[MODEL, Slot.CANARY].share == 0.5


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0])
def test_a_share_lies_between_none_and_all(office: Office, share: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        office.governance.canary(MODEL, 1, share, "why", actor="operator", now=office.now)


def test_only_beside_a_champion(office: Office) -> None:
    office.approved()
    with pytest.raises(TransitionError, match="has no champion"):
        office.governance.shadow(MODEL, 1, "why", actor="operator", now=office.now)
    with pytest.raises(TransitionError, match="has no champion"):
        office.governance.canary(MODEL, 1, 0.5, "why", actor="operator", now=office.now)


def test_what_fails_the_gate_is_refused_with_its_reasons(office: Office) -> None:
    office.register()
    office.evaluate(low=0.3)
    assert state(office) is State.REFUSED
    (reason,) = blocked(office)
    assert "accuracy" in reason
    assert "missed by 0.2" in reason
    with pytest.raises(TransitionError, match="accuracy"):
        promote(office)


def test_a_better_report_lifts_the_refusal(office: Office) -> None:
    office.register()
    office.evaluate(low=0.3)
    office.evaluate(low=0.6, at=office.now + DAY)
    assert state(office) is State.EVALUATED


def test_every_missing_fact_is_named(office: Office) -> None:
    office.register()
    office.evaluate()
    assert sum("is not declared" in reason for reason in blocked(office)) == len(FACTS)
    office.declare(facts={name: text for name, text in FACTS.items() if name != "mdr_class"})
    (missing,) = [reason for reason in blocked(office) if "is not declared" in reason]
    assert "MDR" in missing
    assert "`mdr_class`" in missing


def test_an_empty_fact_is_missing(office: Office) -> None:
    office.register()
    office.evaluate()
    office.declare()
    office.declare(facts={"purpose": "  "})
    assert any("`purpose`" in reason for reason in blocked(office))


def test_nobody_approves_before_the_facts_are_declared(office: Office) -> None:
    office.register()
    office.evaluate()
    office.declare(facts={"purpose": "tells numbers"})
    with pytest.raises(TransitionError, match="legal_basis, data_protection_assessment"):
        office.approve()


def test_nobody_approves_a_draft(office: Office) -> None:
    office.register()
    office.declare()
    with pytest.raises(TransitionError, match="is draft; to approve it must be"):
        office.governance.approve(MODEL, 1, "technical", None, actor="tim", now=office.now)  # type: ignore[arg-type] # refused before


def test_the_roles_that_the_policy_asks_for(office: Office) -> None:
    office.register()
    office.evaluate()
    office.declare()
    office.approve(1, "tim")
    assert any("1 of 2 people" in reason for reason in blocked(office))
    assert any("clinical or domain" in reason for reason in blocked(office))
    with pytest.raises(TransitionError, match="clinical or domain"):
        promote(office)


def test_a_new_declaration_asks_for_new_approvals(office: Office) -> None:
    office.approved()
    office.declare(facts={"purpose": "something else"})
    assert state(office) is State.EVALUATED
    assert any("declared facts have changed" in note for note in office.governance.standing(MODEL, 1).notes)
    office.approve()
    assert state(office) is State.APPROVED


def test_a_new_policy_has_it_evaluated_again_while_the_champion_serves_on(office: Office) -> None:
    office.serve()
    office.approved(2)
    office.governance.adopt(policy(2, least=0.55), actor="operator", now=office.now)
    assert state(office, 2) is State.DRAFT
    standing = office.governance.standing(MODEL, 1)
    assert standing.state is State.CHAMPION
    assert any(f"{POLICY}/2 is in force" in reason for reason in standing.blocked)
    assert any("serves on" in note for note in standing.notes)
    office.evaluate(2, at=office.now + DAY)
    assert state(office, 2) is State.EVALUATED


def test_rollback_rests_on_the_evidence_of_then(office: Office) -> None:
    office.serve()
    office.serve(2)
    office.governance.adopt(policy(2, least=0.99), actor="operator", now=office.now)
    office.now += 400 * DAY
    office.governance.rollback(MODEL, "two is worse", actor="tim", now=office.now)
    assert office.governance.deployments()[MODEL, Slot.CHAMPION].version == 1
    office.governance.rollback(MODEL, "one is worse", actor="tim", now=office.now)
    assert office.governance.deployments()[MODEL, Slot.CHAMPION].version == 2
    office.governance.rollback(MODEL, "no, two is", to=1, actor="tim", now=office.now)
    assert office.governance.deployments()[MODEL, Slot.CHAMPION].version == 1


def test_nothing_to_roll_back_to(office: Office) -> None:
    office.serve()
    office.approved(2)
    for to, told in ((None, "No earlier version"), (2, "Version 2")):
        with pytest.raises(TransitionError, match=told):
            office.governance.rollback(MODEL, "why", to=to, actor="operator", now=office.now)


def test_the_retired_never_come_back(office: Office) -> None:
    office.serve()
    office.serve(2)
    office.governance.retire(MODEL, 1, "has a flaw", actor="tim", now=office.now)
    assert state(office) is State.RETIRED
    with pytest.raises(TransitionError, match="is retired"):
        office.governance.rollback(MODEL, "why", actor="operator", now=office.now)
    with pytest.raises(TransitionError, match="is retired"):
        promote(office)


def test_a_champion_is_neither_retired_nor_cleared(office: Office) -> None:
    office.serve()
    with pytest.raises(TransitionError, match="is champion; to retire"):
        office.governance.retire(MODEL, 1, "why", actor="operator", now=office.now)
    with pytest.raises(TransitionError, match="not cleared"):
        office.governance.clear(MODEL, Slot.CHAMPION, "why", actor="operator", now=office.now)


def test_retiring_a_shadow_clears_it(office: Office) -> None:
    office.serve()
    office.approved(2)
    office.governance.shadow(MODEL, 2, "compare", actor="operator", now=office.now)
    office.governance.retire(MODEL, 2, "has a flaw", actor="operator", now=office.now)
    assert (MODEL, Slot.SHADOW) not in office.governance.deployments()


def test_states_of_the_past(office: Office) -> None:
    office.register()
    then = office.now
    office.now += DAY
    office.evaluate()
    assert office.governance.standing(MODEL, 1, now=then + DAY / 2).state is State.DRAFT
    assert state(office) is State.EVALUATED


def test_what_was_never_heard_of(office: Office) -> None:
    with pytest.raises(VersionUnknownError, match="oracle version 7"):
        office.governance.standing(MODEL, 7)


def test_a_refused_version_says_why_and_can_be_taken_in_later(office: Office) -> None:
    office.governance.refuse(MODEL, 1, "weights.pkl can run code", now=office.now)
    assert (state(office), blocked(office)) == (State.REFUSED, ("weights.pkl can run code",))
    with pytest.raises(TransitionError, match="no signed manifest"):
        office.declare()
    office.register()
    assert state(office) is State.DRAFT


def test_a_report_about_other_files_is_refused(office: Office) -> None:
    office.register(1)
    office.register(2)
    other = report(office.home, 2)
    with pytest.raises(TransitionError, match="The report is about"):
        office.governance.evaluated(MODEL, 1, other, policy=POLICY, evidence="own", now=office.now)


def test_a_suppliers_report_only_where_the_policy_accepts_it(office: Office) -> None:
    office.register()
    made = report(office.home)
    with pytest.raises(TransitionError, match="supplier"):
        office.governance.evaluated(MODEL, 1, made, policy=POLICY, evidence="supplier", now=office.now)
    office.governance.adopt(policy(2, evidence="supplier"), actor="operator", now=office.now)
    office.governance.evaluated(MODEL, 1, made, policy=POLICY, evidence="supplier", now=office.now)
    assert state(office) is State.EVALUATED


def test_no_policy_no_judgement(office: Office) -> None:
    office.register()
    with pytest.raises(NotFoundError, match="No policy 'other'"):
        office.governance.evaluated(MODEL, 1, report(office.home), policy="other", evidence="own", now=office.now)


def test_a_policy_is_replaced_by_a_higher_version_only(office: Office) -> None:
    with pytest.raises(ConflictError, match="higher version than 1"):
        office.governance.adopt(policy(1, least=0.1), actor="operator", now=office.now)


def test_shipped_policies_do_not_replace_what_was_adopted(office: Office) -> None:
    office.governance.adopt(policy(3), actor="operator", now=office.now)
    office.governance.prepare([policy(1)], now=office.now)
    assert office.governance.policies()[POLICY].version == 3


def test_an_act_needs_a_reason(office: Office) -> None:
    office.approved()
    with pytest.raises(InputError, match="Say why"):
        promote(office, reason=" ")
