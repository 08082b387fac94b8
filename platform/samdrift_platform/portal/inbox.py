"""The inbox: what waits for a person, one question with all that is needed to decide it, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from samdrift_platform.answering import Fault, choice_of, faults, from_text
from samdrift_platform.control.dependencies import TheLedger
from samdrift_platform.control.permissions import permitted
from samdrift_platform.effect_question import title_in_words
from samdrift_platform.errors import ConflictError, InputError, NotFoundError, SamdriftError
from samdrift_platform.governance.permissions import Duty, check_decider, check_person
from samdrift_platform.ledger import inbox, looking
from samdrift_platform.ledger.asked import Asked, Given, Ruling
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.inbox import Filter
from samdrift_platform.parts import effect_title, item_address, item_title, lane_title
from samdrift_platform.portal.decision_form import FIELD, texts_of
from samdrift_platform.portal.models import may, person_of
from samdrift_platform.portal.pages import SignedIn
from samdrift_platform.portal.paging import PAGE, Offset, around
from samdrift_platform.portal.shell import Shell
from samdrift_platform.portal.stored_object import image, opened, pieces, shown
from samdrift_platform.question import Choice, Fact
from samdrift_registry.errors import NotAllowedError

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

Name = Annotated[str, Query(max_length=80)]
Text = Annotated[str, Form(max_length=2000)]
#: What pages write before decimals.
_DECIMAL = {"da": ",", "en": "."}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What somebody has chosen and written so far."""

    #: None: nothing yet, so the choices are offered.
    choice: Choice | None = None
    #: Name of the field -> text as it stands in the form.
    texts: Mapping[str, str]
    comment: str = ""
    #: Name of the field -> what is wrong with it.
    faults: Mapping[str, Fault]
    trouble: str = ""


@router.get("/inbox")
def inbox_page(
    shell: SignedIn, workload: Name = "", lane: Name = "", code: Name = "", whose: Name = "", offset: Offset = 0
) -> Response:
    """What waits for the reader's decision now, overdue first; with `whose=all` also what others decide."""
    chosen = {"workload": workload, "lane": lane, "code": code}
    wanted = Filter(**{name: value or None for name, value in chosen.items()})
    waiting = shell.reading.audiences(wanted)
    shown = list(waiting) if whose == "all" else shell.own_audiences(waiting)
    wanted = replace(wanted, audiences=shown)
    found = shell.reading.waiting(wanted, limit=PAGE + 1, offset=offset)
    return shell.page(
        "inbox.html",
        questions=found[:PAGE],
        number=sum(waiting[each] for each in shown),
        others=sum(waiting.values()) - sum(waiting[each] for each in shown),
        groups=shell.reading.waiting_groups(),
        chosen=chosen | {"whose": whose},
        now=datetime.now(UTC),
        lane_title=lambda name, lane: lane_title(shell.workloads.get(name), lane, shell.language),
        title_of=lambda asked: _title(shell, asked),
        about=lambda asked: _about(shell, asked),
        **around(offset, more=len(found) > PAGE),
    )


@router.get("/inbox/{item_id}")
def question_page(shell: SignedIn, item_id: UUID, choice: Name = "", done: Name = "") -> Response:
    """One item: what is to be decided, why, on what, what has happened already; with `choice` the form to confirm."""
    asked = _now_asked(shell, item_id)
    return _page(shell, item_id, _begun(shell, asked, choice), done=done)


@router.get("/inbox/{item_id}/objects/{reference}")
def object_page(shell: SignedIn, item_id: UUID, reference: str, ledger: TheLedger) -> Response:
    """A stored object that a question names, as far as it can be shown; who looks is recorded before."""
    fact = _fact(shell, item_id, reference)
    found = shown(opened(shell.store, reference), fact)
    if found.text or found.is_image:
        _record_look(shell, ledger, item_id, reference)
    return shell.page("inbox_object.html", item_id=item_id, fact=fact, shown=found)


@router.get("/inbox/{item_id}/objects/{reference}/file")
def object_file(shell: SignedIn, item_id: UUID, reference: str, ledger: TheLedger) -> Response:
    """Its bytes: an image is shown, everything else is saved. Nothing in it can run. Who looks is recorded before."""
    fact = _fact(shell, item_id, reference)
    file = opened(shell.store, reference)
    try:
        _record_look(shell, ledger, item_id, reference)
    except SamdriftError:
        file.close()
        raise
    content = pieces(file)
    if media_type := image(fact):
        return StreamingResponse(content, media_type=media_type)
    headers = {"Content-Disposition": f'attachment; filename="{reference[7:19]}"'}
    return StreamingResponse(content, media_type="application/octet-stream", headers=headers)


async def _texts(request: Request) -> dict[str, str]:
    """What the form's own fields hold."""
    sent = await request.form()
    return {name.removeprefix(FIELD): str(text) for name, text in sent.items() if name.startswith(FIELD)}


@router.post("/inbox/{item_id}", dependencies=[Depends(permitted)])
def decide(
    shell: SignedIn,
    item_id: UUID,
    ledger: TheLedger,
    texts: Annotated[dict[str, str], Depends(_texts)],
    question: Text = "",
    choice: Text = "",
    seen: Annotated[int, Form(ge=0)] = 0,
    comment: Text = "",
) -> Response:
    """Record the decision of the form and go on to what is shown then; or show why not, with what was written."""
    asked = next((each for each in shell.reading.questions(item_id) if each.question.code == question), None)
    if asked is None:
        raise NotFoundError(f"Item {item_id} is not asked that. Look at the item again.")
    try:
        chosen = choice_of(asked.question, choice)
    except InputError as error:
        return _page(shell, item_id, Attempt(texts={}, faults={}, trouble=error.message), status=error.status)
    fields = from_text(chosen, texts, decimal=_DECIMAL[shell.language])
    wrong = {fault.field: fault for fault in faults(chosen, fields)}
    attempt = Attempt(choice=chosen, texts=texts, comment=comment, faults=wrong)
    now_asked = _now_asked(shell, item_id)
    if wrong and now_asked is not None and now_asked.question.code == question:
        return _page(shell, item_id, attempt, status=InputError.status)
    check_person(str(shell.user))
    ruling = Ruling(question=question, choice=choice, fields=fields, comment=comment)
    try:
        with ledger.write() as connection:
            asked = inbox.decide(connection, item_id, ruling, now=datetime.now(UTC), seen=seen, **_who(shell))
    except (ConflictError, NotAllowedError) as error:
        return _page(shell, item_id, Attempt(texts={}, faults={}, trouble=error.message), status=error.status)
    done = "one" if asked.decision is None else "decided"
    return RedirectResponse(f"/inbox/{item_id}?{urlencode({'done': done})}", status_code=303)


def _who(shell: Shell) -> dict[str, Any]:
    """Who decides, and what holds them to who may."""
    return {"actor": str(shell.user), "allow": partial(check_decider, person_of(shell))}


def _may_decide(shell: Shell, asked: Asked | None) -> bool:
    audience = asked.question.deciders.audience if asked else ""
    return may(shell, Duty.DECIDE) and bool(shell.own_audiences([audience]))


def _page(shell: Shell, item_id: UUID, attempt: Attempt, *, done: str = "", status: int = 200) -> HTMLResponse:
    item, questions = shell.reading.item(item_id), shell.reading.questions(item_id)
    workload = shell.workloads.get(item.workload)
    lane = next((each.lane for each in questions), "")
    own = Filter(audiences=shell.own_audiences(shell.reading.audiences(Filter())))
    following = [each for each in shell.reading.waiting(own, limit=2, offset=0) if each.item_id != item_id]
    asked = _now_asked(shell, item_id)
    return shell.page(
        "inbox_item.html",
        status=status,
        item=item,
        asked=asked,
        questions=questions,
        effects=shell.reading.effects(item_id),
        process=lane_title(workload, lane, shell.language) if lane else "",
        own_page=item_address(workload, item_id),
        effect_title=lambda step: effect_title(workload, lane, step, shell.language),
        title_of=lambda asked: _title(shell, asked),
        about=next((_about(shell, each) for each in questions), ""),
        attempt=attempt,
        may_decide=_may_decide(shell, asked),
        now=datetime.now(UTC),
        next=following[0] if following else None,
        done=done,
    )


def _record_look(shell: Shell, ledger: Ledger, item_id: UUID, reference: str) -> None:
    with ledger.write() as connection:
        looking.seen(connection, item_id, reference, actor=str(shell.user), now=datetime.now(UTC))


def _now_asked(shell: Shell, item_id: UUID) -> Asked | None:
    """What can be decided about the item now; at most one question can."""
    return shell.reading.now_asked(item_id)


def _title(shell: Shell, asked: Asked) -> str:
    """What is to be decided, in the reader's language, with what people call the effect that it is about."""
    if asked.step is None:
        return asked.question.title[shell.language]
    what = effect_title(shell.workloads.get(asked.workload), asked.lane, asked.step, shell.language)
    return title_in_words(asked.question, what, shell.language)


def _about(shell: Shell, asked: Asked) -> str:
    """What people call the item, in the reader's language; empty where its workload has no words for it."""
    return item_title(shell.workloads.get(asked.workload), asked.lane, asked.item).get(shell.language, "")


def _begun(shell: Shell, asked: Asked | None, code: str) -> Attempt:
    """The form as it is offered first: with what others decided, what oneself decided before, or what is proposed."""
    choice = next((each for each in asked.question.choices if each.code == code), None) if asked else None
    if asked is None or choice is None:
        return Attempt(texts={}, faults={})
    before = [given for given in asked.newest if given.ruling.choice == code]
    own = [given for given in before if given.decided_by == shell.user]
    given: Given | None = next(reversed(own or before), None)
    texts = texts_of(choice, given.ruling.fields if given else None, decimal=_DECIMAL[shell.language])
    comment = given.ruling.comment if given and given in own else ""
    return Attempt(choice=choice, texts=texts, comment=comment, faults={})


def _fact(shell: Shell, item_id: UUID, reference: str) -> Fact:
    facts = [fact for asked in shell.reading.questions(item_id) for fact in asked.question.facts]
    found = next((fact for fact in facts if fact.object and fact.object == reference), None)
    if found is None:
        raise NotFoundError("No question about this item names that object. Open it from the item's page.")
    return found
