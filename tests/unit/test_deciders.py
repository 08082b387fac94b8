from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.asking_check import question_faults
from samdrift_platform.governance.permissions import check_decider
from samdrift_platform.question import Deciders, question_from_json, question_to_json
from samdrift_registry.errors import NotAllowedError
from samdrift_registry.people import Person, Role
from samdrift_testing.asking import PAY

ROLES = st.sets(st.sampled_from(["case_worker", "clinical", "domain", "operator"]))
UNITS = st.sets(st.sampled_from(["finance", "citizen service", "post-room"]))


@given(ROLES, UNITS)
def test_an_audience_says_the_same_in_one_line(roles: set[str], units: set[str]) -> None:
    deciders = Deciders(roles=tuple(sorted(roles)), units=tuple(sorted(units)))
    assert Deciders.of_audience(deciders.audience) == deciders


@given(ROLES, UNITS, ROLES, UNITS)
def test_it_takes_one_of_the_roles_in_one_of_the_units(
    roles: set[str], units: set[str], own_roles: set[str], own_units: set[str]
) -> None:
    expected = (roles == set() or roles & own_roles != set()) and (units == set() or units & own_units != set())
    assert Deciders(roles=tuple(roles), units=tuple(units)).include(own_roles, own_units) is expected


def test_who_may_not_is_told_who_may() -> None:
    karen = Person(subject="karen", roles=frozenset({Role.CASE_WORKER}), units=frozenset({"finance"}))
    check_decider(karen, Deciders(roles=("case_worker",), units=("finance", "hr")))
    with pytest.raises(NotAllowedError, match="karen may not decide this: it takes the role domain in the unit hr"):
        check_decider(karen, Deciders(roles=("domain",), units=("hr",)))


def test_a_question_for_everybody_is_kept_as_it_was_before_there_were_deciders() -> None:
    """The audit chain holds digests of it."""
    assert "deciders" not in question_to_json(PAY)
    asked = replace(PAY, deciders=Deciders(units=("finance",)))
    assert question_from_json(question_to_json(asked)) == asked


@pytest.mark.parametrize("deciders", [Deciders(roles=("auditor",)), Deciders(roles=("x",)), Deciders(units=("a,b",))])
def test_a_question_that_nobody_could_decide_is_found(deciders: Deciders) -> None:
    assert list(question_faults(replace(PAY, deciders=deciders)))
    assert not list(question_faults(replace(PAY, deciders=Deciders(roles=("domain",), units=("post room",)))))
