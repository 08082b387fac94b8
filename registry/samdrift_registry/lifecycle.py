"""The state of a version: a fold over statements, with the rules of every transition.

Nothing here is stored. Whoever has the statements has the states, at any moment in the past too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from samdrift_registry.approvals import Approval, Evidence
from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.people import Person as Person
from samdrift_registry.people import people as people
from samdrift_registry.statements import Statement


class State(StrEnum):
    """How far a version has come."""

    #: It has a signed manifest; no evaluation under the policy in force has passed yet.
    DRAFT = "draft"
    #: The gate let it through.
    EVALUATED = "evaluated"
    #: The people whom the policy asks for have approved it, and every required fact is declared.
    APPROVED = "approved"
    SHADOW = "shadow"
    CANARY = "canary"
    CHAMPION = "champion"
    RETIRED = "retired"
    #: It could not be taken in, or the gate stopped it. The reasons stand in `Standing.blocked`.
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a version stands, and what keeps it from going on."""

    name: str
    version: int
    #: Of the signed manifest; None when the version was refused before it had one.
    digest: str | None
    state: State
    #: When it came into this state.
    since: datetime
    #: MLflow's user name; None: unknown.
    registered_by: str | None
    run_id: str | None
    #: The newest `evaluated`, whatever came of it.
    evaluated: Statement | None
    #: The newest `declared`.
    declaration: Statement | None
    #: Those that count now, one a person.
    approvals: tuple[Approval, ...]
    #: Why it cannot be deployed now, sentences for a person; empty: it can.
    blocked: tuple[str, ...]
    #: What a person should know though it keeps nothing from happening (a champion under an older policy).
    notes: tuple[str, ...] = ()
    #: Where it serves now.
    slots: Mapping[Slot, Deployment] = field(default_factory=dict)

    @property
    def evidence(self) -> Evidence | None:
        """What a new approval is bound to; None while something of it is missing."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A workload is in its safe state."""

    reason: str
    by: str
    since: datetime


def standing(statements: Sequence[Statement], name: str, version: int, now: datetime) -> Standing:
    """Where a version stands at `now`; statements made later do not count.

    Args:
        statements: at least all about this version, all `adopted` and all `appointed`, in the ledger's order;
            and all `deployed` and `cleared` of the model.
        name: registered name.
        version: MLflow's version number.
        now: aware, UTC.

    Raises:
        VersionUnknownError: nothing was stated about it.
        BrokenSequenceError: the deployments have a gap.
    """
    raise NotImplementedError


def stopped(statements: Sequence[Statement]) -> Mapping[str, Stop]:
    """Workload -> its stop, of those that are stopped."""
    raise NotImplementedError
