"""Plans as files for a building-management system: a folder per building, each file whole or not there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from samdrift_energy_forecast.delivery.kept_plan import kept_plan
from samdrift_energy_forecast.delivery.message import file_name
from samdrift_energy_forecast.exports import KINDS
from samdrift_energy_forecast.plans.document import Plan
from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import TryAgainError


@dataclass(frozen=True, kw_only=True)
class FolderReceiver:
    """Writes every kind of file; the names hold the plan's version, so that writing again changes nothing."""

    folder: Path
    store: Store

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Write what is not there yet; the names of the files, below the folder."""
        plan = self._plan(request)
        try:
            for name, data in _files(plan).items():
                _write(self.folder / plan.building.id / name, data)
        except OSError as error:
            raise TryAgainError(f"The folder of plans cannot be written ({type(error).__name__}).") from error
        return _answer(plan)

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """The same answer when every file is there as it was written; None otherwise."""
        plan = self._plan(request)
        try:
            paths = {self.folder / plan.building.id / name: data for name, data in _files(plan).items()}
            whole = all(path.is_file() and path.read_bytes() == data for path, data in paths.items())
        except OSError as error:
            raise TryAgainError(f"The folder of plans cannot be read ({type(error).__name__}).") from error
        return _answer(plan) if whole else None

    def _plan(self, request: Mapping[str, Any]) -> Plan:
        return kept_plan(self.store, request["plan"])


def _files(plan: Plan) -> dict[str, bytes]:
    return {file_name(plan, suffix): kind.render(plan, plan.building.language) for suffix, kind in KINDS.items()}


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also when the machine stops: readers never see a part of a file under its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)  # the building-management system is another user
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _make_durable(path.parent)


def _make_durable(folder: Path) -> None:
    """Write the folder's own entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _answer(plan: Plan) -> JsonObject:
    return {"files": [f"{plan.building.id}/{file_name(plan, suffix)}" for suffix in KINDS]}
