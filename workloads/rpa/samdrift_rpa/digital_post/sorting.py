"""Which subject a letter has and which unit gets it: metadata and policy first, then proposals, then a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import JsonValue

from samdrift_rpa.digital_post import questions
from samdrift_rpa.digital_post.classifier import MODEL
from samdrift_rpa.digital_post.memo import Letter
from samdrift_rpa.digital_post.proposals import Proposals, propose
from samdrift_rpa.digital_post.routing import Route, route
from samdrift_rpa.digital_post.text import text_of

if TYPE_CHECKING:
    from samdrift_rpa.digital_post.process import LetterRun

#: A KLE number of a subject: `dd.dd.dd`. `00.00.00` is how examples say nothing.
_KLE = re.compile(r"(?!00\.00\.00)\d{2}\.\d{2}\.\d{2}")
_TASK = re.compile(r"(?!00\.00\.00\.00)\d{2}(\.\d{2}){1,3}")


def stated_subject(letter: Letter) -> str:
    """The sender's KLE number, where it is one; empty otherwise."""
    return letter.kle if _KLE.fullmatch(letter.kle) else ""


def sort_out(run: LetterRun) -> tuple[str, Route]:
    """Subject (KLE number, or empty) and route of the letter.

    What a person said stands, whatever policy, keywords or model have become since. Otherwise the sender's KLE number,
    the contact point and the FORM task are asked, by the policy; where they are silent, keywords and model propose, and
    what they do not decide together is a person's.

    Raises:
        WaitsForPersonError: a person must say.
        BusinessError: a person said that it is not for us.
    """
    policy, subject = run.engine.policy, stated_subject(run.letter)
    if run.item.earlier.decision(questions.SUBJECT) is not None:
        return _subject_of_a_person(run, _proposals(run))
    if run.item.earlier.decision(questions.UNIT) is not None:
        return subject, _unit_of_a_person(run)
    if (found := route(run.letter, subject, policy)) is not None:
        return subject, found
    return (subject, _unit_of_a_person(run)) if subject else _proposed(run)


def _proposed(run: LetterRun) -> tuple[str, Route]:
    made, policy = _proposals(run), run.engine.policy
    subject = made.decided(policy)
    found = route(run.letter, subject, policy)
    if subject and found is not None:
        return subject, found
    if not made.subjects(policy.proposals):
        return "", _unit_of_a_person(run, made)
    return _subject_of_a_person(run, made)


def _proposals(run: LetterRun) -> Proposals:
    made = propose(text_of(run.letter, run.store), run.engine.model, run.engine.tagger, run.engine.policy)
    run.models += [MODEL] if run.engine.model else []
    run.note("proposals", made.to_json())
    run.note("scores", {"subject_confidence": made.confidence})
    return made


def _subject_of_a_person(run: LetterRun, made: Proposals) -> tuple[str, Route]:
    decision = run.item.earlier.decision(questions.SUBJECT) or run.ask(questions.subject(run.letter, run.engine, made))
    run.reject_if(decision.choice)
    if decision.choice == "unit":
        return "", Route(unit=str(decision.fields["unit"]), by="person")
    subject = str(decision.fields["subject"])
    if run.item.earlier.decision(questions.UNIT) is not None:
        return subject, _unit_of_a_person(run)
    found = route(run.letter, subject, run.engine.policy)
    return subject, found if found is not None else _unit_of_a_person(run)


def _unit_of_a_person(run: LetterRun, made: Proposals | None = None) -> Route:
    decision = run.ask(questions.unit(run.letter, run.engine.policy, made))
    run.reject_if(decision.choice)
    return Route(unit=str(decision.fields["unit"]), by="person")


def summary(letter: Letter) -> dict[str, JsonValue]:
    """What lists and statistics show: nothing that a sender wrote freely, and nobody's number or name."""
    return {
        "memo_version": letter.version.value,
        "type": letter.type.value,
        "message_uuid": letter.message_uuid,
        "legal_notification": letter.legal_notification,
        "mandatory": letter.mandatory,
        "may_reply": letter.reply,
        "reply_by": letter.reply_by.isoformat() if letter.reply_by else None,
        "do_not_deliver_until": letter.do_not_deliver_until.isoformat() if letter.do_not_deliver_until else None,
        "kle": stated_subject(letter),
        "task": letter.task if _TASK.fullmatch(letter.task) else "",
        "names_case": bool(letter.case_id),
        "is_reply": bool(letter.replies),
        "files": len(letter.files),
        "bytes": sum(file.size_bytes for file in letter.files),
        "documents": [*dict.fromkeys(file.object for file in letter.files)],
    }
