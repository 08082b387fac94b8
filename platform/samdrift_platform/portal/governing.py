"""The portal's forms: what people do with models, workloads and alarms. Each stands in the table of permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from samdrift_platform.control.acts import TheOffice
from samdrift_platform.control.dependencies import TheWorkloads, Version, hosted
from samdrift_platform.control.permissions import permitted
from samdrift_platform.errors import InputError, SamdriftError
from samdrift_platform.governance import Governance
from samdrift_platform.portal.inspecting import alarms_page
from samdrift_platform.portal.models import model_page, version_page
from samdrift_platform.portal.pages import SignedIn
from samdrift_platform.portal.shell import Shell
from samdrift_registry.approvals import Evidence
from samdrift_registry.deployments import Slot
from samdrift_registry.people import Role
from samdrift_registry.statements import Statement

router = APIRouter(include_in_schema=False, dependencies=[Depends(permitted)])

Reason = Annotated[str, Form(max_length=1000)]
Text = Annotated[str, Form(max_length=1000)]
#: Prefix of the fields of a declaration.
_FACT = "fact-"


async def _facts(request: Request) -> dict[str, str]:
    """The facts that the form's fields hold."""
    sent = await request.form()
    return {field.removeprefix(_FACT): str(text) for field, text in sent.items() if field.startswith(_FACT)}


@router.post("/models/{name}/{version}/declare")
def declare(
    shell: SignedIn, name: str, version: Version, office: TheOffice, facts: Annotated[dict[str, str], Depends(_facts)]
) -> Response:
    """State the facts of the form."""
    return _version_act(
        shell,
        name,
        version,
        "declared",
        lambda: office.governance.declare(name, version, facts, actor=office.by, now=office.now),
    )


@router.post("/models/{name}/{version}/approve")
def approve(
    shell: SignedIn,
    name: str,
    version: Version,
    office: TheOffice,
    role: Annotated[Role, Form()],
    digest: Text,
    report: Text,
    declaration: Text,
    typed: Text = "",
    note: Text = "",
) -> Response:
    """Approve what the page showed, once the version's name was typed."""

    def act() -> None:
        if typed.split() != [name, str(version)]:
            raise InputError(f"Type {name} {version} to approve it. Nothing was approved.", field="typed")
        seen = Evidence(digest=digest, report=report, declaration=declaration)
        office.governance.approve(name, version, role, seen, note=note, actor=office.by, now=office.now)

    return _version_act(shell, name, version, "approved", act)


def _with_reason(done: str, act: Callable[..., Statement]) -> Callable[..., Response]:
    """The form of an act of governance that takes a version and a reason."""

    def form(shell: SignedIn, name: str, version: Version, office: TheOffice, reason: Reason = "") -> Response:
        return _version_act(
            shell,
            name,
            version,
            done,
            lambda: act(office.governance, name, version, reason, actor=office.by, now=office.now),
        )

    return form


for _path, _made, _act in (
    ("withdraw", "withdrawn", Governance.withdraw),
    ("shadow", "shadow", Governance.shadow),
    ("promote", "promoted", Governance.promote),
    ("retire", "retired", Governance.retire),
):
    router.post(f"/models/{{name}}/{{version}}/{_path}", name=_path)(_with_reason(_made, _act))


@router.post("/models/{name}/{version}/canary")
def canary(
    shell: SignedIn,
    name: str,
    version: Version,
    office: TheOffice,
    reason: Reason = "",
    share: Annotated[float, Form()] = 10,
) -> Response:
    """Have the version answer for a share of the items, in percent."""
    return _version_act(
        shell,
        name,
        version,
        "canary",
        lambda: office.governance.canary(name, version, share / 100, reason, actor=office.by, now=office.now),
    )


@router.post("/models/{name}/rollback")
def roll_back(
    shell: SignedIn, name: str, office: TheOffice, to: Annotated[int, Form(ge=1)], reason: Reason = ""
) -> Response:
    """Have an earlier champion serve again."""
    return _done(
        lambda: office.governance.rollback(name, reason, to=to, actor=office.by, now=office.now),
        to=f"{_at(name, to)}?{urlencode({'done': 'promoted'})}",
        otherwise=lambda error: model_page(shell, name, trouble=error.message, status=error.status),
    )


@router.post("/models/{name}/clear")
def clear(
    shell: SignedIn,
    name: str,
    office: TheOffice,
    slot: Annotated[Slot, Form()],
    version: Annotated[int, Form(ge=1)],
    reason: Reason = "",
) -> Response:
    """End a shadow or a canary; `version` is the one whose page asks."""
    return _version_act(
        shell,
        name,
        version,
        "cleared",
        lambda: office.governance.clear(name, slot, reason, actor=office.by, now=office.now),
    )


@router.post("/workloads/{name}/stop")
def stop(name: str, workloads: TheWorkloads, office: TheOffice, reason: Reason = "") -> Response:
    """The kill switch."""
    hosted(workloads, name)
    office.governance.stop(name, reason, actor=office.by, now=office.now)
    return RedirectResponse("/", status_code=303)


@router.post("/workloads/{name}/resume")
def resume(name: str, workloads: TheWorkloads, office: TheOffice, reason: Reason = "") -> Response:
    """Let the workload work with its models again."""
    hosted(workloads, name)
    office.governance.resume(name, reason, actor=office.by, now=office.now)
    return RedirectResponse("/", status_code=303)


@router.post("/alarms/{alarm_id}/settle")
def settle(shell: SignedIn, alarm_id: str, office: TheOffice, decision: Text = "", reason: Reason = "") -> Response:
    """Say what was found when looking at an alarm."""
    return _done(
        lambda: office.governance.settle(alarm_id, decision, reason, actor=office.by, now=office.now),
        to="/alarms?done=settled",
        otherwise=lambda error: alarms_page(shell, trouble=error.message, status=error.status),
    )


def _version_act(shell: Shell, name: str, version: int, done: str, act: Callable[[], object]) -> Response:
    return _done(
        act,
        to=f"{_at(name, version)}?{urlencode({'done': done})}",
        otherwise=lambda error: version_page(shell, name, version, trouble=error.message, status=error.status),
    )


def _done(act: Callable[[], object], *, to: str, otherwise: Callable[[SamdriftError], Response]) -> Response:
    """Act and go on to a page (so that reloading it does not act again), or show why not on the page that asked."""
    try:
        act()
    except SamdriftError as error:
        if error.status == 404:
            raise
        return otherwise(error)
    return RedirectResponse(to, status_code=303)


def _at(name: str, version: int) -> str:
    return f"/models/{quote(name)}/{version}"
