"""Pages of applications for driving licences: what waits for a decision, what went back, what was entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.paging import PAGE, Offset, around
from samdrift_platform.portal.shell import Shell
from samdrift_rpa.driving_licence.checks import NOTABLE, Code, says
from samdrift_rpa.driving_licence.completeness import LABELS, Missing
from samdrift_rpa.driving_licence.process import DECISIONS, ENTER, GROUNDS
from samdrift_rpa.pages.asking import SignedIn
from samdrift_rpa.pages.evidence import shown_of

#: The process, by its name.
LANE = "driving_licence"
WAITING = (ItemState.WAITING_FOR_PERSON,)
NOT_ENTERED = (ItemState.REJECTED, ItemState.FAILED)
ENTERED = (ItemState.DONE,)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One application as pages show it, in the reader's language."""

    item: WorkItem
    #: The intake's own; empty where the document cannot be read.
    number: str
    category: str
    #: What the rules say, and whether a person should look at it twice.
    checks: Sequence[tuple[str, bool]]
    missing: Sequence[str]
    #: Fields of a document that is no application; empty: it is one.
    unreadable: str
    #: What a person decided; empty: nobody has.
    decision: str
    ground: str
    decided_by: Sequence[str]
    #: The register's own number of the case.
    case_number: str
    #: The effect that enters it, where one is planned.
    entry: EffectRow | None


def router() -> APIRouter:
    """The pages `/rpa/driving_licence` and below."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    pages.add_api_route("/driving_licence", index)
    pages.add_api_route("/driving_licence/{item_id}", application)
    return pages


def index(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """What waits for a person first."""
    waiting, not_entered, entered = (
        [row_of(shell, item) for item in shell.items(states, PAGE, offset, lane=LANE)]
        for states in (WAITING, NOT_ENTERED, ENTERED)
    )
    more = PAGE in (len(waiting), len(not_entered), len(entered))
    return shell.page(
        "rpa/driving_licences.html",
        waiting=waiting,
        not_entered=not_entered,
        entered=entered,
        **around(offset, more=more),
    )


def application(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One application: what the rules say, what was decided, what was entered, and what is kept of that."""
    item = shell.item(item_id)
    return shell.page("rpa/driving_licence.html", row=row_of(shell, item), **shown_of(shell, item_id))


def row_of(shell: Shell, item: WorkItem) -> Row:
    """What pages show of `item`."""
    result, language = item.result, shell.language
    effects = {effect.step: effect for effect in shell.reading.effects(item.id)}
    entry = effects.get(ENTER)
    return Row(
        item=item,
        number=str(result.get("application_number") or ""),
        category=str(result.get("category") or ""),
        checks=[(says(Code(code))[language], Code(code) in NOTABLE) for code in result.get("checks", ())],
        missing=[LABELS[Missing(code)][language] for code in result.get("missing", ())],
        unreadable=str((result.get("exception") or {}).get("values", {}).get("fields", "")),
        decision=_label(DECISIONS, result.get("decision"), language),
        ground=_label(GROUNDS, result.get("ground"), language),
        decided_by=[str(each) for each in result.get("decided_by", ())],
        case_number=str((entry.answer or {}).get("case_number", "")) if entry else "",
        entry=entry,
    )


def _label(labels: Mapping[str, Mapping[str, str]], code: Any, language: str) -> str:
    return labels[str(code)][language] if code else ""
