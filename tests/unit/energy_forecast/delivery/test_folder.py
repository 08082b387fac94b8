from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from samdrift_energy_forecast.delivery.folder import FolderReceiver
from samdrift_energy_forecast.plans.document import Plan
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import CannotTellError, TryAgainError
from samdrift_testing.estate import described, plan_of

KEY = uuid4()


@pytest.fixture
def plan() -> Plan:
    return plan_of(described("school-1", "Skolen"))


@pytest.fixture
def receiver(tmp_path: Path) -> FolderReceiver:
    return FolderReceiver(folder=tmp_path / "plans", store=MemoryStore())


def asked(receiver: FolderReceiver, plan: Plan) -> dict[str, str]:
    return {"plan": receiver.store.put(plan.to_json()), "version": plan.version}


def lying(receiver: FolderReceiver) -> dict[str, bytes]:
    return {str(path.relative_to(receiver.folder)): path.read_bytes() for path in receiver.folder.rglob("*.*")}


def test_every_kind_is_written_under_a_name_with_the_version_and_found_again(
    receiver: FolderReceiver, plan: Plan
) -> None:
    request = asked(receiver, plan)
    assert receiver.find(KEY, request) is None
    answer = receiver.deliver(KEY, request)
    files = lying(receiver)
    assert sorted(files) == sorted(str(name) for name in answer["files"])  # type: ignore[union-attr]  # the answer lists names
    stem = f"school-1/school-1-20260125T2300Z-{plan.version[7:19]}"
    assert set(files) == {f"{stem}.{suffix}" for suffix in ("csv", "ics", "json", "bacnet.json")}
    assert json.loads(files[f"{stem}.bacnet.json"])["version"] == plan.version
    assert receiver.find(KEY, request) == answer
    assert {stat.S_IMODE(path.stat().st_mode) for path in receiver.folder.rglob("*.*")} == {0o644}


def test_written_again_nothing_changes_and_a_newer_plan_lies_beside_it(receiver: FolderReceiver, plan: Plan) -> None:
    receiver.deliver(KEY, asked(receiver, plan))
    before = lying(receiver)
    receiver.deliver(KEY, asked(receiver, plan))
    assert lying(receiver) == before
    newer = plan_of(described("school-1", "Skolen"), plan.hours[24])
    receiver.deliver(KEY, asked(receiver, newer))
    assert len(lying(receiver)) == 8
    assert lying(receiver).items() >= before.items()


def test_a_part_of_it_is_not_all_of_it(receiver: FolderReceiver, plan: Plan) -> None:
    request = asked(receiver, plan)
    receiver.deliver(KEY, request)
    changed = next(receiver.folder.rglob("*.csv"))
    changed.write_bytes(changed.read_bytes()[:100])
    assert receiver.find(KEY, request) is None
    receiver.deliver(KEY, request)
    assert receiver.find(KEY, request) is not None


def test_interrupted_it_leaves_no_part_of_a_file_under_its_name(
    receiver: FolderReceiver, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TryAgainError, match="cannot be written"):
            receiver.deliver(KEY, asked(receiver, plan))
    assert not [path for path in receiver.folder.rglob("*") if path.is_file()]
    receiver.deliver(KEY, asked(receiver, plan))
    assert receiver.find(KEY, asked(receiver, plan)) is not None


def test_a_plan_that_is_not_there_is_left_to_a_person(receiver: FolderReceiver) -> None:
    with pytest.raises(CannotTellError, match="cannot be read"):
        receiver.deliver(KEY, {"plan": "sha256:" + "0" * 64, "version": "x"})
    with pytest.raises(CannotTellError, match="cannot be read"):
        receiver.find(KEY, {"plan": receiver.store.put(b"no plan"), "version": "x"})
