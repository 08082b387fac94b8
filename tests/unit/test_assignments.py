"""What should be served, from what is deployed and stopped; and which items are a canary's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.assignments import Assignment, Served, Wanted, canary_for, portion, wanted
from samdrift_platform.contract import ModelUse, Workload
from samdrift_platform.settings import Settings
from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.proof import Proof
from samdrift_testing.tallying import Tallying
from samdrift_testing.work import deployed


class Judged(Tallying):
    """Needs two models."""

    name = "judged"
    models: Mapping[str, ModelUse] = {name: ModelUse(suite="none", policy="none") for name in ("finder", "judge")}


BOTH: list[Workload] = [Tallying(), Judged()]
CHAMPIONS = [deployed("finder", 1), deployed("judge", 4)]


def orders(found: Iterable[Deployment], *stopped: str) -> Wanted:
    slots = {(each.model, each.slot): each for each in found}
    return wanted(BOTH, slots, stopped, lambda each: Proof((each.statement,)), Settings(home=Path("/home")))


def test_a_workload_serves_the_champions_of_all_its_models() -> None:
    found = orders([*CHAMPIONS, deployed("stranger", 9)])
    assert found.missing == {}
    assert found.crews["judged"].describe() == {"finder": "1@sha256:ab", "judge": "4@sha256:ab"}
    assert found.crews["judged"].models["finder"].proof == Proof((CHAMPIONS[0].statement,))
    assert found.crews["tallying"].models == {}


def test_a_model_without_a_champion_keeps_the_workload_from_serving() -> None:
    found = orders([CHAMPIONS[0], deployed("judge", 5, Slot.CANARY), deployed("judge", 6, Slot.SHADOW)])
    assert found.missing == {"judged": "no version is deployed of judge"}
    assert "judged" not in found.crews
    assert "judged" not in found.shadows
    assert [each.version for each in found.in_shadow] == [6]


def test_a_model_that_is_not_required_keeps_nothing_waiting() -> None:
    class Helped(Tallying):
        name = "helped"
        models: Mapping[str, ModelUse] = {"finder": ModelUse(suite="none", policy="none", required=False)}

    def served(*found: Deployment) -> Wanted:
        slots = {(each.model, each.slot): each for each in found}
        return wanted([Helped()], slots, (), lambda each: Proof((each.statement,)), Settings(home=Path("/home")))

    assert served().missing == {}
    assert served().crews["helped"].models == {}
    assert served(CHAMPIONS[0]).crews["helped"].describe() == {"finder": "1@sha256:ab"}


@pytest.mark.parametrize("champions", [CHAMPIONS, []], ids=["with champions", "with none"])
def test_a_stopped_workload_needs_no_model(champions: list[Deployment]) -> None:
    found = orders([*champions, deployed("judge", 6, Slot.SHADOW)], "judged", "tallying")
    assert found.missing == {}
    for name in ("judged", "tallying"):
        assert (found.crews[name].safe, found.crews[name].models, found.crews[name].canaries) == (True, {}, ())
    assert [each.version for each in found.in_shadow] == [6], "runs that are planned wait for the end of the stop"


def test_a_shadow_takes_one_champions_place_and_has_no_canary_beside_it() -> None:
    canary, shadow = deployed("judge", 5, Slot.CANARY, 0.1), deployed("finder", 2, Slot.SHADOW)
    found = orders([*CHAMPIONS, canary, shadow])
    assert [each.deployment for each in found.crews["judged"].canaries] == [canary]
    ((version, assignment),) = found.shadows["judged"]
    assert version == shadow
    assert assignment.describe() == {"finder": "2@sha256:ab", "judge": "4@sha256:ab"}
    assert (assignment.shadow, assignment.canaries) == (True, ())


def test_new_evidence_for_the_same_deployment_makes_no_other_assignment() -> None:
    one, other = (Served(deployment=CHAMPIONS[0], proof=Proof((text,))) for text in ("a", "b"))
    assert one == other
    assert one != Served(deployment=deployed("finder", 2), proof=Proof(("a",)))


def with_canaries(*canaries: Deployment) -> Assignment:
    values: dict[str, Any] = {"workload": "judged", "home": Path(), "objects_url": "", "cpu_watts": 1.0}
    served = tuple(Served(deployment=each, proof=Proof(())) for each in canaries)
    return Assignment(**values, grid_g_co2_per_kwh=1.0, canaries=served)


@given(st.text(min_size=1), st.floats(0.0, 1.0))
def test_the_reference_alone_says_whether_an_item_is_the_canarys(reference: str, share: float) -> None:
    assignment = with_canaries(deployed("judge", 5, Slot.CANARY, share))
    chosen = canary_for(assignment, reference)
    assert (chosen is not None) == (portion("judge", reference) < share)
    assert canary_for(with_canaries(), reference) is None


def test_a_canary_gets_about_its_share() -> None:
    share = sum(portion("judge", f"exam {number}") < 0.2 for number in range(10_000)) / 10_000
    assert share == pytest.approx(0.2, abs=0.016)  # four standard errors


def test_every_item_has_at_most_one_canary() -> None:
    pair = with_canaries(deployed("finder", 2, Slot.CANARY, 1.0), deployed("judge", 5, Slot.CANARY, 1.0))
    chosen = canary_for(pair, "exam")
    assert chosen is not None
    assert chosen.deployment.model == "finder"
