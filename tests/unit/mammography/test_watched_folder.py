from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_mammography.intake.folder import SENTENCES, TRY_AGAIN_S, WatchedFolder, reason
from samdrift_mammography.intake.receiving import Desk
from samdrift_mammography.reasons import REJECTIONS
from samdrift_mammography.tables import images, quarantine
from samdrift_mammography.views import View
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import UnavailableError
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.screening_study import mammogram as view_of_study
from samdrift_testing.screening_study import part10

SETTLED_S = 2.0


class Store(MemoryStore):
    """One that can be away."""

    error: Exception | None = None

    def put(self, data: bytes) -> str:
        if self.error:
            raise self.error
        return super().put(data)


@pytest.fixture
def mammogram() -> Callable[..., bytes]:
    """Writes a small one."""
    return lambda **tags: part10(view_of_study(View.RCC, Rows=8, Columns=8, PixelData=bytes(128), **tags))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def watched(sqlite_ledger: Ledger, store: Store, tmp_path: Path) -> WatchedFolder:
    desk = Desk(ledger=sqlite_ledger, store=store)
    return WatchedFolder(folder=tmp_path / "in", desk=desk, settled_s=SETTLED_S, largest_bytes=2**20)


@pytest.fixture
def look(watched: WatchedFolder) -> Callable[[float], int]:
    """One look at a time in seconds."""
    watched.step(now_s=0.0)  # makes the folder
    return lambda now_s: watched.step(now_s=now_s)


def lie_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


Look = Callable[[float], int]


def test_a_file_is_taken_when_it_has_settled(watched: WatchedFolder, look: Look, mammogram: Any, store: Store) -> None:
    (watched.folder / "a.dcm").write_bytes(mammogram())
    assert [look(10.0), look(11.9), look(12.0), look(20.0)] == [0, 0, 1, 0]
    assert lie_in(watched.folder) == {"done/a.dcm"}
    assert list(store.objects.values()) == [mammogram()]
    with watched.desk.ledger.read() as connection:
        assert connection.execute(sa.select(images.c.source)).scalars().all() == ["folder:in"]


def test_a_file_that_still_grows_is_left_alone(watched: WatchedFolder, look: Look, mammogram: Any) -> None:
    whole = mammogram()
    path = watched.folder / "a.dcm"
    for second in range(10):
        path.write_bytes(whole[: 1000 * (second + 1)])
        assert look(second) == 0
    path.write_bytes(whole)
    assert [look(20.0), look(22.0)] == [0, 1]
    assert watched.tally.counts == {"taken": 1}


@pytest.mark.parametrize("name", ["a.dcm.part", "a.TMP", ".a.dcm", ".hidden/a.dcm"])
def test_a_name_that_says_unfinished_is_left_alone(
    watched: WatchedFolder, look: Look, mammogram: Any, name: str
) -> None:
    (watched.folder / name).parent.mkdir(exist_ok=True)
    (watched.folder / name).write_bytes(mammogram())
    assert [look(10.0), look(20.0)] == [0, 0]
    (watched.folder / name).rename(watched.folder / "a.dcm")
    assert [look(30.0), look(40.0)] == [0, 1]


def test_refused_files_lie_beside_their_reason(watched: WatchedFolder, look: Look, mammogram: Any) -> None:
    (watched.folder / "cd" / "exam 1").mkdir(parents=True)
    (watched.folder / "cd" / "exam 1" / "cut.dcm").write_bytes(mammogram()[:-100])
    (watched.folder / "empty").touch()
    (watched.folder / "huge").write_bytes(bytes(2**20 + 1))
    assert [look(10.0), look(20.0)] == [0, 3]
    names = {"cd/exam 1/cut.dcm", "empty", "huge"}
    assert lie_in(watched.folder) == {f"refused/{name}{end}" for name in names for end in ("", ".reason.txt")}
    told = (watched.folder / "refused" / "cd" / "exam 1" / "cut.dcm.reason.txt").read_text()
    assert told.startswith("truncated\nFilen er ufuldstændig")
    assert "\nThe file is incomplete" in told
    assert "Not a medical device" in told
    with watched.desk.ledger.read() as connection:
        assert set(connection.execute(sa.select(quarantine.c.code)).scalars()) == {"truncated", "empty"}


@pytest.mark.parametrize("code", [*SENTENCES, *REJECTIONS])
def test_every_reason_is_told_in_both_languages(code: str) -> None:
    told = reason(code).splitlines()
    assert told[0] == code
    assert len(set(told)) == 5  # the code, and a sentence and the notice in each language, none like another


def test_the_same_name_again_does_not_replace_what_lies_there(
    watched: WatchedFolder, look: Look, mammogram: Any
) -> None:
    for number in range(3):
        (watched.folder / "a.dcm").write_bytes(mammogram(SOPInstanceUID=f"1.2.3.{number}"))
        look(100.0 * number)
        look(100.0 * number + 10)
    assert lie_in(watched.folder) == {"done/a.dcm", "done/a-2.dcm", "done/a-3.dcm"}


def die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_was_taken_but_not_moved_is_known(
    watched: WatchedFolder, look: Look, mammogram: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the two."""
    (watched.folder / "a.dcm").write_bytes(mammogram())
    look(10.0)
    with monkeypatch.context() as killed:
        killed.setattr(WatchedFolder, "_put_aside", die)
        with pytest.raises(KeyboardInterrupt):
            look(20.0)
    assert lie_in(watched.folder) == {"a.dcm"}
    look(30.0)
    look(40.0)
    assert lie_in(watched.folder) == {"done/a.dcm"}
    assert watched.tally.counts == {"taken": 1, "known": 1}


def test_files_wait_for_a_store_that_is_away(watched: WatchedFolder, look: Look, mammogram: Any, store: Store) -> None:
    (watched.folder / "a.dcm").write_bytes(mammogram())
    look(10.0)
    store.error = UnavailableError()
    with pytest.raises(UnavailableError):
        look(20.0)
    assert lie_in(watched.folder) == {"a.dcm"}
    store.error = None
    assert [look(30.0), look(40.0)] == [0, 1]


def test_a_file_that_brings_an_error_about_keeps_no_other_waiting(
    watched: WatchedFolder, look: Look, mammogram: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive, bad = Desk.receive, mammogram(SOPInstanceUID="1.2.3")

    def fail(desk: Desk, data: bytes, **rest: Any) -> Any:
        if data == bad:
            raise RuntimeError
        return receive(desk, data, **rest)

    monkeypatch.setattr(Desk, "receive", fail)
    (watched.folder / "a.dcm").write_bytes(bad)
    (watched.folder / "b.dcm").write_bytes(mammogram())
    assert [look(10.0), look(20.0), look(21.0)] == [0, 1, 0]
    assert lie_in(watched.folder) == {"a.dcm", "done/b.dcm"}
    monkeypatch.undo()
    assert look(20.0 + TRY_AGAIN_S + SETTLED_S) == 1
    assert watched.tally.counts == {"failed": 1, "taken": 2}


def test_links_are_not_followed(watched: WatchedFolder, look: Look, mammogram: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(mammogram())
    (watched.folder / "a.dcm").symlink_to(secret)
    (watched.folder / "b").symlink_to(tmp_path)
    assert [look(10.0), look(20.0)] == [0, 0]
    assert secret.exists()
