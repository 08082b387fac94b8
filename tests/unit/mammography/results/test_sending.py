from __future__ import annotations

import itertools
from typing import Any

import pytest

from samdrift_mammography.results.sending import ORDER, effects_of
from samdrift_mammography.workload import workload
from samdrift_platform.contract import Outcome, Verdict


def document(kind: str, series: str) -> dict[str, Any]:
    uids = {"sop_class_uid": "1", "sop_instance_uid": f"1.{kind}", "study_instance_uid": "2"}
    return {"kind": kind, "object": f"sha256:{kind}", "series_instance_uid": series, **uids}


@pytest.mark.parametrize("kinds", list(itertools.permutations(ORDER)))
def test_pictures_go_first_and_presentation_states_last(kinds: tuple[str, ...]) -> None:
    result = {"documents": [document(kind, "3") for kind in kinds]}
    effects = list(effects_of(result))
    assert [effect.step for effect in effects] == [
        "secondary-capture",
        "mammography-cad-sr",
        "comprehensive-sr",
        "presentation-state",
    ]
    assert [effect.request["place_in_series"] for effect in effects] == [1, 2, 3, 4]


def test_places_are_counted_in_each_series() -> None:
    result = {"documents": [document("comprehensive-sr", "4"), document("mammography-cad-sr", "3")]}
    assert [effect.request["place_in_series"] for effect in effects_of(result)] == [1, 1]


def test_the_workload_sends_what_its_result_holds() -> None:
    entry = document("comprehensive-sr", "3")
    outcome = Outcome(reference="r", verdict=Verdict.DONE, result={"documents": [entry]})
    (effect,) = workload.effects(outcome)
    assert effect.receiver in workload.receivers()
    assert effect.request == {**entry, "place_in_series": 1}


@pytest.mark.parametrize("result", [{}, {"documents": []}, {"documents": None}])
def test_nothing_is_sent_of_a_result_that_stays(result: dict[str, Any]) -> None:
    assert not list(workload.effects(Outcome(reference="r", verdict=Verdict.DONE, result=result)))
