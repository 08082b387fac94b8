"""The resources of one bundle: each under a name that stays the same, and referred to by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Grows as resources are added."""

    #: The exam's item: the same exam's resources have the same names every time.
    item_id: UUID
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, resource: Mapping[str, Any]) -> dict[str, str]:
        """Add `resource` as `name` ("observation/mark/1"); a reference to it."""
        self.entries.append({"fullUrl": self._url(name), "resource": dict(resource)})
        return {"reference": self._url(name), "type": str(resource["resourceType"])}

    def _url(self, name: str) -> str:
        return f"urn:uuid:{uuid5(self.item_id, name)}"
