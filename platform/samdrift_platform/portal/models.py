"""Pages about models: what there is, one version with its evidence, and what was serving when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from samdrift_platform.control.history import users_of
from samdrift_platform.control.kept_report import KeptReport, kept_report
from samdrift_platform.control.models import compared
from samdrift_platform.control.permissions import Appointments, Right
from samdrift_platform.evidence.history import history
from samdrift_platform.governance import Governance
from samdrift_platform.governance.permissions import Duty
from samdrift_platform.portal.pages import SignedIn
from samdrift_platform.portal.shell import Shell
from samdrift_registry.approvals import self_approval
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import VerificationError
from samdrift_registry.lifecycle import FACTS, TRANSITIONS, Act, Standing
from samdrift_registry.people import APPROVING, Person

if TYPE_CHECKING:
    from markupsafe import Markup

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]

#: How far a version has come, as a list of models shows it: what serves stands on top.
_ORDER = ("champion", "canary", "shadow", "approved", "evaluated", "draft", "refused", "retired")


@dataclass(frozen=True, kw_only=True)
class Offers:
    """What the reader may do with a version now, so that the page offers nothing that would be refused."""

    declare: bool
    #: Roles in which they can approve; empty: none, and `approve_not` says why where they have one.
    approve: tuple[str, ...]
    #: Why they cannot approve though they have a role for it, half a sentence.
    approve_not: str
    withdraw: bool
    #: "shadow", "canary", "promote"
    deploy: tuple[str, ...]
    #: "shadow", "canary": slots that they can end.
    clear: tuple[str, ...]
    retire: bool


@router.get("/models")
def models(shell: SignedIn) -> HTMLResponse:
    """All versions by model, what serves first."""
    by_model: dict[str, list[Standing]] = {}
    for stands in governance_of(shell).standings():
        by_model.setdefault(stands.name, []).append(stands)
    for versions in by_model.values():
        versions.sort(key=lambda stands: (_ORDER.index(stands.state), -stands.version))
    return shell.page("models.html", models=by_model)


@router.get("/models/{name}")
def model(shell: SignedIn, name: str) -> HTMLResponse:
    """A model's history: who did what, and what was serving between which instants."""
    return model_page(shell, name)


@router.get("/models/{name}/{version}")
def version(shell: SignedIn, name: str, version: Version, done: str = "") -> HTMLResponse:
    """One version: what the gate found, what is missing, who approved, and what can be done now."""
    return version_page(shell, name, version, done=done)


def model_page(shell: Shell, name: str, *, trouble: str = "", status: int = 200) -> HTMLResponse:
    """The history; `trouble`: why what was just asked was not done."""
    state = shell.request.app.state
    with state.ledger.read() as connection:
        told = history(connection, state.settings.home, name, workloads=users_of(shell.workloads.values(), name))
    earlier = sorted({served.version for served in told.serving if served.slot is Slot.CHAMPION and served.until})
    return shell.page(
        "model.html",
        status=status,
        history=told,
        versions=[stands for stands in governance_of(shell).standings() if stands.name == name],
        earlier=earlier if may(shell, Duty.ROLL_BACK) else [],
        trouble=trouble,
    )


def version_page(
    shell: Shell, name: str, version: int, *, done: str = "", trouble: str = "", status: int = 200
) -> HTMLResponse:
    """The version's page; `done`: what was just done, `trouble`: why what was just asked was not."""
    stands = governance_of(shell).standing(name, version)
    body, report_trouble = _report(shell, stands)
    return shell.page(
        "version.html",
        status=status,
        stands=stands,
        facts=_facts(stands),
        offers=_offers(shell, stands),
        agreement=compared(shell.request.app.state.ledger, name, version),
        report=body,
        report_trouble=report_trouble,
        done=done,
        trouble=trouble,
    )


def governance_of(shell: Shell) -> Governance:
    """The journal, as the control plane opened it."""
    found: Governance = shell.request.app.state.governance
    return found


def may(shell: Shell, need: Right | Duty) -> bool:
    """Whether the reader has the role for it."""
    return shell.user is not None and _appointments(shell).may(shell.user, need)


def person_of(shell: Shell) -> Person:
    """The reader with their roles and units."""
    return _appointments(shell).person(str(shell.user))


def _appointments(shell: Shell) -> Appointments:
    found: Appointments = shell.request.app.state.appointments
    return found


def _report(shell: Shell, stands: Standing) -> tuple[Markup | None, str]:
    """The report as a fragment, or what is wrong with it."""
    if stands.evaluated is None:
        return None, ""
    try:
        kept: KeptReport = kept_report(shell.request.app.state.settings.home, stands.evaluated)
    except VerificationError as error:
        return None, error.message
    return kept.body(shell.language, with_verdict=False), ""


def _facts(stands: Standing) -> list[tuple[str, str]]:
    """Name and text of every fact that is asked for or was declared."""
    declared: Mapping[str, Any] = stands.declaration.facts if stands.declaration else {}
    asked = stands.rules.required_facts if stands.rules else tuple(FACTS)
    return [(name, str(declared.get(name, ""))) for name in dict.fromkeys((*asked, *declared))]


def _offers(shell: Shell, stands: Standing) -> Offers:
    person = person_of(shell)
    approve, why_not = _approving(stands, person)
    possible = {act for act, states in TRANSITIONS.items() if stands.state in states}
    deployable = not stands.blocked and may(shell, Duty.DEPLOY)
    served = tuple(slot.value for slot in stands.slots if slot is not Slot.CHAMPION)
    return Offers(
        declare=Act.DECLARE in possible and stands.digest is not None and may(shell, Duty.DECLARE),
        approve=approve,
        approve_not=why_not,
        withdraw=any(approval.person == person.subject for approval in stands.approvals),
        deploy=tuple(str(act) for act in (Act.SHADOW, Act.CANARY, Act.PROMOTE) if deployable and act in possible),
        clear=served if may(shell, Duty.DEPLOY) else (),
        retire=Act.RETIRE in possible and may(shell, Duty.RETIRE),
    )


def _approving(stands: Standing, person: Person) -> tuple[tuple[str, ...], str]:
    """The roles in which `person` can approve now, and why they cannot although they have one."""
    roles = tuple(sorted(person.roles & APPROVING))
    if not roles or stands.evidence is None or stands.state not in TRANSITIONS[Act.APPROVE]:
        return (), ""
    if why := self_approval(person, stands.registered_by):
        return (), why
    if any(approval.person == person.subject for approval in stands.approvals):
        return (), ""
    return roles, ""
