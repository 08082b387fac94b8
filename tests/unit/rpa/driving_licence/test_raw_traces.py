from __future__ import annotations

from pathlib import Path

from samdrift_rpa.web.raw_traces import RawTraces


def test_a_folder_is_its_users_alone_and_is_emptied_after_each_form(tmp_path: Path) -> None:
    traces = RawTraces(tmp_path)
    assert traces.folder.stat().st_mode & 0o777 == 0o700
    (traces.folder / "trace.zip").write_bytes(b"raw")
    (traces.folder / "resources").mkdir()
    (traces.folder / "resources" / "a").write_bytes(b"raw")
    traces.empty()
    assert [path.name for path in traces.folder.iterdir()] == [".lock"]
    traces.close()
    assert [*tmp_path.iterdir()] == []


def test_what_a_dead_robot_left_is_removed_and_a_living_one_keeps_its_own(tmp_path: Path) -> None:
    living = RawTraces(tmp_path)
    dead = RawTraces(tmp_path)
    (dead.folder / "trace.zip").write_bytes(b"raw")
    dead._lock.close()  # as the kernel does
    other = tmp_path / "samdrift-traces-beginning"  # not locked yet: its owner is just making it
    other.mkdir()
    third = RawTraces(tmp_path)
    assert {*tmp_path.iterdir()} == {living.folder, other, third.folder}
    living.close()
    third.close()
