"""One plan that was made at one time, whether it still holds or not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Response
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.errors import PlanDocumentError
from samdrift_energy_forecast.pages import figures
from samdrift_energy_forecast.pages.asking import Now, SignedIn, language_of
from samdrift_energy_forecast.pages.plan_view import PlanView
from samdrift_energy_forecast.pages.sending import sent_of
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.plans.files import as_file
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.shell import Shell


def plan(shell: SignedIn, at: Now, item_id: UUID) -> HTMLResponse:
    """What was planned, and what became of it."""
    item = shell.item(item_id)
    made = made_plan(shell, item)
    view = None if made is None else PlanView(plan=made, language=language_of(shell), at=at)
    return shell.page(
        "energy_forecast/plan.html",
        item=item,
        view=view,
        sent=sent_of(shell, item_id),
        building=item.payload["building"],
        drawn=figures,
        moment=datetime.fromisoformat,
    )


def plan_file(shell: SignedIn, item_id: UUID, suffix: str) -> Response:
    """The plan as a file, as it was made."""
    made = made_plan(shell, shell.item(item_id))
    if made is None:
        raise NotFoundError("This plan has no files. It has them once it is made.")
    return as_file(made, suffix)


def made_plan(shell: Shell, item: WorkItem) -> Plan | None:
    """The plan of an item; None until it is made, or when it cannot be read."""
    reference = item.result.get("plan")
    return None if reference is None else readable_plan(shell, reference)


def readable_plan(shell: Shell, reference: str) -> Plan | None:
    """The stored plan; None when another version of the workload wrote it, which must not take the page away."""
    try:
        return Plan.from_json(shell.object(reference))
    except PlanDocumentError:
        return None
