"""A case again through its steps, with the same decisions and objects: does the same come out? Nothing is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samdrift_platform.contract import Outcome, Question, Store
from samdrift_platform.errors import ConflictError
from samdrift_platform.question import question_to_json
from samdrift_rpa.conduct import conduct, to_a_person
from samdrift_rpa.explanation.record import CaseRecord
from samdrift_rpa.process import Process


class ReplayError(ConflictError):
    """The case cannot be replayed. The message says why."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Something that came out otherwise."""

    #: "verdict", "facts.invoice", "effects.post_voucher", "question.approval.facts"
    where: str
    #: None: it was not there.
    recorded: Any
    replayed: Any


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What came of a replay."""

    outcome: Outcome
    #: Empty: the same verdict, facts, question and effects.
    differences: Sequence[Difference]

    @property
    def same(self) -> bool:
        """Whether the same came out."""
        return not self.differences


def replay(record: CaseRecord, process: Process[Any, Any], store: Store, engine: Any) -> Replayed:
    """Take the case's last round again.

    Rules, policies and models are those of `engine`: where they have changed since, that may be the difference.

    Raises:
        ReplayError: no round has ended, the next one has begun, or its content was erased.
    """
    _check(record)
    item = record.as_it_was()
    if record.safe or record.objected:
        outcome = to_a_person(process, item, store, objected=record.objected)
    else:
        outcome = conduct(process, item, store, engine)
    return Replayed(outcome=outcome, differences=list(_differences(record, outcome)))


def _check(record: CaseRecord) -> None:
    reference = record.item.reference
    if record.erased_at is not None:
        raise ReplayError(f"{reference} cannot be replayed: its content was erased at {record.erased_at.isoformat()}.")
    if record.verdict is None:
        raise ReplayError(f"{reference} cannot be replayed: no round of it has ended. Look again when one has.")
    if not record.item.result:
        raise ReplayError(f"{reference} cannot be replayed: it is {record.item.state} without a result.")


def _differences(record: CaseRecord, outcome: Outcome) -> Iterator[Difference]:
    if record.verdict != outcome.verdict:
        yield Difference(where="verdict", recorded=str(record.verdict), replayed=str(outcome.verdict))
    recorded, replayed = dict(record.item.result), _plain(outcome.result)
    for name in sorted({*recorded, *replayed} - {"effects"}):
        if recorded.get(name) != replayed.get(name):
            yield Difference(where=f"facts.{name}", recorded=recorded.get(name), replayed=replayed.get(name))
    yield from _effects(record, replayed)
    if outcome.question is not None:
        yield from _question(record, outcome.question)


def _effects(record: CaseRecord, replayed: Mapping[str, Any]) -> Iterator[Difference]:
    """By step: as the result has them, and as the ledger keeps them for delivery."""
    before, after = (
        {each["step"]: each for each in result.get("effects") or ()} for result in (record.item.result, replayed)
    )
    kept = {effect.step: dict(effect.request) for effect in record.effects}
    for step in sorted({*before, *after}):
        if before.get(step) != after.get(step):
            yield Difference(where=f"effects.{step}", recorded=before.get(step), replayed=after.get(step))
        elif step in kept and kept[step] != after[step]["request"]:
            yield Difference(where=f"effects.{step}.request", recorded=kept[step], replayed=after[step]["request"])


def _question(record: CaseRecord, question: Question) -> Iterator[Difference]:
    """By part, in the words that the ledger keeps; as a whole where nothing of that code was asked."""
    where = f"question.{question.code}"
    now = question_to_json(question)
    was = next((question_to_json(each.question) for each in record.asked if each.question.code == question.code), None)
    if was is None:
        yield Difference(where=where, recorded=None, replayed=now)
        return
    for part in now:
        if was.get(part) != now[part]:
            yield Difference(where=f"{where}.{part}", recorded=was.get(part), replayed=now[part])


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from the ledger."""
    plain: dict[str, Any] = json.loads(json.dumps(value, ensure_ascii=False))
    return plain
