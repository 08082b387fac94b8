"""Who may use which address: one table. A route that is not in it answers nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fastapi import Request

from samdrift_platform.control.access import SAFE_METHODS, SignedIn
from samdrift_platform.governance import Governance
from samdrift_platform.governance.permissions import ROLES as ROLES_OF_DUTIES
from samdrift_platform.governance.permissions import Duty
from samdrift_platform.ledger import statements
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.question import Deciders
from samdrift_registry.errors import NotAllowedError, VerificationError
from samdrift_registry.people import APPROVING, Person, Role


class Right(StrEnum):
    """What an address needs, beside the duties of governance."""

    #: Whoever is signed in: everything that changes nothing, and what nobody should have to look for a colleague for
    #: (the kill switch, taking back one's own approval).
    SIGNED_IN = "be signed in"
    #: Programs, and everybody but who is an auditor and nothing else: an auditor reads all and changes nothing.
    WORK = "bring work or change it"
    APPROVE = "approve a version"
    SIGN_OTHERS_IN = "sign somebody else in"


Need: TypeAlias = Right | Duty

_ROLES: Mapping[Right, frozenset[Role]] = {
    Right.WORK: frozenset(Role) - {Role.AUDITOR},
    Right.APPROVE: APPROVING,
    Right.SIGN_OTHERS_IN: frozenset({Role.OPERATOR}),
}


def roles_for(need: Need) -> frozenset[Role]:
    """The roles of which a person needs one; empty: none is needed."""
    return ROLES_OF_DUTIES[need] if isinstance(need, Duty) else _ROLES.get(need, frozenset())


_VERSION = "/v1/models/{name}/versions/{version}"
#: Method and address -> what it needs. Below /v1 the API; the rest are the portal's forms.
TABLE: Mapping[str, Need] = {
    "GET /v1/workloads": Right.SIGNED_IN,
    "GET /v1/workloads/{name}": Right.SIGNED_IN,
    "POST /v1/workloads/{name}/submissions": Right.WORK,
    "POST /v1/workloads/{name}/stop": Right.SIGNED_IN,
    "POST /v1/workloads/{name}/resume": Duty.RESUME,
    "GET /v1/workloads/{name}/lanes": Right.SIGNED_IN,
    "POST /v1/workloads/{name}/lanes/pause": Right.WORK,
    "POST /v1/workloads/{name}/lanes/resume": Right.WORK,
    "POST /v1/objects": Right.WORK,
    "GET /v1/objects/{reference}": Right.SIGNED_IN,
    "GET /v1/submissions": Right.SIGNED_IN,
    "GET /v1/submissions/{submission_id}": Right.SIGNED_IN,
    "GET /v1/submissions/{submission_id}/items": Right.SIGNED_IN,
    "POST /v1/submissions/{submission_id}/cancel": Right.WORK,
    "GET /v1/items": Right.SIGNED_IN,
    "GET /v1/items/{item_id}": Right.SIGNED_IN,
    "POST /v1/items/{item_id}/cancel": Right.WORK,
    "POST /v1/items/{item_id}/retry": Right.WORK,
    "POST /v1/items/{item_id}/truth": Right.WORK,
    "GET /v1/items/{item_id}/questions": Right.SIGNED_IN,
    "POST /v1/items/{item_id}/decisions": Duty.DECIDE,
    "GET /v1/inbox": Right.SIGNED_IN,
    "GET /v1/models": Right.SIGNED_IN,
    "GET /v1/models/{name}/history": Right.SIGNED_IN,
    "POST /v1/models/{name}/rollback": Duty.ROLL_BACK,
    "POST /v1/models/{name}/clear": Duty.DEPLOY,
    f"GET {_VERSION}": Right.SIGNED_IN,
    f"GET {_VERSION}/report": Right.SIGNED_IN,
    f"GET {_VERSION}/card": Right.SIGNED_IN,
    f"GET {_VERSION}/annex-iv": Right.SIGNED_IN,
    f"POST {_VERSION}/declare": Duty.DECLARE,
    f"POST {_VERSION}/approve": Right.APPROVE,
    f"POST {_VERSION}/withdraw": Right.SIGNED_IN,
    f"POST {_VERSION}/shadow": Duty.DEPLOY,
    f"POST {_VERSION}/canary": Duty.DEPLOY,
    f"POST {_VERSION}/promote": Duty.DEPLOY,
    f"POST {_VERSION}/retire": Duty.RETIRE,
    "GET /v1/policies": Right.SIGNED_IN,
    "POST /v1/policies": Duty.ADOPT,
    "GET /v1/people": Right.SIGNED_IN,
    "PUT /v1/people/{subject}": Duty.APPOINT,
    "GET /v1/alarms": Right.SIGNED_IN,
    "POST /v1/alarms/{alarm_id}/settle": Duty.SETTLE,
    "POST /v1/objections": Right.WORK,
    "POST /v1/objections/withdraw": Right.WORK,
    "GET /v1/objections": Right.SIGNED_IN,
    "GET /v1/objections/{subject}": Right.SIGNED_IN,
    "GET /v1/benefits": Right.SIGNED_IN,
    "GET /v1/audit": Right.SIGNED_IN,
    "GET /v1/audit/verification": Right.SIGNED_IN,
    "GET /v1/audit/records": Right.SIGNED_IN,
    "GET /v1/audit/items/{item_id}": Right.SIGNED_IN,
    "GET /v1/catalogue": Right.SIGNED_IN,
    "GET /v1/processes": Right.SIGNED_IN,
    "POST /v1/links": Right.SIGNED_IN,  # for somebody else: SIGN_OTHERS_IN
    "POST /v1/tokens": Right.SIGN_OTHERS_IN,
    "POST /models/{name}/rollback": Duty.ROLL_BACK,
    "POST /models/{name}/clear": Duty.DEPLOY,
    "POST /models/{name}/{version}/declare": Duty.DECLARE,
    "POST /models/{name}/{version}/approve": Right.APPROVE,
    "POST /models/{name}/{version}/withdraw": Right.SIGNED_IN,
    "POST /models/{name}/{version}/shadow": Duty.DEPLOY,
    "POST /models/{name}/{version}/canary": Duty.DEPLOY,
    "POST /models/{name}/{version}/promote": Duty.DEPLOY,
    "POST /models/{name}/{version}/retire": Duty.RETIRE,
    "POST /workloads/{name}/stop": Right.SIGNED_IN,
    "POST /workloads/{name}/resume": Duty.RESUME,
    "POST /alarms/{alarm_id}/settle": Duty.SETTLE,
    "POST /inbox/{item_id}": Duty.DECIDE,
}


@dataclass
class Appointments:
    """Who has which roles: folded anew when the journal has grown."""

    ledger: Ledger
    governance: Governance
    _read: tuple[int, Mapping[str, Person]] = field(default=(0, {}))

    def people(self) -> Mapping[str, Person]:
        """Sign-in subject -> person. VerificationError when the journal was tampered with."""
        with self.ledger.read() as connection:
            newest = statements.newest_seq(connection)
        if newest != self._read[0]:
            self._read = (newest, self.governance.people())
        return self._read[1]

    def person(self, subject: str) -> Person:
        """The person who signs in as `subject`; one without roles where nobody appointed them."""
        return self.people().get(subject, Person(subject=subject))

    def may(self, subject: str, need: Need) -> bool:
        """Whether `subject` has what `need` asks for."""
        if need is Right.SIGNED_IN:
            return True
        if need is Right.WORK:
            return self._may_work(subject)
        return bool(self.person(subject).roles & roles_for(need))

    def audiences(self, subject: str, known: Collection[str]) -> list[str]:
        """Those of `known` (`Deciders.audience`) as which `subject` may decide; all for who only looks."""
        if not self.may(subject, Duty.DECIDE):
            return list(known)
        person = self.person(subject)
        return [each for each in known if Deciders.of_audience(each).include(person.roles, person.units)]

    def check(self, subject: str, need: Need) -> None:
        """Return when `subject` may; NotAllowedError names the roles that may."""
        if not self.may(subject, need):
            raise NotAllowedError(
                f"{subject} may not {need}: it takes the role {_either(roles_for(need))}. "
                "Somebody who has it must do this, or the operator must appoint you (`samdrift people appoint`)."
            )

    def _may_work(self, subject: str) -> bool:
        try:
            roles = self.person(subject).roles
        except VerificationError:
            return True  # work goes on in its safe ways while somebody finds out who edited the journal
        return not roles or bool(roles & roles_for(Right.WORK))


def permitted(request: Request, user: SignedIn) -> None:
    """Let the request through when its sender may use the address (a FastAPI dependency of every route in TABLE)."""
    prefix = "/v1" if request.url.path.startswith("/v1/") else ""
    address = f"{request.method} {prefix}{request.scope['route'].path}"
    if address not in TABLE:
        raise NotAllowedError(f"{address} stands in no table of permissions, so nobody may use it.")
    appointments: Appointments = request.app.state.appointments
    appointments.check(user.subject, TABLE[address])


def may_change(request: Request, user: SignedIn) -> None:
    """Hold every route that a workload brings to the platform's own rule: what changes something takes `Right.WORK`."""
    if request.method not in SAFE_METHODS:
        appointments: Appointments = request.app.state.appointments
        appointments.check(user.subject, Right.WORK)


def _either(roles: frozenset[Role]) -> str:
    return " or ".join(sorted(roles))
