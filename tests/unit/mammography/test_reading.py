from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from samdrift_mammography.density import Density
from samdrift_mammography.errors import NoBreastError, UnreadableFileError
from samdrift_mammography.lesion_head import ReferencePopulation
from samdrift_mammography.marks import Mark
from samdrift_mammography.picture import png
from samdrift_mammography.reading import stopped, triaged
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.scoring import Engine, ScoredView
from samdrift_mammography.views import View
from samdrift_mammography.workload import workload
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Item, Outcome, Verdict
from samdrift_registry.verified import VerifiedModel


class ScriptedEngine:
    """Answers for each view what the test says: a score, or an error."""

    reference = ReferencePopulation(name="0 to 99", scores=tuple(float(n) for n in range(100)))
    model = VerifiedModel(name="mammography-triage", version=3, digest="sha256:" + "d" * 64, folder=Path())

    def __init__(self, answers: Mapping[View, float | Exception]) -> None:
        self.answers = answers
        self.asked: list[View] = []

    def score(self, data: bytes, view: View) -> ScoredView:
        self.asked.append(view)
        answer = self.answers[view]
        if isinstance(answer, Exception):
            raise answer
        mark = Mark(x=0.5, y=0.5, radius=0.1, score=answer)
        return ScoredView(
            score=answer,
            marks=[mark],
            png=png(np.zeros((3, 2), np.float32)),
            heat_png=png(np.ones((2, 1), np.float32)),
            histogram=np.ones(50) / 50,
            pixel_mm_assumed=False,
        )

    def density(self, histograms: Mapping[View, Any]) -> Density | None:
        return Density(probabilities=(0.1, 0.2, 0.6, 0.1)) if len(histograms) == 4 else None

    heat_full = 90.0
    step = Engine.step


def read(
    answers: Mapping[View, float | Exception], *obstacles: str, problems: Mapping[View, str] | None = None
) -> Outcome:
    store = MemoryStore()
    item = exam(store, *obstacles, problems=problems)
    return triaged(item, store, cast(Engine, ScriptedEngine(answers)))


def exam(store: MemoryStore, *obstacles: str, problems: Mapping[View, str] | None = None) -> Item:
    data = store.put(b"any")
    images = [
        {
            "object": data,
            "sop_instance_uid": f"1.2.{view}",
            "view": str(view),
            "digitised_film": False,
            "problems": [problems[view]] if problems and view in problems else [],
        }
        for view in View
    ]
    payload = {"kind": "exam", "exam": "1.2", "screening_unit": "unit", "images": images}
    return Item(reference="1.2/0", payload={**payload, "missing": [], "obstacles": list(obstacles)})  # type: ignore[dict-item] # JSON it is


LOW = dict.fromkeys(View, 5.0)


def test_the_exam_is_as_suspicious_as_its_highest_view() -> None:
    outcome = read(LOW | {View.LCC: 97.0})
    assert (outcome.result["score"], outcome.result["reading"]) == (10, "double, priority")
    assert read(LOW).result["score"] == 1
    assert read(LOW).result["reading"] == "single"


def test_a_result_says_what_it_rests_on() -> None:
    result = read(LOW).result
    assert result["banner"] == BANNER
    assert str(result["policy"]).startswith("triage 3@sha256:")
    assert result["reference_population"] == "0 to 99"
    assert result["model"] == {"name": "mammography-triage", "version": 3, "digest": "sha256:" + "d" * 64}
    assert result["density"] == {"class": "C", "probabilities": [0.1, 0.2, 0.6, 0.1]}
    assert [view["score"] for view in cast(list[Any], result["views"])] == [5.0] * 4


@pytest.mark.parametrize(
    ("error", "code"),
    [(UnreadableFileError("cannot", code="undecodable"), "undecodable"), (NoBreastError(), "no-breast")],
)
def test_a_view_that_cannot_be_scored_means_two_readers_and_not_a_refusal(error: Exception, code: str) -> None:
    outcome = read(LOW | {View.RMLO: error})
    assert outcome.verdict is Verdict.DONE
    assert (outcome.result["score"], outcome.result["reading"]) == (None, "double")
    assert outcome.result["reasons"] == [code]
    assert "Two radiologists read" in str(outcome.reason)


def test_an_obstacle_in_the_headers_overrules_the_highest_score() -> None:
    outcome = read(dict.fromkeys(View, 99.0), "implant")
    assert (outcome.result["score"], outcome.result["reading"]) == (None, "double")


def test_images_with_a_problem_are_not_looked_at() -> None:
    outcome = read(
        {View.RCC: 1.0, View.LCC: 1.0, View.LMLO: 1.0}, "missing-views", problems={View.RMLO: "for-processing"}
    )
    views = cast(list[Any], outcome.result["views"])
    assert views[2]["problems"] == ["for-processing"]
    assert views[2]["picture"] is None


def test_a_fault_of_ours_is_not_taken_for_the_inputs() -> None:
    with pytest.raises(ZeroDivisionError):
        read(LOW | {View.RMLO: ZeroDivisionError()})


def test_an_unreadable_file_is_rejected_with_code_and_sentence() -> None:
    item = Item(reference="file-1/0", payload={"kind": "file", "code": "empty", "message": "The file has 0 bytes."})
    (outcome,) = workload.process([item], Context(store=MemoryStore()))
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.reason == "The file has 0 bytes. (empty)"
    assert outcome.result["code"] == "empty"


@pytest.mark.parametrize(("score", "saved"), [(5.0, 1), (50.0, 0), (99.0, 0)])
def test_a_reading_is_saved_only_where_one_radiologist_reads(score: float, saved: int) -> None:
    benefits = list(workload.benefits(read(dict.fromkeys(View, score))))
    assert sum(benefit.quantity for benefit in benefits) == saved
    assert all(benefit.unit == "readings" and benefit.method for benefit in benefits)


def test_no_reading_is_saved_by_what_is_not_scored() -> None:
    assert list(workload.benefits(read(LOW, "missing-views"))) == []


def test_while_stopped_every_exam_is_read_by_two_and_nothing_is_marked() -> None:
    store = MemoryStore()
    outcome = stopped(exam(store), store)
    assert outcome.verdict is Verdict.DONE
    assert (outcome.result["score"], outcome.result["reading"]) == (None, "double")
    assert outcome.result["reasons"] == ["stopped"]
    assert outcome.reason == "Not scored, because scoring is stopped. Two radiologists read."
    views = cast(list[Any], outcome.result["views"])
    assert [(view["view"], view["score"], view["marks"], view["picture"]) for view in views] == [
        (str(view), None, [], None) for view in View
    ]
    assert list(workload.benefits(outcome)) == []


def test_without_a_model_none_is_named() -> None:
    store = MemoryStore()
    assert stopped(exam(store), store).result["model"] is None


def test_images_of_two_women_are_seen_by_no_model_and_nothing_is_made_of_them_for_the_pacs() -> None:
    engine, store = ScriptedEngine(LOW), MemoryStore()
    item = exam(store, "several-patients")
    item = replace(item, payload={**item.payload, "return_results": True, "received_at": "2026-11-24T08:00:00+00:00"})
    result = triaged(item, store, cast(Engine, engine)).result
    assert engine.asked == []
    assert (result["score"], result["reading"], result["reasons"]) == (None, "double", ["several-patients"])
    assert (result["documents"], result["document_problems"]) == ([], [])


def test_nothing_is_made_for_a_pacs_that_waits_for_nothing() -> None:
    result = read(LOW).result
    assert (result["documents"], result["document_problems"]) == ([], [])


def test_an_exam_in_the_safe_state_looks_like_any_other_that_was_not_scored() -> None:
    unscored = read(LOW, "implant").result
    store = MemoryStore()
    assert stopped(exam(store, "implant"), store).result.keys() == unscored.keys()


def test_scores_tell_decisions_from_measurements() -> None:
    scores = dict(workload.scores(read(LOW | {View.LCC: 97.0})))
    assert scores == {"readings": 2, "priority": 1, "step": 10.0, "lesion": 97.0}
    assert {name for name, value in scores.items() if isinstance(value, int)} == {"readings", "priority"}
    assert workload.scores(read(LOW)) == {"readings": 1, "priority": 0, "step": 1.0, "lesion": 5.0}


def test_what_was_not_scored_has_its_decision_alone() -> None:
    assert workload.scores(read(LOW, "implant")) == {"readings": 2, "priority": 0}
    refused = Outcome(reference="file-1", verdict=Verdict.REJECTED, result={"code": "empty"}, reason="empty")
    assert workload.scores(refused) == {}


def test_every_scored_view_has_a_heat_map_and_its_scale() -> None:
    views = cast(list[dict[str, Any]], read(LOW | {View.LCC: NoBreastError()}).result["views"])
    assert [view["heat_map"] and (view["heat_map"]["columns"], view["heat_map"]["rows"]) for view in views] == [
        (1, 2),
        None,
        (1, 2),
        (1, 2),
    ]
    assert {view["heat_map"]["full"] for view in views if view["heat_map"]} == {90.0}


def test_no_density_is_told_of_an_exam_with_an_unscored_view() -> None:
    assert read(LOW | {View.LCC: NoBreastError()}).result["density"] is None


def with_policy(item: Item, store: MemoryStore, text: str, **payload: Any) -> Item:
    kept = store.put((VALID + text).encode())
    return replace(item, payload={**item.payload, "policy": kept, **payload})


VALID = "name: own\nversion: 7\nsingle_reading_up_to: 5\npriority_from: 9\nreading_target_working_days: 3\n"


def read_with(text: str, **payload: Any) -> Mapping[str, Any]:
    store = MemoryStore()
    engine = cast(Engine, ScriptedEngine(LOW))
    return triaged(with_policy(exam(store), store, text, **payload), store, engine).result


def test_the_policy_that_came_with_the_exam_decides_and_not_the_shipped_one() -> None:
    result = read_with("hide_score_until_first_read: true\n")
    assert str(result["policy"]).startswith("own 7@sha256:")
    assert (result["single_reading_up_to"], result["hide_score"], result["reading"]) == (5, True, "single")


def test_an_exam_that_is_drawn_for_the_audit_is_read_by_two_and_says_so() -> None:
    result = read_with("", drawn_for_audit=True)
    assert (result["reading"], result["reasons"], result["audit_read"]) == ("double", ["audit-read"], True)
    assert read_with("")["audit_read"] is False


def test_a_recent_recall_is_read_by_two_where_the_sender_says_when_it_was() -> None:
    rule = "double_read_after_recall_months: 24\n"
    assert read_with(rule, months_since_recall=24)["reasons"] == ["prior-recall"]
    assert read_with(rule, months_since_recall=25)["reading"] == "single"
    assert read_with(rule)["reading"] == "single"


@pytest.mark.parametrize(("classes", "reading"), [("[C, D]", "double"), ("[D]", "single"), ("[]", "single")])
def test_tissue_of_a_class_that_the_policy_names_is_read_by_two(classes: str, reading: str) -> None:
    result = read_with(f"double_read_density: {classes}\n")
    assert (result["reading"], "density" in result["reasons"]) == (reading, reading == "double")


def test_a_woman_who_objected_is_read_by_people_only_and_the_exam_says_so() -> None:
    store = MemoryStore()
    (outcome,) = workload.safe([exam(store)], Context(store=store, objected=True))
    assert (outcome.result["objected"], outcome.result["reasons"]) == (True, ["objected"])
    assert (outcome.result["score"], outcome.result["reading"]) == (None, "double")
    assert outcome.reason == "Not scored: the woman has objected to automated processing. Two radiologists read."
    assert list(workload.benefits(outcome)) == []
