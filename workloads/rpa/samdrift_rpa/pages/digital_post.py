"""Pages of Digital Post: what waits for a person, what was refused, and what became of each letter.

Nothing that a letter says stands on them: who may see a letter sees it in the case system, or in the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.formatting import noon
from samdrift_platform.portal.paging import PAGE, Offset, around
from samdrift_platform.portal.shell import Shell
from samdrift_rpa.digital_post.confidence import in_percent
from samdrift_rpa.digital_post.policy import PostPolicy, read_post_policy
from samdrift_rpa.digital_post.process import ASSIGNMENT, CASE, ENTRY, REPLY
from samdrift_rpa.digital_post.questions import UNREAD
from samdrift_rpa.digital_post.reading import Reading
from samdrift_rpa.messages import N_
from samdrift_rpa.pages.asking import SignedIn
from samdrift_rpa.sentence import Sentence
from samdrift_rpa.training.letters import subjects

#: The process, by its name.
LANE = "digital_post"
WAITING = (ItemState.WAITING_FOR_PERSON,)
REFUSED = (ItemState.REJECTED, ItemState.FAILED)
HANDLED = (ItemState.DONE,)


#: How a letter was sorted -> in words.
SORTED_BY: Mapping[str, str] = {
    "contact_point": N_("By the contact point"),
    "subject": N_("By its KLE subject"),
    "task": N_("By its FORM task"),
    "legal_notification": N_("A legal notification"),
    "person": N_("By a person"),
    "proposed": N_("By model and KLE's keywords, which agree"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One letter as pages show it, in the reader's language. What is not known is an empty text or None."""

    item: WorkItem
    #: The message's own UUID.
    message_uuid: str
    memo_version: str
    #: KLE number, with our own title of those that the model knows.
    subject: str
    #: The unit's name.
    unit: str
    #: Message id of `SORTED_BY`; empty: it was not sorted yet.
    sorted_by: str
    #: Noon in UTC of the day by which it must be answered.
    due: datetime | None
    legal_notification: bool
    files: int
    #: The case system's own numbers.
    case_number: str
    entry_id: str
    #: The effects by step, as far as they are planned.
    effects: Mapping[str, EffectRow]
    #: Why it was refused.
    reason: str
    #: (KLE number, how sure in per cent) of the model, the most probable first.
    guesses: Sequence[tuple[str, str]]
    #: KLE numbers of the tagger, the strongest first.
    tags: Sequence[str]
    #: Why nothing of the main document could be read; empty: some was, or nobody tried.
    unread: str

    @property
    def acknowledgement(self) -> EffectRow | None:
        """The effect that acknowledges it, where one is planned."""
        return self.effects.get(REPLY)


def router() -> APIRouter:
    """The pages `/rpa/digital_post` and below."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    pages.add_api_route("/digital_post", index)
    pages.add_api_route("/digital_post/{item_id}", letter)
    return pages


def index(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """What waits for a person first."""
    policy = read_post_policy()
    waiting, refused, handled = (
        [row_of(shell, item, policy) for item in shell.items(states, PAGE, offset, lane=LANE)]
        for states in (WAITING, REFUSED, HANDLED)
    )
    more = PAGE in (len(waiting), len(refused), len(handled))
    return shell.page(
        "rpa/letters.html",
        waiting=waiting,
        refused=refused,
        handled=handled,
        **around(offset, more=more),
    )


def letter(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One letter: how it was sorted, and what was done outside."""
    row = row_of(shell, shell.item(item_id), read_post_policy())
    outside = [(row.effects[step], _NAMES[step]) for step in _NAMES if step in row.effects]
    return shell.page("rpa/letter.html", row=row, outside=outside)


_NAMES: Mapping[str, str] = {
    CASE: N_("Case found or created"),
    ENTRY: N_("Journalised"),
    ASSIGNMENT: N_("Assigned"),
    REPLY: N_("Acknowledged"),
}


def row_of(shell: Shell, item: WorkItem, policy: PostPolicy) -> Row:
    """What pages show of `item`."""
    result = item.result
    facts, route = _mapping(result.get("letter")), _mapping(result.get("route"))
    proposals = _mapping(result.get("proposals"))
    effects = {effect.step: effect for effect in shell.reading.effects(item.id)}
    unit = policy.units.get(str(route.get("unit")), {})
    return Row(
        item=item,
        message_uuid=str(facts.get("message_uuid") or ""),
        memo_version=str(facts.get("memo_version") or ""),
        subject=_titled(str(result.get("subject") or facts.get("kle") or "")),
        unit=str(unit.get(shell.language) or route.get("unit") or ""),
        sorted_by=_sorted_by(route, bool(proposals)),
        due=_noon(result.get("due_on")),
        legal_notification=bool(facts.get("legal_notification")),
        files=int(facts.get("files") or 0),
        case_number=_answered(effects, CASE, "case_number"),
        entry_id=_answered(effects, ENTRY, "entry_id"),
        effects=effects,
        reason=_reason(item, shell.language),
        guesses=[(str(each["subject"]), in_percent(float(each["confidence"]))) for each in proposals.get("model", ())],
        tags=[str(each["subject"]) for each in proposals.get("kle", ())],
        unread=_unread(proposals.get("main_document", ()), shell.language),
    )


def _unread(main: Sequence[str], language: str) -> str:
    return UNREAD[Reading(main[0])][language] if main and Reading.READ not in main else ""


def _sorted_by(route: Mapping[str, Any], proposed: bool) -> str:
    by = str(route.get("by") or "")
    return SORTED_BY.get("proposed" if proposed and by == "subject" else by, "")


def _titled(subject: str) -> str:
    return f"{subject} {subjects().get(subject, '')}".strip()


def _answered(effects: Mapping[str, EffectRow], step: str, name: str) -> str:
    effect = effects.get(step)
    return str((effect.answer or {}).get(name, "")) if effect else ""


def _reason(item: WorkItem, language: str) -> str:
    error = _mapping(item.result.get("exception"))
    if "sentence" not in error:
        return item.reason or ""
    return Sentence(text=str(error["sentence"]), values=_mapping(error.get("values"))).say(language)


def _noon(day: object) -> datetime | None:
    return noon(date.fromisoformat(str(day))) if day else None


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}
