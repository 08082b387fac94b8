"""What a replica answers with: champions, canaries, the safe state; and what a failed change leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform import panel, plugins
from samdrift_platform.assignments import Assignment, Served, portion
from samdrift_platform.contract import Benefit, Context, Effect, Item, JsonObject, ModelUse, Outcome, Verdict
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.objects import ObjectStore
from samdrift_platform.replica import NotServingError, Replica, WorkloadError
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import NotProvenError
from samdrift_registry.proof import Proof
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.tallying import Tallying
from samdrift_testing.work import deployed

#: Versions whose evidence is not complete, that cannot be loaded, that raise at work, that give scores which are none.
UNPROVEN, UNLOADABLE, RAISES, BABBLES = 90, 91, 92, 93
ITEMS = [Item(reference=f"exam {number}", payload={}) for number in range(20)]


def _named(item: Item) -> list[str] | None:
    named = item.payload.get("models")
    return [str(each) for each in named] if isinstance(named, list) else None


class Versioned(Tallying):
    """Answers with the version of its one model, and puts an object for every item."""

    name = "versioned"
    models: Mapping[str, ModelUse] = {"tally": ModelUse(suite="none", policy="none")}

    def __init__(self) -> None:
        self.loads: list[int] = []
        #: What `safe` was given.
        self.contexts: list[Context] = []

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        self.contexts.append(context)
        return super().safe(items, context)

    def load(self, models: Mapping[str, VerifiedModel]) -> Any:
        version = models["tally"].version
        self.loads.append(version)
        if version == UNLOADABLE:
            raise ValueError("cannot be loaded")
        return version

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        if context.engine == RAISES:
            raise ValueError("010203-1234 cannot be answered")
        result = {"version": context.engine, "object": context.store.put(b"picture of " + str(context.engine).encode())}
        return [
            Outcome(reference=item.reference, verdict=Verdict.DONE, result=result, models=_named(item))
            for item in items
        ]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        version = int(str(outcome.result["version"]))
        return {"version": float("nan") if version == BABBLES else version}

    def effects(self, outcome: Outcome) -> Sequence[Effect]:
        return [Effect(step="tell", receiver="board", request={})]

    def benefits(self, outcome: Outcome) -> Sequence[Benefit]:
        return [Benefit(measure="time", quantity=1.0, unit="min", method="a guess")]


@pytest.fixture
def workload(monkeypatch: pytest.MonkeyPatch) -> Versioned:
    found = Versioned()
    monkeypatch.setattr(plugins, "workload", lambda name: found)
    monkeypatch.setattr(panel, "_verified", verified)
    return found


def verified(home: Path, served: Served) -> VerifiedModel:
    deployment = served.deployment
    if deployment.version == UNPROVEN:
        raise NotProvenError("One approval is missing.")
    return VerifiedModel(name=deployment.model, version=deployment.version, digest=deployment.digest, folder=home)


def served(version: int, slot: Slot, share: float = 1.0) -> Served:
    return Served(deployment=deployed("tally", version, slot, share), proof=Proof(()))


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return Assignment(
        workload="versioned",
        home=tmp_path,
        objects_url=f"file://{tmp_path}/objects",
        cpu_watts=10.0,
        grid_g_co2_per_kwh=100.0,
        models={"tally": served(1, Slot.CHAMPION)},
    )


@pytest.fixture
def replica(workload: Versioned, assignment: Assignment) -> Replica:
    """Serves version 1."""
    found = Replica("versioned")
    found.change(assignment)
    return found


def champion(assignment: Assignment, version: int) -> Assignment:
    return replace(assignment, models={"tally": served(version, Slot.CHAMPION)})


def canary(assignment: Assignment, version: int, share: float = 0.5) -> Assignment:
    return replace(assignment, canaries=(served(version, Slot.CANARY, share),))


def versions(completions: Sequence[Completion]) -> list[object]:
    return [completion.outcome.result["version"] for completion in completions]


def test_only_models_that_took_part_are_named_and_scored(replica: Replica) -> None:
    said: dict[str, JsonObject] = {
        "all": {},
        "the one": {"models": ["tally"]},
        "none": {"models": []},
        "another": {"models": ["other"]},
    }
    found = replica.run([Item(reference=name, payload=payload) for name, payload in said.items()]).completions
    assert [bool(made.decided_by) for made in found] == [True, True, False, False]
    assert [bool(made.scores) for made in found] == [True, True, False, False]
    assert not any(made.safe for made in found)


def test_one_that_was_not_told_anything_refuses_work(workload: Versioned) -> None:
    with pytest.raises(NotServingError):
        Replica("versioned").run(ITEMS)


def test_the_champion_answers_in_order_and_every_completion_says_so(replica: Replica) -> None:
    result = replica.run(ITEMS)
    assert [completion.outcome.reference for completion in result.completions] == [item.reference for item in ITEMS]
    for completion in result.completions:
        assert completion.models == {"tally": "1@sha256:ab"}
        assert completion.scores == {"version": 1}
        assert (completion.slots, completion.safe, completion.canary_failure) == ({"champion"}, False, None)
        assert len(completion.effects) == len(completion.saved) == 1
        assert {cost.measure for cost in completion.spent} == {"cpu_time", "electricity", "emission"}


@pytest.mark.parametrize(("version", "error"), [(UNPROVEN, NotProvenError), (UNLOADABLE, ValueError)])
def test_a_change_that_fails_leaves_everything_as_it_was(
    replica: Replica, assignment: Assignment, version: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        replica.change(champion(assignment, version))
    assert set(versions(replica.run(ITEMS).completions)) == {1}


def test_a_canary_answers_its_share_and_is_named_as_what_decided(replica: Replica, assignment: Assignment) -> None:
    assert replica.change(canary(assignment, 2)) == {}
    for item, completion in zip(ITEMS, replica.run(ITEMS).completions, strict=True):
        chosen = portion("tally", item.reference) < 0.5
        assert completion.models == {"tally": f"{2 if chosen else 1}@sha256:ab"}
        assert completion.slots == {"canary" if chosen else "champion"}
        assert completion.outcome.reference == item.reference


@pytest.mark.parametrize(
    ("version", "refused", "error"),
    [
        (UNPROVEN, {"tally": "One approval is missing."}, "NotProvenError"),
        (UNLOADABLE, {"tally": "ValueError"}, "ValueError"),
        (RAISES, {}, "ValueError"),
        (BABBLES, {}, "WorkloadError"),
    ],
)
def test_where_the_canary_cannot_the_champion_answers_and_it_is_told_without_personal_data(
    replica: Replica, assignment: Assignment, version: int, refused: Mapping[str, str], error: str
) -> None:
    assert replica.change(canary(assignment, version)) == refused
    for item, completion in zip(ITEMS, replica.run(ITEMS).completions, strict=True):
        assert completion.models == {"tally": "1@sha256:ab"}
        if portion("tally", item.reference) < 0.5:
            assert completion.canary_failure is not None
            assert (completion.canary_failure.canary.version, completion.canary_failure.error) == (version, error)
        else:
            assert completion.canary_failure is None


def test_an_item_that_failed_before_is_the_champions(replica: Replica, assignment: Assignment) -> None:
    replica.change(canary(assignment, 2, share=1.0))
    tried, fresh = replica.run(ITEMS[:2], tried=[ITEMS[0].reference]).completions
    assert versions([tried, fresh]) == [1, 2]
    assert tried.canary_failure is not None
    assert tried.canary_failure.error == "AttemptFailedBefore"


def test_a_champion_that_raises_fails_the_batch(replica: Replica, assignment: Assignment) -> None:
    replica.change(champion(assignment, RAISES))
    with pytest.raises(ValueError, match="cannot be answered"):
        replica.run(ITEMS)


def test_scores_that_are_no_numbers_are_an_error_of_the_workload(replica: Replica, assignment: Assignment) -> None:
    replica.change(champion(assignment, BABBLES))
    with pytest.raises(WorkloadError, match="scores"):
        replica.run(ITEMS)


def test_what_is_loaded_is_not_loaded_again(replica: Replica, assignment: Assignment, workload: Versioned) -> None:
    replica.change(canary(assignment, 2))
    replica.change(champion(assignment, 2))
    replica.change(champion(assignment, 2))
    assert workload.loads == [1, 2], "a canary that becomes champion is there already"
    replica.change(champion(assignment, 1))
    assert workload.loads == [1, 2, 1], "what does not serve takes up no memory"


def test_the_safe_state_needs_no_model(workload: Versioned, assignment: Assignment) -> None:
    replica = Replica("versioned")
    assert replica.change(replace(assignment, models={}, safe=True)) == {}
    assert workload.loads == []
    for completion in replica.run(ITEMS[:3]).completions:
        assert (completion.safe, completion.models, completion.scores) == (True, {}, {})
        assert completion.outcome.reason == "a person counts"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_model_sees_what_is_about_somebody_who_objected(
    share: float, replica: Replica, workload: Versioned, assignment: Assignment
) -> None:
    replica.change(canary(assignment, 2, share))
    theirs = [ITEMS[0].reference, ITEMS[2].reference]
    workload.contexts.clear()
    for item, completion in zip(ITEMS[:4], replica.run(ITEMS[:4], objected=theirs).completions, strict=True):
        mine = item.reference in theirs
        assert (completion.objected, completion.safe) == (mine, mine)
        assert (completion.models == {}, completion.scores == {}) == (mine, mine)
    assert [(context.objected, context.engine) for context in workload.contexts] == [(True, None)]


def test_in_the_safe_state_it_is_still_said_who_objected(workload: Versioned, assignment: Assignment) -> None:
    replica = Replica("versioned")
    replica.change(replace(assignment, models={}, safe=True))
    found = replica.run(ITEMS[:2], objected=[ITEMS[1].reference]).completions
    assert [completion.objected for completion in found] == [False, True]


def test_nothing_follows_from_what_a_shadow_finds(replica: Replica, assignment: Assignment) -> None:
    replica.change(replace(champion(assignment, 3), shadow=True))
    (completion,) = replica.run(ITEMS[:1]).completions
    assert (completion.effects, completion.saved) == ((), ())
    assert completion.scores == {"version": 3}
    assert all(cost.method.startswith("shadow run: ") for cost in completion.spent)
    assert list(Path(ObjectStore(assignment.objects_url).url.removeprefix("file://")).rglob("*")) == []


def test_what_is_kept_is_masked_and_what_follows_is_made_of_what_was_found(
    workload: Versioned, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(items: Sequence[Item], context: Context) -> list[Outcome]:
        result: Any = {"version": 1, "order": "1205123456", "said": "251248-9996"}
        return [
            Outcome(reference=i.reference, verdict=Verdict.DONE, result=result, reason="251248-9996") for i in items
        ]

    monkeypatch.setattr(workload, "process", process, raising=False)
    monkeypatch.setattr(
        workload,
        "effects",
        lambda outcome: [Effect(step="order", receiver="shop", request={"order": outcome.result["order"]})],
        raising=False,
    )
    found = Replica("versioned")
    found.change(assignment)
    (completion,) = found.run(ITEMS[:1]).completions
    assert completion.outcome.result == {"version": 1, "order": "120512-xxxx", "said": "251248-xxxx"}
    assert completion.outcome.reason == "251248-xxxx"
    assert completion.effects[0].request == {"order": "1205123456"}
