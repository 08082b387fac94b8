"""Plans as files for a building-management system: a folder per building, each file whole or not there."""

from __future__ import annotations

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
from samdrift_platform.file_share import write_whole


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
                write_whole(self.folder / plan.building.id / name, data)
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


def _answer(plan: Plan) -> JsonObject:
    return {"files": [f"{plan.building.id}/{file_name(plan, suffix)}" for suffix in KINDS]}
