"""What people do with a version: declare, approve, deploy, roll back, retire. Governance holds each to its rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.dependencies import Body, TheGovernance, TheLedger, Version
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.control.models import detail_of
from samdrift_platform.control.version_answers import DIGEST, ModelVersionDetail
from samdrift_platform.errors import ConflictError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.database import Ledger
from samdrift_registry.approvals import Evidence
from samdrift_registry.deployments import Slot, subject_of
from samdrift_registry.errors import VerificationError
from samdrift_registry.people import Role
from samdrift_registry.statements import Statement

router = APIRouter(tags=["models"])

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
#: Stands in the signed statement for good. No personal data.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Fact = Annotated[str, StringConstraints(max_length=4000)]
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class ReasonBody(JsonBody):
    """Why: it stands in the journal."""

    reason: Reason


class FactsBody(JsonBody):
    """Facts by name. Those that are not named stay as they were; an empty one goes."""

    facts: Annotated[dict[FactName, Fact], Field(min_length=1, max_length=50)]


class ApprovalBody(JsonBody):
    """What was looked at, and the role in which it is approved."""

    role: Role
    #: Of the version's files, the report and the declaration, as `evidence` of the version names them.
    digest: Digest
    report: Digest
    declaration: Digest
    #: For whoever reads the approval later.
    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class CanaryBody(ReasonBody):
    """The share of the items that the version is to answer for."""

    share: Annotated[float, Field(gt=0, lt=1)]


class RollbackBody(ReasonBody):
    """The earlier champion to go back to; null: the last one before the present one."""

    to: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None


class ClearBody(ReasonBody):
    """The slot that is to serve nothing: `shadow` or `canary`."""

    slot: Slot


@dataclass(frozen=True)
class Office:
    """Where acts are done, and how each is answered."""

    governance: Governance
    ledger: Ledger
    user: SignedIn
    now: datetime

    @property
    def by(self) -> str:
        """Who acts."""
        return self.user.subject

    def answer(self, statement: Statement) -> ModelVersionDetail:
        """Where the version stands now that `statement` was made."""
        return detail_of(self.governance, self.ledger, *subject_of(statement.subject))


def _office(governance: TheGovernance, ledger: TheLedger, user: SignedIn) -> Office:
    return Office(governance, ledger, user, datetime.now(UTC))


TheOffice = Annotated[Office, Depends(_office)]


@contextmanager
def refusing() -> Iterator[None]:
    """What is not as it was signed is a conflict to whoever wanted to build on it (409), not a fault of ours (500)."""
    try:
        yield
    except VerificationError as error:
        raise ConflictError(error.message) from error


_REASON = ReasonBody.described({"reason": "Better on cold days."})
_AT = "/models/{name}/versions/{version}"


@router.post(f"{_AT}/declare", openapi_extra=FactsBody.described({"facts": {"purpose": "plans heating"}}))
def declare(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """State the legal basis, the purpose, the intended use and so on. Approvals given before no longer count."""
    sent = FactsBody.read(body)
    with refusing():
        return office.answer(office.governance.declare(name, version, sent.facts, actor=office.by, now=office.now))


@router.post(
    f"{_AT}/approve",
    openapi_extra=ApprovalBody.described(
        {"role": "technical", "digest": DIGEST, "report": DIGEST, "declaration": DIGEST}
    ),
)
def approve(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Approve in one of your roles exactly what you have looked at. Nobody approves what they registered."""
    sent = ApprovalBody.read(body)
    seen = Evidence(digest=sent.digest, report=sent.report, declaration=sent.declaration)
    with refusing():
        made = office.governance.approve(
            name, version, sent.role, seen, note=sent.note, actor=office.by, now=office.now
        )
        return office.answer(made)


@router.post(f"{_AT}/withdraw", openapi_extra=ReasonBody.described({"reason": "The films were all of one site."}))
def withdraw(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Take back your own approval. What serves goes on serving until it is rolled back or stopped."""
    reason = ReasonBody.read(body).reason
    with refusing():
        return office.answer(office.governance.withdraw(name, version, reason, actor=office.by, now=office.now))


@router.post(f"{_AT}/shadow", openapi_extra=_REASON)
def shadow(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Compare an approved version with the champion on every item; nobody is answered by it."""
    reason = ReasonBody.read(body).reason
    with refusing():
        return office.answer(office.governance.shadow(name, version, reason, actor=office.by, now=office.now))


@router.post(f"{_AT}/canary", openapi_extra=CanaryBody.described({"share": 0.1, "reason": "A first week."}))
def canary(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Have an approved version answer for a share of the items."""
    sent = CanaryBody.read(body)
    with refusing():
        made = office.governance.canary(name, version, sent.share, sent.reason, actor=office.by, now=office.now)
        return office.answer(made)


@router.post(f"{_AT}/promote", openapi_extra=_REASON)
def promote(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Have an approved version answer for all items, within seconds. Its files are verified first."""
    reason = ReasonBody.read(body).reason
    with refusing():
        return office.answer(office.governance.promote(name, version, reason, actor=office.by, now=office.now))


@router.post(f"{_AT}/retire", openapi_extra=_REASON)
def retire(name: str, version: Version, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Never let this version serve again. A champion must be replaced first."""
    reason = ReasonBody.read(body).reason
    with refusing():
        return office.answer(office.governance.retire(name, version, reason, actor=office.by, now=office.now))


@router.post("/models/{name}/rollback", openapi_extra=RollbackBody.described({"reason": "Recalls doubled."}))
def roll_back(name: str, body: Body, office: TheOffice) -> ModelVersionDetail:
    """Have an earlier champion serve again, on the evidence that it had then; the answer is about that version."""
    sent = RollbackBody.read(body)
    with refusing():
        made = office.governance.rollback(name, sent.reason, to=sent.to, actor=office.by, now=office.now)
        return office.answer(made)


@router.post("/models/{name}/clear", openapi_extra=ClearBody.described({"slot": "shadow", "reason": "Seen enough."}))
def clear(name: str, body: Body, office: TheOffice) -> ModelVersionDetail:
    """End a shadow or a canary."""
    sent = ClearBody.read(body)
    with refusing():
        return office.answer(office.governance.clear(name, sent.slot, sent.reason, actor=office.by, now=office.now))
