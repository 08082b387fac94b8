"""Which replica is given what, and what becomes of those that fail. Ray is not started: its answers are scripted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import ray

from samdrift_platform import crew as crews
from samdrift_platform.assignments import Assignment, Served
from samdrift_platform.contract import Priority, Resources
from samdrift_platform.crew import Batch, Crew, Member
from samdrift_platform.ledger.items import URGENT
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.lines import ItemLine
from samdrift_platform.replica import BatchResult
from samdrift_registry.deployments import Slot
from samdrift_registry.proof import Proof
from samdrift_testing.tallying import Tallying
from samdrift_testing.work import deployed

CLAIM = Claim(id=UUID(int=1), tenant="demo", reference="x", payload={}, deadline=None, attempt=1, fence=1)

URGENT_CLAIM = replace(CLAIM, reference="urgent", urgency=URGENT)


class Quiet(Tallying):
    priority = Priority.OPERATIONAL
    resources = Resources(longest_batch_s=5.0, most_replicas=2)


class Clinic(Quiet):
    priority = Priority.CLINICAL


class Answer:
    """What an actor's method gives: a reference to something that comes later."""


class Actor:
    """Notes what it is asked, and gives references that nothing has answered yet."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.run = self.change = self

    def remote(self, *given: Any) -> Answer:
        self.asked.append(given)
        return Answer()


class Cluster:
    """Scripted Ray: who has answered what, and who was ended."""

    def __init__(self) -> None:
        self.answers: dict[Answer, Any] = {}
        self.ended: list[Actor] = []

    def get(self, reference: Answer) -> Any:
        found = self.answers[reference]
        if isinstance(found, Exception):
            raise found
        return found

    def wait(self, references: list[Answer], **_: Any) -> tuple[list[Answer], list[Answer]]:
        done = [reference for reference in references if reference in self.answers]
        return done, [reference for reference in references if reference not in done]


class WatchedCrew(Crew):
    """Starts actors that are here instead of on Ray."""

    def _start(self, *, kept: bool) -> Any:
        return Actor()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    scripted = Cluster()
    monkeypatch.setattr(ray, "get", scripted.get)
    monkeypatch.setattr(ray, "wait", scripted.wait)
    monkeypatch.setattr(ray, "kill", scripted.ended.append)
    return scripted


def served(version: int, slot: Slot = Slot.CHAMPION) -> Served:
    return Served(deployment=deployed("tally", version, slot, share=0.5), proof=Proof(()))


def assignment(version: int, *canaries: int, safe: bool = False) -> Assignment:
    return Assignment(
        workload="tallying",
        home=Path("/nowhere"),
        objects_url="memory://",
        cpu_watts=10.0,
        grid_g_co2_per_kwh=100.0,
        models={} if safe else {"tally": served(version)},
        canaries=tuple(served(canary, Slot.CANARY) for canary in canaries),
        safe=safe,
    )


@pytest.fixture
def crew(cluster: Cluster) -> WatchedCrew:
    """Two replicas that serve version 1."""
    workload = Quiet()
    found = WatchedCrew(
        workload=workload, line=ItemLine(workload), assignment=assignment(1), cluster_cpus=2.0, most_replicas=2
    )
    found.tend()
    loaded(found, cluster)
    return found


@pytest.fixture
def clinic(cluster: Cluster) -> WatchedCrew:
    """One replica for everything, and the one that is kept for urgent items."""
    workload = Clinic()
    found = WatchedCrew(workload=workload, line=ItemLine(workload), assignment=assignment(1), cluster_cpus=1.0)
    found.tend()
    while found.changing:
        loaded(found, cluster)
    return found


def loaded(crew: Crew, cluster: Cluster, outcome: Any = None) -> None:
    """Every change that is under way ends with `outcome`."""
    cluster.answers |= dict.fromkeys(crew.changing, outcome if outcome is not None else {})
    crew.tend()


def told(crew: Crew) -> list[Assignment | None]:
    return [member.assignment for member in crew.members]


def busy(crew: Crew) -> Batch:
    return crew.begin([CLAIM])


errors: Any = ray.exceptions  # ray ships no types here
GONE = [errors.ActorDiedError(), errors.OutOfMemoryError("killed"), errors.WorkerCrashedError()]
RAISED = errors.RayTaskError("change", "Traceback", ValueError("no such number"))


def test_replicas_start_with_nothing_and_are_free_once_they_have_loaded(cluster: Cluster) -> None:
    workload = Quiet()
    crew = WatchedCrew(workload=workload, line=ItemLine(workload), assignment=assignment(1), cluster_cpus=1.0)
    crew.tend()
    assert (crew.free, crew.settled, len(crew.changing), crew.models) == ([], False, 1, {})
    loaded(crew, cluster)
    assert (len(crew.free), crew.settled, crew.models) == (1, True, {"tally": "1@sha256:ab"})


def test_one_replica_at_a_time_changes_while_the_others_serve(crew: WatchedCrew, cluster: Cluster) -> None:
    crew.assign(assignment(2))
    crew.tend()
    assert (len(crew.changing), len(crew.free)) == (1, 1)
    assert crew.models == {"tally": "1@sha256:ab"}
    loaded(crew, cluster)
    assert (len(crew.changing), len(crew.free)) == (1, 1)
    loaded(crew, cluster)
    assert told(crew) == [assignment(2)] * 2
    assert crew.settled


def test_a_busy_replica_changes_after_its_batch_and_before_the_next(crew: WatchedCrew, cluster: Cluster) -> None:
    batches = [busy(crew), busy(crew)]
    crew.assign(assignment(2))
    crew.tend()
    assert crew.changing == {}
    cluster.answers[batches[0].answer] = BatchResult(completions=[], seconds=1.0)
    crew.finish(batches[0])
    crew.tend()
    assert [change.member for change in crew.changing.values()] == [batches[0].member]
    assert crew.free == []


@pytest.mark.parametrize("error", [RAISED, GONE[0]], ids=["raised", "died"])
def test_what_cannot_be_loaded_leaves_everything_as_it_was(
    crew: WatchedCrew, cluster: Cluster, error: Exception
) -> None:
    crew.assign(assignment(2))
    crew.tend()
    loaded(crew, cluster, error)
    while crew.changing:  # one that died is replaced by one that loads what served before
        loaded(crew, cluster)
    assert told(crew) == [assignment(1)] * 2
    assert not crew.settled
    assert crew.trouble
    crew.assign(assignment(1))
    assert (crew.settled, crew.trouble) == (True, "")


def test_what_could_not_be_loaded_is_tried_again_later(
    crew: WatchedCrew, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.assign(assignment(2))
    crew.tend()
    loaded(crew, cluster, RAISED)
    assert crew.changing == {}
    monkeypatch.setattr(crews, "AGAIN_AFTER_S", 0.0)
    crew.tend()
    assert [change.to for change in crew.changing.values()] == [assignment(2)]


def test_a_stop_reaches_all_replicas_at_once_and_nobody_begins_without_it(crew: WatchedCrew, cluster: Cluster) -> None:
    batch = busy(crew)
    crew.assign(assignment(1, safe=True))
    assert crew.free == [], "who does not know of the stop yet is given nothing"
    crew.tend()
    cluster.answers[batch.answer] = BatchResult(completions=[], seconds=1.0)
    crew.finish(batch)
    crew.tend()
    assert len(crew.changing) == 2
    loaded(crew, cluster)
    assert len(crew.free) == 2


def test_a_canary_over_which_a_replica_died_is_put_aside(crew: WatchedCrew, cluster: Cluster) -> None:
    crew.assign(assignment(1, 2))
    crew.tend()
    while crew.changing:
        loaded(crew, cluster)
    assert told(crew) == [assignment(1, 2)] * 2
    batch = busy(crew)
    cluster.answers[batch.answer] = GONE[0]
    with pytest.raises(errors.ActorDiedError):
        crew.finish(batch)
    crew.tend()
    while crew.changing:
        loaded(crew, cluster)
    assert told(crew) == [assignment(1)] * 2
    assert "put aside" in crew.trouble
    assert crew.settled, "the champion serves everything"


def test_a_canary_that_is_not_loaded_is_told_and_changes_nothing_else(crew: WatchedCrew, cluster: Cluster) -> None:
    crew.assign(assignment(1, 2))
    crew.tend()
    refused: Mapping[str, str] = {"tally": "no such number"}
    while crew.changing:
        loaded(crew, cluster, refused)
    assert crew.settled
    assert crew.trouble == "the canary of tally is not loaded: no such number"


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
def test_one_that_is_gone_is_replaced(crew: WatchedCrew, cluster: Cluster, error: Exception) -> None:
    batch = busy(crew)
    cluster.answers[batch.answer] = error
    with pytest.raises(type(error)):
        crew.finish(batch)
    crew.tend()
    assert len(crew.members) == 2
    assert batch.member not in crew.members


def test_one_whose_workload_raised_lives_on(crew: WatchedCrew, cluster: Cluster) -> None:
    batch = busy(crew)
    cluster.answers[batch.answer] = RAISED
    with pytest.raises(errors.RayTaskError):
        crew.finish(batch)
    assert batch.member in crew.free


def test_a_result_frees_the_replica_and_teaches_how_long_items_take(crew: WatchedCrew, cluster: Cluster) -> None:
    batch = busy(crew)
    cluster.answers[batch.answer] = BatchResult(completions=[], seconds=2.0)
    crew.finish(batch)
    assert (len(crew.free), crew.busy, crew.offer("").seconds_per_item) == (2, [], 2.0)


def finish(crew: WatchedCrew, cluster: Cluster, lane: str, seconds: float, items: int) -> None:
    batch = crew.begin([replace(CLAIM, lane=lane)] * items)
    cluster.answers[batch.answer] = BatchResult(completions=[], seconds=seconds)
    crew.finish(batch)


def test_how_long_items_take_is_known_of_each_lane(crew: WatchedCrew, cluster: Cluster) -> None:
    finish(crew, cluster, "invoices", 0.5, 10)
    finish(crew, cluster, "licences", 4.0, 2)
    assert crew.offer("invoices").seconds_per_item == pytest.approx(0.05)
    assert crew.offer("licences").seconds_per_item == pytest.approx(2.0)
    assert crew.offer("letters").seconds_per_item is None


def test_one_quick_item_says_little_about_the_others(crew: WatchedCrew, cluster: Cluster) -> None:
    """Decided items go alone, between batches: as much as a batch they would halve what an item seems to take."""
    for _ in range(8):
        finish(crew, cluster, "invoices", 1.0, 10)
        finish(crew, cluster, "invoices", 0.0, 1)
    pace = crew.offer("invoices").seconds_per_item
    assert pace is not None
    assert 0.085 < pace <= 0.1


def test_items_that_were_tried_before_are_told_apart(crew: WatchedCrew) -> None:
    again = Claim(id=UUID(int=2), tenant="demo", reference="y", payload={}, deadline=None, attempt=2, fence=3)
    batch = crew.begin([again])
    assert batch.member.actor.asked[-1][1] == ["y"]


def test_a_batch_or_a_change_that_takes_too_long_costs_its_replica(crew: WatchedCrew, cluster: Cluster) -> None:
    young, old = busy(crew), busy(crew)
    old.began_s -= 6.0
    assert (young.end_if_overdue(), old.end_if_overdue()) == (False, True)
    assert cluster.ended == [old.member.actor]
    crew.idle.append(Member(Actor()))
    crew.tend()
    (change,) = crew.changing.values()
    change.began_s -= 6.0
    crew.tend()
    assert cluster.ended[1:] == [change.member.actor]


def test_who_is_dismissed_ends_with_the_batch(crew: WatchedCrew, cluster: Cluster) -> None:
    batch = busy(crew)
    crew.dismiss()
    assert len(cluster.ended) == 1
    cluster.answers[batch.answer] = BatchResult(completions=[], seconds=1.0)
    crew.finish(batch)
    assert batch.member.actor in cluster.ended
    assert crew.members == []


def test_a_clinical_crew_keeps_one_replica_for_urgent_items(clinic: WatchedCrew) -> None:
    assert (len(clinic.free), len(clinic.free_kept)) == (1, 1)
    assert (clinic.offer("").free_replicas, clinic.offer("").free_kept) == (1, 1)
    assert not clinic.begin([CLAIM]).member.kept
    assert (clinic.free, len(clinic.free_kept)) == ([], 1)
    assert clinic.begin([URGENT_CLAIM]).member.kept


def test_a_second_urgent_item_takes_what_is_free(clinic: WatchedCrew) -> None:
    assert [clinic.begin([URGENT_CLAIM]).member.kept for _ in range(2)] == [True, False]


def test_a_kept_replica_that_is_gone_is_replaced_by_one_that_is_kept(clinic: WatchedCrew, cluster: Cluster) -> None:
    batch = clinic.begin([URGENT_CLAIM])
    cluster.answers[batch.answer] = GONE[0]
    with pytest.raises(errors.ActorDiedError):
        clinic.finish(batch)
    clinic.tend()
    while clinic.changing:
        loaded(clinic, cluster)
    assert (len(clinic.free), len(clinic.free_kept)) == (1, 1)
