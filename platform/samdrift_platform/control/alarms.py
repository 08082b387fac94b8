"""Alarms: what a person must look at, and what was found when somebody did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.acts import ReasonBody, refusing
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheGovernance
from samdrift_platform.control.version_answers import DIGEST
from samdrift_platform.governance import Alarm

router = APIRouter(tags=["alarms"])

_EXAMPLE: dict[str, Any] = {
    "id": DIGEST,
    "subject": "model:heat-forecast/3",
    "code": "drift",
    "reason": "The scores of the last week are distributed differently.",
    "figures": {"psi": 0.31},
    "raised_at": "2026-11-24T06:00:00Z",
    "raised_by": "watch",
    "settled": None,
}
_SETTLED: dict[str, Any] = {
    "decision": "nothing to do",
    "reason": "The school was closed.",
    "by": "karen",
    "at": "2026-11-24T08:00:00Z",
}


class SettledAnswer(Answer):
    """What was found when somebody looked."""

    model_config = example(**_SETTLED)

    decision: str
    reason: str
    by: str
    at: datetime


class AlarmAnswer(Answer):
    """Something that a person must look at, or has looked at."""

    model_config = example(**_EXAMPLE)

    #: Of the signed statement.
    id: str
    subject: str
    code: str
    reason: str
    figures: dict[str, Any]
    raised_at: datetime
    raised_by: str
    #: Null: it is open.
    settled: SettledAnswer | None = None

    @classmethod
    def of(cls, alarm: Alarm) -> AlarmAnswer:
        """From the fold over all alarms."""
        values = {name: getattr(alarm, name) for name in cls.model_fields if name != "settled"}
        return cls(**values, settled=_settled(alarm))


class AlarmList(Answer):
    """Alarms, the newest first."""

    alarms: list[AlarmAnswer]


class SettlingBody(ReasonBody):
    """What was decided, in a few words, and why."""

    decision: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


@router.get("/alarms")
def list_alarms(governance: TheGovernance, open_only: bool = False) -> AlarmList:
    """Alarms, the newest first; with `open_only` those that nobody has settled."""
    found = [alarm for alarm in governance.alarms() if not (open_only and alarm.settled)]
    return AlarmList(alarms=[AlarmAnswer.of(alarm) for alarm in found])


@router.post(
    "/alarms/{alarm_id}/settle",
    openapi_extra=SettlingBody.described({"decision": "nothing to do", "reason": "It was closed."}),
)
def settle(alarm_id: str, body: Body, user: SignedIn, governance: TheGovernance) -> AlarmAnswer:
    """Say what was found and decided. The alarm and the answer to it stay in the journal."""
    sent = SettlingBody.read(body)
    with refusing():
        governance.settle(alarm_id, sent.decision, sent.reason, actor=user.subject, now=datetime.now(UTC))
    return AlarmAnswer.of(next(alarm for alarm in governance.alarms() if alarm.id == alarm_id))


def _settled(alarm: Alarm) -> SettledAnswer | None:
    if alarm.settled is None:
        return None
    facts = alarm.settled.facts
    return SettledAnswer(
        decision=facts["decision"], reason=facts["reason"], by=alarm.settled.made_by, at=alarm.settled.made_at
    )
