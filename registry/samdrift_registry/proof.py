"""What a replica checks before it loads: the whole evidence of one deployment, signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from samdrift_registry.deployments import Deployment
from samdrift_registry.statements import SignedStatement
from samdrift_registry.verified import VerifiedModel


@dataclass(frozen=True)
class Proof:
    """The signed statements on which a deployment rests, as texts: it travels to a replica."""

    statements: tuple[str, ...]


def collect(signed: Sequence[SignedStatement], deployment: Deployment) -> Proof:
    """The part of the journal that `verified` needs for `deployment`; `signed` in the ledger's order."""
    raise NotImplementedError


def verified(home: Path, deployment: Deployment, proof: Proof, *, now: datetime) -> VerifiedModel:
    """The files of a deployed version, once everything about it has been checked, each time anew.

    Signatures of all statements; the deployment itself; at the moment of the deployment (of the first one, for a
    rollback) a passed evaluation under the policy in force, the facts it requires and the approvals it asks for; report
    and policy files by their digests; manifest, its signature and every file.

    Raises:
        NotProvenError: evidence is missing; the message names what.
        VerificationError: another child: something is not what was signed.
    """
    raise NotImplementedError
