"""What every process must hold to, ours and other people's: the check suite of `samdrift_rpa.process`.

Use it in a process's own tests::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_process(check):
        check(process, Example(case={"document": store.put(content)}, store=store))

Every way in which people may decide is tried, as far as `example.MOST_TRIALS` goes; a choice's required fields are
filled with something that fits, unless the example says with what.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import pickle
import re
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import JsonValue, ValidationError

from samdrift_platform.checks import HEAVY
from samdrift_platform.contract import Effect, Question, Verdict
from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger.plain import NotPlainError, plain_json
from samdrift_platform.question import FieldKind, question_to_json
from samdrift_rpa.conduct import planned_in
from samdrift_rpa.example import Example as Example
from samdrift_rpa.process import Process
from samdrift_rpa.testing import Trial, items_of

LANGUAGES = ("da", "en")
#: References longer than this do not fit the ledger's key together with the process's name.
LONGEST_REFERENCE = 120

#: Something that could be a CPR number; what is left of digests and UUIDs is no text of anybody's.
_CPR = re.compile(r"(?<![0-9A-Za-z])[0-9][0-9](?:0[1-9]|1[0-2])[0-9]{2}[- ]?[0-9]{4}(?![0-9A-Za-z])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_NEVER_THE_SAME = frozenset(
    {"now", "utcnow", "today", "time_ns", "monotonic", "uuid1", "uuid4", "urandom", "token_hex"}
)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


class ProcessCheckError(SamdriftError):
    """The process does not hold to what every process must. The message says where."""


def check_process(process: Process[Any, Any], example: Example) -> None:
    """Run every check; ProcessCheckError at the first that fails."""
    for check in CHECKS:
        check(process, example)


def check_titles(process: Process[Any, Any], example: Example) -> None:
    """What people read is there in Danish and English: titles, purpose, what the data are used for."""
    told: dict[str, Mapping[str, str]] = {
        "title": process.title,
        "purpose": process.purpose,
        "legal_basis.purpose": process.legal_basis.purpose,
        **{f"step {step.name}": step.title for step in process.steps},
        **{f"effect {effect.step}": effect.title for effect in process.effects},
    }
    for what, texts in told.items():
        _require_both(f"{process.name}: {what}", texts)
    _require(process.legal_basis.clause, f"{process.name}: legal_basis names no clause")
    _require(process.steps, f"{process.name} has no steps")


def check_import_is_light(process: Process[Any, Any], example: Example) -> None:
    """Importing the module of its input loads nothing heavy: every process of the installation is imported at start."""
    module = process.given.__module__
    program = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    found_here = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, env=found_here
    )
    _require(done.returncode == 0, f"{module} cannot be imported by itself: {done.stderr[-300:]}")
    _require(done.stdout.strip() == "[]", f"importing {module} also loads {done.stdout.strip()}")


def check_receivers(process: Process[Any, Any], example: Example) -> None:
    """Every effect goes to a receiver that is shipped or that the process brings."""
    from samdrift_rpa.receivers.shipped import SHIPPED

    unknown = sorted({each for each in process.declared.values() if each not in {*SHIPPED, *process.receivers}})
    _require(not unknown, f"{process.name} hands effects to {unknown}, which nobody brings")


def check_example(process: Process[Any, Any], example: Example) -> None:
    """The process's own example is a valid input: it stands in the API's documentation."""
    _require(process.example, f"{process.name} has no example")
    try:
        process.given.model_validate(dict(process.example))
    except ValidationError as error:
        raise ProcessCheckError(f"{process.name}: the example does not fit its input: {error}") from error


def check_reference(process: Process[Any, Any], example: Example) -> None:
    """The same case has the same name each time, of a length that fits."""
    items = [items_of(process, [example.case], example.store) for _ in range(2)]
    _require(items[0] == items[1], f"{process.name}: the same case becomes another item the second time")
    own = items[0][0].reference.removeprefix(f"{process.name}/")
    _require(0 < len(own) <= LONGEST_REFERENCE, f"{process.name}: the reference {own!r} has {len(own)} characters")
    twice = items_of(process, [example.case, example.case], example.store)
    _require(len(twice) == 1, f"{process.name}: the same case twice becomes {len(twice)} items")


def check_repeats(process: Process[Any, Any], example: Example) -> None:
    """The same round gives the same outcome, also in another process and without the network: the steps are pure."""
    with _nobody_outside():
        for trial in example.ended(process):
            again = pickle.loads(pickle.dumps(trial.item))  # noqa: S301 - of this test's own making
            repeated = Trial(process=process, item=again, store=trial.store, engine=trial.engine).again()
            _require(repeated.outcome == trial.outcome, f"{trial.item.reference}: another outcome the second time")


def check_rounds(process: Process[Any, Any], example: Example) -> None:
    """Whatever people decide, a later round plans what an earlier one did, and the case comes to an end.

    Planned effects are made when a round ends, so a later round can add some and take none back.
    """
    for trial in example.ended(process):
        _require(
            trial.verdict is not Verdict.WAITING_FOR_PERSON,
            f"{trial.item.reference} still asks {trial.question.code if trial.outcome.question else '?'} "
            f"after {len(trial.rounds)} rounds",
        )
        for before, after in zip(trial.rounds, trial.rounds[1:], strict=False):
            lost = _lost(list(planned_in(before)), list(planned_in(after)))
            _require(
                not lost, f"{trial.item.reference}: planned in one round and not, or otherwise, in the next: {lost}"
            )


def check_effects(process: Process[Any, Any], example: Example) -> None:
    """Only declared effects are planned, each once."""
    for outcome in example.outcomes(process):
        steps = [effect.step for effect in planned_in(outcome)]
        _require(len(set(steps)) == len(steps), f"{outcome.reference}: an effect is planned twice: {steps}")
        _require(set(steps) <= set(process.declared), f"{outcome.reference}: undeclared effects among {steps}")


def check_no_clock(process: Process[Any, Any], example: Example) -> None:
    """No step's own lines ask what time it is, or for chance: the next round would find something else.

    What a case came in with has its times; a decision has its own. Deeper calls show in `check_repeats`, if at all.
    """
    for step in process.steps:
        asked = sorted(_asked_of_the_world(step.take))
        _require(not asked, f"{process.name}: the step {step.name} calls {', '.join(asked)}, which is never the same")


def check_questions(process: Process[Any, Any], example: Example) -> None:
    """Questions have codes of their own and are written in both languages; each is asked once."""
    for trial in example.ended(process):
        asked = [outcome.question for outcome in trial.rounds if outcome.question]
        codes = [question.code for question in asked]
        _require(len(set(codes)) == len(codes), f"{trial.item.reference}: asked again after it was decided: {codes}")
        for question in asked:
            _require_question(question)


def check_reasons(process: Process[Any, Any], example: Example) -> None:
    """Whoever is not done learns why, and a business exception has a code."""
    for outcome in example.outcomes(process):
        if outcome.verdict is Verdict.DONE:
            continue
        _require(outcome.reason, f"{outcome.reference} is {outcome.verdict} without a reason")
        if outcome.verdict is Verdict.REJECTED:
            exception: Any = outcome.result.get("exception") or {}
            _require(_CODE.fullmatch(exception.get("code", "")), f"{outcome.reference}: rejected without a code")


def check_plain(process: Process[Any, Any], example: Example) -> None:
    """What the database keeps is plain JSON: it comes back as it was."""
    for where, value in _kept(process, example):
        try:
            same = json.loads(plain_json(value)) == value
        except NotPlainError as error:
            raise ProcessCheckError(f"{where} cannot be recorded: {error}.") from error
        _require(same, f"{where} does not come back from JSON as it was")


def check_no_personal_data(process: Process[Any, Any], example: Example) -> None:
    """No CPR number and no e-mail address in what the database keeps: they stay in the stored objects.

    An example without any personal data shows nothing: put a fictitious number into its document.
    """
    for where, value in _kept(process, example):
        text = _without_digests(json.dumps(value, ensure_ascii=False))
        _require(not _CPR.search(text), f"{where} holds something like a CPR number")
        _require(not _MAIL.search(text), f"{where} holds an e-mail address")


CHECKS: tuple[Callable[[Process[Any, Any], Example], None], ...] = (
    check_titles,
    check_import_is_light,
    check_receivers,
    check_example,
    check_reference,
    check_repeats,
    check_no_clock,
    check_questions,
    check_rounds,
    check_effects,
    check_reasons,
    check_plain,
    check_no_personal_data,
)


def _lost(before: Sequence[Effect], after: Sequence[Effect]) -> list[str]:
    """Steps of effects that are missing, changed, or not in their place: the ledger keeps the earlier ones first."""
    return [old.step for index, old in enumerate(before) if index >= len(after) or after[index] != old]


def _kept(process: Process[Any, Any], example: Example) -> Iterator[tuple[str, Any]]:
    """What goes into the database, by where."""
    for item in items_of(process, [example.case], example.store):
        yield f"{process.name}: the payload", dict(item.payload)
        yield f"{process.name}: the reference", {"reference": item.reference, "subject": item.subject}
    yield f"{process.name}: what is shown at a glance", _glance(process, example)
    for outcome in example.outcomes(process):
        yield f"{outcome.reference}: the result", dict(outcome.result)
        yield f"{outcome.reference}: the reason", {"reason": outcome.reason}
        if outcome.question is not None:
            yield f"{outcome.reference}: the question {outcome.question.code}", question_to_json(outcome.question)


def _glance(process: Process[Any, Any], example: Example) -> dict[str, JsonValue]:
    return dict(process.glance(process.given.model_validate(dict(example.case)), example.store))


def _require_question(question: Question) -> None:
    where = f"question {question.code!r}"
    _require(_CODE.fullmatch(question.code), f"{where}: its code is not lower_snake_case")
    _require(question.choices, f"{where} has no choices")
    codes = [choice.code for choice in question.choices]
    _require(len(set(codes)) == len(codes), f"{where}: a choice is there twice: {codes}")
    _require(question.people >= 1, f"{where} asks nobody")
    labels = [question.title, *question.reasons, *(fact.label for fact in question.facts)]
    labels += [fact.value for fact in question.facts if not isinstance(fact.value, str)]
    for choice in question.choices:
        labels += [choice.label, *(each.label for each in choice.fields)]
        labels += [label for each in choice.fields for label in each.options.values()]
        empty = [each.name for each in choice.fields if each.kind is FieldKind.ONE_OF and not each.options]
        _require(not empty, f"{where}: nothing can be chosen in {empty}")
    for label in labels:
        _require_both(where, label)


def _require_both(what: str, texts: Mapping[str, str]) -> None:
    missing = [language for language in LANGUAGES if not texts.get(language, "").strip()]
    _require(not missing, f"{what} is not written in {', '.join(missing)}")


def _without_digests(text: str) -> str:
    text = re.sub(r"(sha256|hmac):[0-9a-f]+", "", text)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)


def _asked_of_the_world(function: Callable[..., Any]) -> set[str]:
    """Calls of a function that give something else each time, by name; none where its source is not to be had."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return set()
    called = {call.func for call in ast.walk(ast.parse(source)) if isinstance(call, ast.Call)}
    return {ast.unparse(each) for each in called if _last_name(each) in _NEVER_THE_SAME}


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@contextmanager
def _nobody_outside() -> Iterator[None]:
    """While this lasts nobody can be called: a step that tries fails."""

    def refuse(*_: object, **__: object) -> None:
        raise ProcessCheckError("A step tries to reach somebody outside. Plan an effect instead, or load it before.")

    connect = socket.socket.connect
    socket.socket.connect = refuse  # type: ignore[method-assign]  # put back below
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]  # as it was


def _require(holds: object, message: str) -> None:
    if not holds:
        raise ProcessCheckError(message)
