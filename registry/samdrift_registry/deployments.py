"""What serves: a fold over the statements `deployed` and `cleared`. No request resolves an alias."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from samdrift_registry.errors import BrokenSequenceError
from samdrift_registry.statements import Kind, Statement


class Slot(StrEnum):
    """How a version serves."""

    #: Its outcomes are the answers.
    CHAMPION = "champion"
    #: Its outcomes are the answers for a stated share of the items.
    CANARY = "canary"
    #: Its outcomes are compared with the champion's and never returned.
    SHADOW = "shadow"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A version in a slot."""

    model: str
    version: int
    #: Of the signed manifest.
    digest: str
    slot: Slot
    #: Share of the items that a canary answers for, 0 to 1; 1.0 for the other slots.
    share: float
    reason: str
    made_by: str
    made_at: datetime
    #: Id of the statement that says so.
    statement: str

    def __str__(self) -> str:
        """As it stands with every decision: `3@sha256:…`."""
        return f"{self.version}@{self.digest}"


def subject_of(subject: str) -> tuple[str, int]:
    """Name and version of a `model:NAME/VERSION` subject."""
    name, _, version = subject.removeprefix("model:").rpartition("/")
    return name, int(version)


def history(statements: Iterable[Statement]) -> list[tuple[Statement, str, Slot]]:
    """Deployments and clearings with model and slot, in order.

    Raises:
        BrokenSequenceError: one does not name the one before it as `previous`: a statement was taken out, or an old
            one put in again.
    """
    latest: dict[tuple[str, Slot], str | None] = {}
    found = []
    for statement in statements:
        if statement.kind not in (Kind.DEPLOYED, Kind.CLEARED):
            continue
        (name, _), slot = subject_of(statement.subject), Slot(statement.facts["slot"])
        if statement.facts["previous"] != latest.get((name, slot)):
            raise BrokenSequenceError.about(f"{name}, {slot}")
        latest[name, slot] = statement.id
        found.append((statement, name, slot))
    return found


def last_of(statements: Iterable[Statement], name: str, slot: Slot) -> str | None:
    """The id that the slot's next statement must name as `previous`."""
    told = [statement.id for statement, model, where in history(statements) if (model, where) == (name, slot)]
    return told[-1] if told else None


def current(statements: Iterable[Statement]) -> dict[tuple[str, Slot], Deployment]:
    """(model, slot) -> what serves there now. Raises as `history` does."""
    serving: dict[tuple[str, Slot], Deployment] = {}
    for statement, name, slot in history(statements):
        if statement.kind is Kind.CLEARED:
            serving.pop((name, slot), None)
        else:
            serving[name, slot] = deployment_of(statement)
    return serving


def deployment_of(statement: Statement) -> Deployment:
    """What a statement `deployed` says."""
    name, version = subject_of(statement.subject)
    return Deployment(
        model=name,
        version=version,
        digest=str(statement.digest),
        slot=Slot(statement.facts["slot"]),
        share=float(statement.facts["share"]),
        reason=str(statement.facts["reason"]),
        made_by=statement.made_by,
        made_at=statement.made_at,
        statement=statement.id,
    )
