"""Gate policies: which are in force, and how a new version of one comes into force."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.acts import refusing
from samdrift_platform.control.answers import Answer
from samdrift_platform.control.dependencies import Body, TheGovernance
from samdrift_platform.control.version_answers import RulesAnswer

router = APIRouter(tags=["policies"])

_FILE: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}
}


class PolicyList(Answer):
    """The policies in force, by name."""

    policies: list[RulesAnswer]


@router.get("/policies")
def list_policies(governance: TheGovernance) -> PolicyList:
    """What each policy in force asks of people; its rules about figures stand in its file."""
    policies = governance.policies()
    return PolicyList(policies=[RulesAnswer.of(policies[name]) for name in sorted(policies)])


@router.post("/policies", openapi_extra=_FILE)
def adopt(body: Body, user: SignedIn, governance: TheGovernance) -> RulesAnswer:
    """Put a policy file (YAML) in force in place of earlier versions of its name; versions are evaluated again."""
    with refusing():
        adopted = governance.adopt(body, actor=user.subject, now=datetime.now(UTC))
    name = adopted.subject.removeprefix("policy:").rpartition("/")[0]
    return RulesAnswer.of(governance.policies()[name])
