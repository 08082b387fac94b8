"""Which errors mean that a replica is gone. Ray is not started: its answers are scripted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import ray

from samdrift_platform.contract import Resources
from samdrift_platform.crew import Batch, Crew
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.replica import BatchResult

CLAIM = Claim(id=UUID(int=1), tenant="demo", reference="x", payload={}, deadline=None, attempt=1, fence=1)


class Quiet:
    """A workload of which only the resources are asked for."""

    resources = Resources(longest_batch_s=5.0)


class WatchedCrew(Crew):
    """Counts what it starts instead of starting it."""

    started = 0

    def _add(self) -> None:
        self.started += 1


@pytest.fixture
def crew() -> WatchedCrew:
    assignment: Any = object()
    workload: Any = Quiet()
    return WatchedCrew(workload=workload, assignment=assignment, cluster_cpus=2.0, busy=1)


def batch(crew: Crew) -> Batch:
    return Batch(crew=crew, claims=[CLAIM], actor="actor", answer="answer")


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def get(reference: object) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(ray, "get", get)


errors: Any = ray.exceptions  # ray ships no types here
GONE = [errors.ActorDiedError(), errors.OutOfMemoryError("killed"), errors.WorkerCrashedError()]


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
def test_one_that_is_gone_is_replaced(crew: WatchedCrew, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    answering(monkeypatch, error)
    with pytest.raises(type(error)):
        crew.finish(batch(crew))
    assert (crew.started, crew.idle, crew.busy) == (1, [], 0)


def test_one_whose_workload_raised_lives_on(crew: WatchedCrew, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, errors.RayTaskError("run", "Traceback", ValueError("no")))
    with pytest.raises(errors.RayTaskError):
        crew.finish(batch(crew))
    assert (crew.started, crew.idle, crew.busy) == (0, ["actor"], 0)


def test_a_result_frees_the_replica_and_teaches_how_long_items_take(
    crew: WatchedCrew, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, BatchResult(completions=[], seconds=2.0))
    crew.finish(batch(crew))
    assert (crew.idle, crew.busy, crew.seconds_per_item) == (["actor"], 0, 2.0)


def test_a_batch_that_takes_too_long_costs_its_replica(crew: WatchedCrew, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[object] = []
    monkeypatch.setattr(ray, "kill", killed.append)
    young, old = batch(crew), batch(crew)
    old.began_s -= 6.0
    assert (young.end_if_overdue(), old.end_if_overdue()) == (False, True)
    assert killed == ["actor"]
