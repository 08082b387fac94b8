from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from samdrift_platform.objects import ObjectStore
from samdrift_testing.case_systems import CaseSystem
from samdrift_testing.post_office import Office, opened


@pytest.fixture
def case_system(tmp_path: Path) -> Iterator[Callable[..., CaseSystem]]:
    """Starts a case system with the given faults; it is killed at the end."""
    started: list[CaseSystem] = []

    def start(faults: str = "", *options: str) -> CaseSystem:
        one = CaseSystem(tmp_path / f"case-system{len(started)}", faults, *options)
        started.append(one)
        one.start()
        return one

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    return ObjectStore((tmp_path / "objects").as_uri())


@pytest.fixture(scope="session")
def memo() -> Path:
    """The official MeMo schemas and samples; tests are skipped without them."""
    folder = Path(os.environ.get("SAMDRIFT_DATA", "")) / "rpa" / "memo"
    if not os.environ.get("SAMDRIFT_DATA") or not (folder / "samples-1.2").is_dir():
        pytest.skip(f"needs {folder / 'samples-1.2'}: set SAMDRIFT_DATA to the folder that holds rpa/")
    return folder


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "home") as office:
        yield office
