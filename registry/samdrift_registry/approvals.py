"""Approvals: what they are bound to, which of them count, and what a policy asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samdrift_registry.people import Role


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an approval is bound to: these files, this report, this declaration, and no other."""

    #: Of the signed manifest.
    digest: str
    #: Of the report's JSON.
    report: str
    #: Id of the statement `declared`.
    declaration: str


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's approval that counts."""

    person: str
    role: Role
    #: Digest of the report that was read.
    report: str
    #: Id of the statement `declared` that was read.
    declaration: str
    made_at: datetime
    expires_at: datetime
    #: Id of the statement `approved`.
    id: str
