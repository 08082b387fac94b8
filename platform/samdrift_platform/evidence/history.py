"""Who did what with a model, and what was serving between which instants: a fold over its statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from samdrift_platform.evidence.sentences import told
from samdrift_platform.governance.journal import GOVERNING, load
from samdrift_registry import deployments
from samdrift_registry.deployments import Slot, deployment_of, subject_of
from samdrift_registry.errors import VersionUnknownError
from samdrift_registry.statements import Kind, Statement


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act."""

    at: datetime
    #: Sign-in subject, or "registry", "evaluator", "watch".
    who: str
    what: Kind
    #: "model:mammography-triage/3", "workload:mammography"
    subject: str
    #: None: it was about a workload.
    version: int | None
    #: What was said in addition, one line for a person: the slot, the reason, what the gate found.
    told: str
    #: Id of the statement.
    statement: str


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A version in a slot from one instant to another."""

    slot: Slot
    version: int
    digest: str
    #: Share of the items that it answered for, 0 to 1.
    share: float
    since: datetime
    #: None: it serves there now.
    until: datetime | None
    #: Who deployed it and why, and the statement that says so.
    by: str
    reason: str
    statement: str


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A workload in its safe state: whatever was deployed decided nothing meanwhile."""

    workload: str
    since: datetime
    until: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class History:
    """All of a registered model."""

    model: str
    #: Oldest first.
    entries: tuple[Entry, ...]
    #: By beginning.
    serving: tuple[Interval, ...]
    #: Of the workloads that were asked about.
    pauses: tuple[Pause, ...]

    def serving_at(self, moment: datetime) -> tuple[Interval, ...]:
        """What was in which slot at that instant."""
        return tuple(each for each in self.serving if each.since <= moment and not _over(each.until, moment))


def history(connection: sa.Connection, home: Path, name: str, *, workloads: Sequence[str] = ()) -> History:
    """The history of the registered model `name`, every signature checked.

    Args:
        connection: one consistent view (`Ledger.read`).
        home: with the trusted keys.
        name: registered name.
        workloads: those that use the model; their stops belong to its history.

    Raises:
        VersionUnknownError: nothing was ever stated about it (404).
        VerificationError: the journal was tampered with.
    """
    statements = [signed.statement for signed in load(connection, home / "keys", GOVERNING)]
    about = [each for each in statements if _is_about(each, name, workloads)]
    if not any(each.subject.startswith("model:") for each in about):
        raise VersionUnknownError.about(name)
    return History(
        model=name,
        entries=tuple(map(_entry, about)),
        serving=tuple(intervals(statements, name)),
        pauses=tuple(pauses(about, workloads)),
    )


def intervals(statements: Iterable[Statement], name: str) -> list[Interval]:
    """What served in which slot of a model, by beginning. Raises BrokenSequenceError as `deployments.history` does."""
    found: list[Interval] = []
    open_: dict[Slot, int] = {}
    for statement, model, slot in deployments.history(statements):
        if model != name:
            continue
        if slot in open_:
            before = open_.pop(slot)
            found[before] = replace(found[before], until=statement.made_at)
        if statement.kind is Kind.DEPLOYED:
            open_[slot] = len(found)
            found.append(_interval(statement))
    return found


def pauses(statements: Iterable[Statement], workloads: Sequence[str]) -> Iterator[Pause]:
    """The stops of these workloads: those that are over first, then those that last."""
    running: dict[str, Pause] = {}
    for statement in statements:
        kind, _, workload = statement.subject.partition(":")
        if kind != "workload" or workload not in workloads:
            continue
        if statement.kind is Kind.RESUMED and workload in running:
            yield replace(running.pop(workload), until=statement.made_at)
        elif statement.kind is Kind.STOPPED and workload not in running:
            by, reason = statement.made_by, str(statement.facts["reason"])
            running[workload] = Pause(workload=workload, since=statement.made_at, until=None, by=by, reason=reason)
    yield from running.values()


def _interval(statement: Statement) -> Interval:
    deployment = deployment_of(statement)
    return Interval(
        slot=deployment.slot,
        version=deployment.version,
        digest=deployment.digest,
        share=deployment.share,
        since=deployment.made_at,
        until=None,
        by=deployment.made_by,
        reason=deployment.reason,
        statement=deployment.statement,
    )


def _is_about(statement: Statement, name: str, workloads: Sequence[str]) -> bool:
    kind, _, rest = statement.subject.partition(":")
    return (kind == "model" and rest.rpartition("/")[0] == name) or (kind == "workload" and rest in workloads)


def _entry(statement: Statement) -> Entry:
    of_model = statement.subject.startswith("model:")
    return Entry(
        at=statement.made_at,
        who=statement.made_by,
        what=statement.kind,
        subject=statement.subject,
        version=subject_of(statement.subject)[1] if of_model else None,
        told=told(statement),
        statement=statement.id,
    )


def _over(until: datetime | None, moment: datetime) -> bool:
    return until is not None and until <= moment
