"""A panel: the verified model versions that decide together, and the engine that a workload made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_platform.assignments import Served
from samdrift_platform.contract import Workload

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment
    from samdrift_registry.verified import VerifiedModel


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Loaded, and ready to decide."""

    decided_by: tuple[Deployment, ...]
    #: Name, version and digest of every model in it.
    content: frozenset[tuple[str, int, str]]
    engine: Any


def assemble(workload: Workload, served: Mapping[str, Served], home: Path, loaded: Mapping[object, Panel]) -> Panel:
    """Verify the evidence of each version anew, and load them, unless exactly these are loaded already.

    Args:
        workload: makes the engine.
        served: registered name -> version and evidence.
        home: where files, manifests, reports, policies and keys are.
        loaded: content -> panel: an engine that was verified and loaded before is used again.

    Raises:
        VerificationError: evidence is missing, or something is not what was signed.
    """
    models = {name: _verified(home, each) for name, each in served.items()}
    content = frozenset(each.content for each in served.values())
    engine = loaded[content].engine if content in loaded else workload.load(models)
    return Panel(decided_by=tuple(each.deployment for each in served.values()), content=content, engine=engine)


def _verified(home: Path, served: Served) -> VerifiedModel:
    from samdrift_registry import proof

    return proof.verified(home, served.deployment, served.proof, now=datetime.now(UTC))
