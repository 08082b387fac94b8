"""What a workload adds to `samdrift demo`: real input, the parties it talks to, and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samdrift_platform.client import Client


@dataclass(frozen=True, kw_only=True)
class ShippedModel:
    """A model that comes inside the package: logged with the plain MLflow client when it is not there yet."""

    #: Registered model name.
    name: str
    #: Folder with the model's files (safetensors, `model.json`, `card.md`).
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Service:
    """A loopback party that the demonstration needs, as a process of its own."""

    name: str
    #: The command, without a shell.
    argv: Sequence[str]
    #: Answers 200 when the service is up.
    ready_url: str
    #: What the platform's processes must find in their environment to reach the service.
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the summary: what was asked for, what happened, and whether that is as it should be."""

    #: "Exams on the reading worklist"
    what: str
    #: "2 of 2"
    value: str
    ok: bool
    #: Where to look, or how it was measured.
    note: str = ""


class Demonstration(Protocol):
    """One workload's part of the demonstration. Run twice on the same home it does nothing twice."""

    name: str

    def models(self) -> Iterable[ShippedModel]: ...
    def services(self, folder: Path) -> Iterable[Service]: ...  # `folder` survives a restart
    def submit(self, client: Client, folder: Path) -> Sequence[str]: ...  # submission ids
    def findings(self, client: Client, folder: Path) -> Iterable[Finding]: ...  # after all items have ended
