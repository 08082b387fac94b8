from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import InputError, SignInError, UnavailableError
from samdrift_platform.ledger.database import Ledger
from samdrift_rpa.triggers import file_drop
from samdrift_rpa.triggers.file_drop import FileDrop
from samdrift_rpa.triggers.submitting import Desk
from samdrift_testing.errand_process import errand, errands
from samdrift_testing.robot_plane import RobotPlane, robot_plane

MILK, BREAD = errand("milk", 12), errand("bread", 30)


@pytest.fixture
def plane(tmp_path: Path, sqlite_ledger: Ledger) -> Iterator[RobotPlane]:
    with robot_plane(tmp_path / "home", sqlite_ledger) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "drop" / "errands"
    folder.mkdir(parents=True)
    return folder


@dataclass
class MemoryDesk:
    """Takes what the platform would; submissions by their reference."""

    store: MemoryStore = field(default_factory=MemoryStore)
    submissions: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def put_object(self, data: bytes) -> str:
        return self.store.put(data)

    def get_object(self, reference: str) -> bytes:
        return self.store.get(reference)

    def submit(self, workload: str, document: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
        assert self.submissions.setdefault(reference, document) == document
        return {}

    def cases(self) -> list[bytes]:
        """A submission each: the same file at the same time is one of them."""
        given = [case for document in self.submissions.values() for case in document["cases"]]
        return [self.store.get(case["document"]) for case in given]


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


def drop_of(place: Path, desk: Desk) -> FileDrop:
    return FileDrop(folder=place.parent, processes={"errands": errands}, desk=desk)


def settle(drop: FileDrop, *, from_s: float = 0.0) -> int:
    """Two looks between which nothing changes."""
    return drop.look(now_s=from_s) + drop.look(now_s=from_s + drop.settled_s)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_becomes_a_case_and_is_gone(place: Path, desk: MemoryDesk) -> None:
    (place / "milk.json").write_bytes(MILK)
    assert settle(drop_of(place, desk)) == 1
    assert desk.cases() == [MILK]
    assert names(place) == []


def test_what_is_still_being_written_is_left(place: Path, desk: MemoryDesk) -> None:
    drop = drop_of(place, desk)
    (place / "milk.json").write_bytes(MILK[:5])
    assert drop.look(now_s=0.0) == 0
    (place / "milk.json").write_bytes(MILK)
    assert drop.look(now_s=2.0) == 0
    for name in (".hidden", "a.part", "b.TMP", "c.filepart"):
        (place / name).write_bytes(MILK)
    assert drop.look(now_s=4.0) == 1
    assert desk.cases() == [MILK]
    assert names(place) == [".hidden", "a.part", "b.TMP", "c.filepart"]


def test_links_and_folders_are_left(place: Path, desk: MemoryDesk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(MILK)
    (place / "link").symlink_to(secret)
    (place / "folder").mkdir()
    assert settle(drop_of(place, desk)) == 0
    assert desk.cases() == []


def test_the_same_file_twice_is_one_case(place: Path, plane: RobotPlane) -> None:
    for number, name in enumerate(("milk.json", "again.json")):
        (place / name).write_bytes(MILK)
        os.utime(place / name, (1_795_000_000 + number, 1_795_000_000 + number))
    drop = drop_of(place, plane.client())
    assert settle(drop) == 2
    (place / "milk.json").write_bytes(MILK)
    assert settle(drop, from_s=10.0) == 1
    (item,) = plane.desk.items()
    assert plane.desk.store.get(item.payload["case"]["document"]) == MILK


def test_what_cannot_be_a_case_is_set_aside_with_its_reason(place: Path, desk: MemoryDesk) -> None:
    (place / "empty.json").touch()
    (place / "milk.json").write_bytes(MILK)
    assert settle(drop_of(place, desk)) == 1
    kept = names(place / "set-aside")
    assert [name.partition("-")[2] for name in kept] == ["empty.json", "empty.json.reason.txt"]
    assert "empty" in (place / "set-aside" / kept[1]).read_text()
    assert desk.cases() == [MILK]


@dataclass
class Refusing:
    """A desk that has something against one document."""

    error: Exception
    submitted: list[Any] = field(default_factory=list)

    def put_object(self, data: bytes) -> str:
        return "sha256:" + "0" * 64

    def get_object(self, reference: str) -> bytes:
        raise NotImplementedError

    def submit(self, workload: str, document: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
        raise self.error


def test_a_reason_names_nobody(place: Path) -> None:
    (place / "x.json").write_bytes(MILK)
    desk = Refusing(InputError("There is 251248-9996 in it."))
    settle(FileDrop(folder=place.parent, processes={"errands": errands}, desk=desk))
    (reason,) = [path for path in (place / "set-aside").iterdir() if path.suffix == ".txt"]
    assert "9996" not in reason.read_text()


@pytest.mark.parametrize("error", [UnavailableError(), SignInError()])
def test_while_the_platform_does_not_take_it_the_file_waits(place: Path, desk: MemoryDesk, error: Exception) -> None:
    (place / "milk.json").write_bytes(MILK)
    away = FileDrop(folder=place.parent, processes={"errands": errands}, desk=Refusing(error))
    with pytest.raises(type(error)):
        settle(away)
    assert len(names(place / ".taken")) == 1
    assert drop_of(place, desk).look(now_s=0.0) == 1
    assert desk.cases() == [MILK]


def test_a_file_that_cannot_be_read_keeps_no_other_waiting(
    place: Path, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("a-locked.json", BREAD), ("milk.json", MILK)):
        (place / name).write_bytes(content)
    real = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name.endswith("a-locked.json"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    drop = drop_of(place, desk)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read)
        with pytest.raises(PermissionError):
            settle(drop)
    assert desk.cases() == [MILK]
    assert drop.look(now_s=10.0) == 1
    assert sorted(desk.cases()) == sorted([MILK, BREAD])


def test_json_cases_of_a_process_whose_input_is_no_document(place: Path, desk: MemoryDesk) -> None:
    from pydantic import BaseModel

    class Two(BaseModel):
        one: int
        other: int

    submitted: list[Mapping[str, Any]] = []

    class Noting(Refusing):
        def submit(self, workload: str, document: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
            submitted.append(document)
            return {}

    base: Any = errands
    process = replace(base, given=Two)
    (place / "a.json").write_text('{"one": 1, "other": 2}')
    (place / "b.json").write_text('[{"one": 3, "other": 4}, {"one": 5, "other": 6}]')
    (place / "c.json").write_text("[1]")
    (place / "d.json").write_bytes(b"\xff")
    drop = FileDrop(folder=place.parent, processes={"errands": process}, desk=Noting(InputError()))
    assert settle(drop) == 2
    found = [case["one"] for document in submitted for case in document["cases"]]
    assert sorted(found) == [1, 3, 5]
    assert len(names(place / "set-aside")) == 4


class Killed(BaseException):
    """Nothing of the program runs on after this."""


#: Everything that a look does to the world, by where it is done.
POINTS = [(FileDrop, "_take_over"), (file_drop, "submit"), (Path, "rename"), (Path, "unlink"), (Path, "read_bytes")]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), POINTS, ids=[name for _, name in POINTS])
@pytest.mark.parametrize("at", [0, 1])
def test_killed_anywhere_nothing_is_lost_or_doubled(
    place: Path, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, after: bool, at: int
) -> None:
    for content, called in ((MILK, "milk"), (BREAD, "bread")):
        (place / called).write_bytes(content)
    drop = drop_of(place, desk)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killing(getattr(owner, name), place, at=at, after=after))
        with pytest.raises(Killed):
            settle(drop)
    settle(drop_of(place, desk), from_s=100.0)
    assert sorted(desk.cases()) == sorted([MILK, BREAD])
    assert names(place) == []


def killing(real: Callable[..., Any], place: Path, *, at: int, after: bool) -> Callable[..., Any]:
    """`real`, of which the call number `at` is the last thing that happens; calls about other files do not count."""
    calls = iter(range(1_000))

    def call(*arguments: Any, **named: Any) -> Any:
        if isinstance(arguments[0], Path) and place not in arguments[0].parents:
            return real(*arguments, **named)
        dies = next(calls) == at
        if dies and not after:
            raise Killed
        done = real(*arguments, **named)
        if dies:
            raise Killed
        return done

    return call


def test_two_who_look_at_once_take_each_file_once(place: Path, desk: MemoryDesk) -> None:
    for number in range(20):
        (place / f"{number}.json").write_bytes(errand(f"thing {number}", number))
    drops = [drop_of(place, desk) for _ in range(2)]
    for drop in drops:
        drop.look(now_s=0.0)
    together = threading.Barrier(2)

    def look(drop: FileDrop) -> None:
        together.wait()
        for number in range(30):
            drop.look(now_s=2.0 + number)

    threads = [threading.Thread(target=look, args=(drop,)) for drop in drops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({json.loads(content)["name"] for content in desk.cases()}) == 20
    assert len(desk.submissions) == 20
    assert names(place) == []
