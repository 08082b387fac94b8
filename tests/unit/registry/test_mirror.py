"""What is deployed stands in MLflow as aliases; whoever else moves them is told, and they go back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_registry.catalogue import ListedVersion, Listing
from samdrift_registry.copying import Limits
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import MemoryUnreadableError, MlflowUnavailableError
from samdrift_registry.events import Departure
from samdrift_registry.mirror import Mirror, Shown
from samdrift_registry.origin import Origin
from samdrift_registry.reconciler import Reconciler

CHAMPION, CANARY, SHADOW = ("cow", Slot.CHAMPION), ("cow", Slot.CANARY), ("cow", Slot.SHADOW)


class KilledError(Exception):
    """Somebody pulled the plug."""


class Versions:
    """An MLflow with three versions of one model and its aliases; it may die before or after writing one."""

    def __init__(self) -> None:
        self.numbers = {1, 2, 3}
        self.aliases: dict[tuple[str, str], int] = {}
        self.writes = 0
        self.dies: str | None = None

    def listing(self) -> Listing:
        listed = [ListedVersion(name="cow", version=each, source="s", run_id="r") for each in sorted(self.numbers)]
        return Listing(versions=tuple(listed), aliases=dict(self.aliases))

    def point(self, name: str, alias: str, version: int | None) -> None:
        if self.dies == "before":
            raise KilledError
        self.writes += 1
        self.aliases.pop((name, alias), None)
        if version is not None:
            assert version in self.numbers, "MLflow refuses an alias of a version that is not there"
            self.aliases[name, alias] = version
        if self.dies == "after":
            raise KilledError

    def delete(self, version: int) -> None:
        self.numbers.remove(version)
        self.aliases = {key: each for key, each in self.aliases.items() if each != version}

    def fetch(self, listed: ListedVersion, folder: Path, limits: Limits) -> None:
        (folder / "model.json").write_text("{}")

    def origin(self, listed: ListedVersion) -> Origin:
        return Origin()


@pytest.fixture
def mlflow() -> Versions:
    return Versions()


@pytest.fixture
def mirror(mlflow: Versions, tmp_path: Path) -> Mirror:
    return Mirror("unused:", tmp_path, aliases=mlflow)


def reflect(mirror: Mirror, deployed: Mapping[tuple[str, Slot], int]) -> list[str]:
    told: list[Departure] = []
    assert mirror.reflect(deployed, told.append) == tuple(told)
    return [str(departure) for departure in told]


def test_what_is_deployed_is_shown_and_told_to_nobody(mirror: Mirror, mlflow: Versions) -> None:
    assert reflect(mirror, {CHAMPION: 1, SHADOW: 2}) == []
    assert mlflow.aliases == {("cow", "champion"): 1, ("cow", "shadow"): 2}
    assert reflect(mirror, {CHAMPION: 2, CANARY: 3}) == []
    assert mlflow.aliases == {("cow", "champion"): 2, ("cow", "canary"): 3}
    writes = mlflow.writes
    assert reflect(mirror, {CHAMPION: 2, CANARY: 3}) == []
    assert mlflow.writes == writes


def test_an_alias_that_somebody_moved_is_told_once_and_goes_back(mirror: Mirror, mlflow: Versions) -> None:
    reflect(mirror, {CHAMPION: 1})
    mlflow.aliases = {("cow", "champion"): 3, ("cow", "canary"): 2}
    assert reflect(mirror, {CHAMPION: 1}) == [
        "cow alias 'canary' moved in MLflow: nothing -> 2",
        "cow alias 'champion' moved in MLflow: 1 -> 3",
    ]
    assert mlflow.aliases == {("cow", "champion"): 1}
    assert reflect(mirror, {CHAMPION: 1}) == []


def test_an_alias_that_somebody_deleted_is_told_and_comes_back(mirror: Mirror, mlflow: Versions) -> None:
    reflect(mirror, {CHAMPION: 1})
    mlflow.aliases = {}
    assert reflect(mirror, {CHAMPION: 1}) == ["cow alias 'champion' moved in MLflow: 1 -> nothing"]
    assert mlflow.aliases == {("cow", "champion"): 1}


def test_somebody_who_moves_it_during_a_promotion_is_told(mirror: Mirror, mlflow: Versions) -> None:
    reflect(mirror, {CHAMPION: 1})
    mlflow.aliases = {("cow", "champion"): 3}
    assert reflect(mirror, {CHAMPION: 2}) == ["cow alias 'champion' moved in MLflow: 1 -> 3"]
    assert mlflow.aliases == {("cow", "champion"): 2}


def test_a_deleted_champion_leaves_no_alias_and_no_other_version_gets_it(mirror: Mirror, mlflow: Versions) -> None:
    reflect(mirror, {CHAMPION: 1})
    mlflow.delete(1)
    assert reflect(mirror, {CHAMPION: 1}) == []
    mlflow.aliases = {("cow", "champion"): 2}
    assert reflect(mirror, {CHAMPION: 1}) == ["cow alias 'champion' moved in MLflow: nothing -> 2"]
    assert mlflow.aliases == {}


def test_the_aliases_of_what_was_never_deployed_are_somebody_elses(mirror: Mirror, mlflow: Versions) -> None:
    mlflow.aliases = {("cow", "champion"): 3, ("cow", "best"): 2}
    assert reflect(mirror, {}) == []
    assert mlflow.aliases == {("cow", "champion"): 3, ("cow", "best"): 2}
    reflect(mirror, {CHAMPION: 1})
    assert mlflow.aliases == {("cow", "champion"): 1, ("cow", "best"): 2}


def test_an_event_that_could_not_be_told_is_told_again(mirror: Mirror, mlflow: Versions) -> None:
    reflect(mirror, {CHAMPION: 1})
    mlflow.aliases = {("cow", "champion"): 3}

    def ledger_is_down(_: Departure) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        mirror.reflect({CHAMPION: 1}, ledger_is_down)
    assert mlflow.aliases == {("cow", "champion"): 3}
    assert len(reflect(mirror, {CHAMPION: 1})) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_the_write_never_takes_our_own_move_for_somebody_elses(
    mirror: Mirror, mlflow: Versions, when: str
) -> None:
    reflect(mirror, {CHAMPION: 1})
    mlflow.dies = when
    with pytest.raises(KilledError):
        mirror.reflect({CHAMPION: 2}, lambda _: None)
    mlflow.dies = None
    assert reflect(mirror, {CHAMPION: 3}) == []  # promoted once more meanwhile
    assert mlflow.aliases == {("cow", "champion"): 3}


_SLOTS = st.sampled_from([CHAMPION, CANARY, SHADOW])
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["deploy", "meddle", "kill before", "kill after"]), _SLOTS, st.sampled_from([None, 1, 2, 3])
    )
)


@given(steps=_STEPS)
def test_whatever_happens_the_aliases_end_at_what_is_deployed_and_only_meddling_is_told(
    steps: list[tuple[str, tuple[str, Slot], int | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    mlflow = Versions()
    mirror = Mirror("unused:", tmp_path_factory.mktemp("home"), aliases=mlflow)
    deployed = {CHAMPION: 1}
    reflect(mirror, deployed)
    for what, slot, version in steps:
        before = mlflow.aliases.get((slot[0], str(slot[1])))
        if what == "meddle":
            mlflow.aliases.pop((slot[0], str(slot[1])), None)
            mlflow.aliases |= {(slot[0], str(slot[1])): version} if version else {}
        else:
            deployed = {key: each for key, each in (deployed | {slot: version}).items() if each}
        if what.startswith("kill"):
            mlflow.dies = what.removeprefix("kill ")
            try:
                assert mirror.reflect(deployed, lambda _: None) == ()
            except KilledError:
                mlflow.dies = None
            mlflow.dies = None
        told = reflect(mirror, deployed)
        assert len(told) == (what == "meddle" and version != before)
        assert mlflow.aliases == {(name, str(each)): number for (name, each), number in deployed.items()}


def test_the_scan_leaves_what_the_mirror_looks_after_to_the_mirror(
    mirror: Mirror, mlflow: Versions, tmp_path: Path
) -> None:
    scanner = Reconciler("unused:", tmp_path, catalogue=mlflow)
    scanner.scan()
    mlflow.aliases = {("cow", "champion"): 3}
    assert [departure.alias for departure in scanner.scan().departures] == ["champion"]  # nobody mirrors it yet
    assert len(reflect(mirror, {CHAMPION: 1})) == 1
    assert scanner.scan().departures == ()
    mlflow.aliases |= {("cow", "champion"): 2, ("cow", "best"): 2}
    assert [departure.alias for departure in scanner.scan().departures] == ["best"]
    assert [departure.alias for departure in mirror.reflect({CHAMPION: 1}, lambda _: None)] == ["champion"]
    mlflow.delete(1)
    assert [str(departure) for departure in scanner.scan().departures] == [
        "cow version 1 vanished in MLflow: s (run r) -> nothing"
    ]


def test_an_mlflow_that_does_not_answer_changes_nothing(mirror: Mirror, mlflow: Versions, tmp_path: Path) -> None:
    def gone() -> Listing:
        raise MlflowUnavailableError

    mlflow.listing = gone  # type: ignore[method-assign]  # it goes away
    with pytest.raises(MlflowUnavailableError):
        mirror.reflect({CHAMPION: 1}, lambda _: None)
    assert Shown.load(tmp_path) == Shown()


def test_a_damaged_memory_is_named(mirror: Mirror, tmp_path: Path) -> None:
    reflect(mirror, {CHAMPION: 1})
    (tmp_path / "registry" / "aliases.json").write_text('[{"name": 1}]')
    with pytest.raises(MemoryUnreadableError, match=r"aliases\.json"):
        mirror.reflect({CHAMPION: 1}, lambda _: None)
