"""The contract's check suite: what every workload must hold to, ours and other people's.

Use it in a plug-in's own tests::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(workload, Example(document={...}, models={...}))
"""

from __future__ import annotations

import json
import math
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from samdrift_platform.asking_check import decided, question_faults
from samdrift_platform.concerns_people import ConcernsPeople
from samdrift_platform.contract import Context, Effect, Item, Outcome, Priority, Verdict, Workload
from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.errors import NotFoundError, SamdriftError
from samdrift_platform.lanes import lanes_of
from samdrift_platform.ledger.objections import check_pseudonym
from samdrift_platform.ledger.plain import NotPlainError, plain_json

if TYPE_CHECKING:
    from samdrift_registry.verified import VerifiedModel

#: Importing a workload must load none of these: the control plane hosts every workload.
HEAVY = ("torch", "monai", "sklearn", "pandas", "ray", "mlflow", "lxml", "saxonche", "pyenergyplus")

#: As the ledger keeps it.
LONGEST_SCORE_NAME = LONGEST_LANE = 64
#: Decisions that are followed one after the other, and ways through them.
ROUNDS, WAYS = 4, 200

_A_TIME = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class ContractError(SamdriftError):
    """The workload does not hold to its contract. The message says where."""


class MemoryStore:
    """A Store in memory: what tests use instead of a folder."""

    def __init__(self) -> None:
        """Begin empty."""
        self.objects: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep `data`; its reference."""
        reference = digest_of_bytes(data)
        self.objects[reference] = data
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes of `reference`; NotFoundError when it was never put."""
        if reference not in self.objects:
            raise NotFoundError(f"There is no object {reference}.")
        return self.objects[reference]


@dataclass(frozen=True)
class Example:
    """A submission that the workload must be able to work on, with the objects and models that it needs."""

    document: Mapping[str, Any]
    store: MemoryStore = field(default_factory=MemoryStore)
    models: Mapping[str, VerifiedModel] = field(default_factory=dict)

    @cached_property
    def _memory(self) -> dict[str, Any]:
        return {}

    def items(self, workload: Workload) -> list[Item]:
        """What `split` makes of the document."""
        submission = workload.submission.model_validate(self.document)
        return list(workload.split(submission, self.store))

    def engine(self, workload: Workload) -> Any:
        """What `load` makes of the models, once."""
        if "engine" not in self._memory:
            self._memory["engine"] = workload.load(self.models)
        return self._memory["engine"]

    def outcomes(self, workload: Workload) -> list[Outcome]:
        """What `process` says of all items, once."""
        if "outcomes" not in self._memory:
            context = Context(store=self.store, engine=self.engine(workload))
            self._memory["outcomes"] = list(workload.process(self.items(workload), context))
        return list(self._memory["outcomes"])

    def stopped(self, workload: Workload) -> list[Outcome]:
        """What `safe` says of all items, without a model; ContractError when it cannot do without."""
        try:
            return list(workload.safe(self.items(workload), Context(store=self.store)))
        except Exception as error:
            raise ContractError(
                f"{workload.name}: safe needs more than the items and the objects: {error!r}"
            ) from error


def check_workload(workload: Workload, example: Example) -> None:
    """Run every check; ContractError at the first that fails."""
    for check in CHECKS:
        check(workload, example)


def check_names(workload: Workload, example: Example) -> None:
    """The name fits into URLs and keys, the title is there in Danish and English, the class is one of ours."""
    _require(re.fullmatch(r"[a-z][a-z0-9_]{1,63}", workload.name), f"name {workload.name!r} is not lower_snake_case")
    _require({"da", "en"} <= set(workload.title), f"{workload.name}: title lacks Danish (da) or English (en)")
    _require(isinstance(workload.priority, Priority), f"{workload.name}: priority is not a Priority")
    _require(workload.resources.largest_batch >= 1, f"{workload.name}: largest_batch must be at least 1")


def check_import_is_light(workload: Workload, example: Example) -> None:
    """Importing its module loads nothing heavy."""
    module = type(workload).__module__
    program = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    _require(done.returncode == 0, f"{module} cannot be imported by itself: {done.stderr[-300:]}")
    _require(done.stdout.strip() == "[]", f"importing {module} also loads {done.stdout.strip()}")


def check_submission_has_example(workload: Workload, example: Example) -> None:
    """The submission's JSON schema carries an example that is itself valid: it stands in the API's documentation."""
    examples = workload.submission.model_json_schema().get("examples", [])
    _require(examples, f"{workload.submission.__name__} has no example in its JSON schema")
    for document in examples:
        workload.submission.model_validate(document)


def check_split_repeats(workload: Workload, example: Example) -> None:
    """The same submission gives the same items, with references that are unique and fit, and aware deadlines."""
    first, second = example.items(workload), example.items(workload)
    _require(first == second, f"{workload.name}: split gives other items the second time")
    references = [item.reference for item in first]
    _require(first, f"{workload.name}: split gives no item for the example")
    own = [item.reference for item in first if item.beside is None]
    _require(len(set(own)) == len(own), f"{workload.name}: split repeats a reference: {references}")
    _require(all(0 < len(name) <= 180 for name in references), f"{workload.name}: a reference is empty or over 180")
    _require(all(i.deadline is None or i.deadline.tzinfo for i in first), f"{workload.name}: a deadline has no zone")


def check_subjects_are_pseudonyms(workload: Workload, example: Example) -> None:
    """Items name persons by pseudonym, or nobody; a workload with such items says what pseudonyms are made of."""
    subjects = [item.subject for item in example.items(workload) if item.subject is not None]
    for subject in subjects:
        try:
            check_pseudonym(subject)
        except SamdriftError as error:
            raise ContractError(f"{workload.name}: an item's subject is no pseudonym. {error.message}") from error
    kind = isinstance(workload, ConcernsPeople) and workload.subject_kind
    _require(
        kind or not subjects, f"{workload.name}: items have a subject, but subject_kind does not say of which kind"
    )


def check_lanes_are_declared(workload: Workload, example: Example) -> None:
    """Lanes have names that the queue holds, and a workload that declares lanes declares those of its items."""
    used = {item.lane for item in example.items(workload)}
    declared = lanes_of(workload)
    _require(all(len(name) <= LONGEST_LANE for name in {*used, *declared}), f"{workload.name}: a lane is over 64")
    _require(not declared or used <= set(declared), f"{workload.name}: not declared: {sorted(used - set(declared))}")
    for name, lane in declared.items():
        _require(lane.most_at_once >= 0, f"{workload.name}: {name} may hold {lane.most_at_once} at once")
        _require(isinstance(lane.is_open(_A_TIME), bool), f"{workload.name}: {name} does not say whether it is open")


def check_values_travel(workload: Workload, example: Example) -> None:
    """Items and outcomes survive JSON (the ledger) and pickling (Ray)."""
    for item in example.items(workload):
        _require(_travels(item.payload) and pickle.loads(pickle.dumps(item)) == item, f"{item.reference}: payload")  # noqa: S301 - see above
    for outcome in example.outcomes(workload):
        _require(_travels(outcome.result), f"{outcome.reference}: result is not plain JSON")


def check_process_answers_each(workload: Workload, example: Example) -> None:
    """One outcome for each item, in order; whoever is not done learns why."""
    asked = [item.reference for item in example.items(workload)]
    outcomes = example.outcomes(workload)
    _require([outcome.reference for outcome in outcomes] == asked, f"{workload.name}: outcomes do not match the items")
    silent = [o.reference for o in outcomes if o.verdict is not Verdict.DONE and not o.reason]
    _require(not silent, f"{workload.name}: no reason given for {silent}")
    named = {model for outcome in outcomes for model in outcome.models or ()}
    unknown = sorted(named - set(workload.models))
    _require(not unknown, f"{workload.name}: outcomes name models that it does not use: {unknown}")


def check_process_repeats(workload: Workload, example: Example) -> None:
    """Processing the same items again gives the same outcomes: a retry changes nothing."""
    context = Context(store=example.store, engine=example.engine(workload))
    again = list(workload.process(example.items(workload), context))
    _require(again == example.outcomes(workload), f"{workload.name}: process gives another outcome the second time")


def check_safe_needs_no_model(workload: Workload, example: Example) -> None:
    """Stopped, it answers for each item, in order, the same each time, and says why; what follows still holds."""
    asked = [item.reference for item in example.items(workload)]
    outcomes = example.stopped(workload)
    _require([outcome.reference for outcome in outcomes] == asked, f"{workload.name}: safe does not match the items")
    _require(outcomes == example.stopped(workload), f"{workload.name}: safe gives another outcome the second time")
    for outcome in outcomes:
        _require(_travels(outcome.result), f"{outcome.reference}: safe gives a result that is not plain JSON")
        told = outcome.reason or outcome.result.get("safe_state")
        _require(told, f"{outcome.reference}: safe gives no reason")
        _require_effects(workload, outcome)
        _require_benefits(workload, outcome)


def check_scores_are_numbers(workload: Workload, example: Example) -> None:
    """Every outcome, of `safe` too, has scores that are finite numbers under short names, the same each time."""
    for outcome in [*example.outcomes(workload), *example.stopped(workload)]:
        scores = dict(workload.scores(outcome))
        _require(scores == dict(workload.scores(outcome)), f"{outcome.reference}: other scores the second time")
        unfit = [name for name, value in scores.items() if not (_is_name(name) and _is_number(value))]
        _require(not unfit, f"{outcome.reference}: scores without a fit name or number: {unfit}")


def check_effects_repeat(workload: Workload, example: Example) -> None:
    """Effects are the same each time, their steps unique, their receivers known, their requests plain JSON."""
    for outcome in example.outcomes(workload):
        _require_effects(workload, outcome)


def check_benefits_say_how(workload: Workload, example: Example) -> None:
    """Every benefit has a unit and the method by which it is known."""
    for outcome in example.outcomes(workload):
        _require_benefits(workload, outcome)


def check_questions_can_be_decided(workload: Workload, example: Example) -> None:
    """A question goes with waiting; it has codes that fit, words in both languages, and choices that can be made."""
    for outcome in [*example.outcomes(workload), *example.stopped(workload)]:
        if outcome.question is not None:
            waits = outcome.verdict is Verdict.WAITING_FOR_PERSON
            _require(waits, f"{outcome.reference}: asks a person and does not wait")
            for fault in question_faults(outcome.question):
                _require(False, f"{outcome.reference}: {fault}")


def check_decided_items_go_on(workload: Workload, example: Example) -> None:
    """Whatever is decided, the item goes on: what is decided is not asked again, what was planned is planned again.

    Every way through the questions is followed, up to ROUNDS decisions and WAYS ways. Receivers are taken to have
    answered nothing but that it happened, as when a person has settled an effect.
    """
    context = Context(store=example.store, engine=example.engine(workload))
    asked = zip(example.items(workload), example.outcomes(workload), strict=True)
    ways = [(item, outcome) for item, outcome in asked if outcome.question is not None]
    for _ in range(ROUNDS):
        ways = [
            (after, _next_round(workload, context, after, outcome))
            for item, outcome in ways
            for after in decided(item, outcome, list(workload.effects(outcome)))
        ][:WAYS]


def _next_round(workload: Workload, context: Context, item: Item, before: Outcome) -> Outcome:
    (outcome,) = workload.process([item], context)
    said = f"{item.reference}, after {[(d.question, d.choice) for d in item.earlier.decisions]}"
    _require(outcome.reference == item.reference, f"{said}: answers for {outcome.reference}")
    again = outcome.question is not None and item.earlier.decision(outcome.question.code) is not None
    _require(not again, f"{said}: asks again what was decided")
    now, planned = ({e.step: e for e in workload.effects(each)} for each in (outcome, before))
    changed = [step for step, effect in planned.items() if step in now and now[step] != effect]
    _require(not changed, f"{said}: plans {changed} otherwise than before")
    _require(_travels(outcome.result), f"{said}: result is not plain JSON")
    return outcome


CHECKS: tuple[Callable[[Workload, Example], None], ...] = (
    check_names,
    check_import_is_light,
    check_submission_has_example,
    check_split_repeats,
    check_subjects_are_pseudonyms,
    check_lanes_are_declared,
    check_values_travel,
    check_process_answers_each,
    check_process_repeats,
    check_safe_needs_no_model,
    check_scores_are_numbers,
    check_effects_repeat,
    check_benefits_say_how,
    check_questions_can_be_decided,
    check_decided_items_go_on,
)


def _require(holds: object, message: str) -> None:
    if not holds:
        raise ContractError(message)


def _require_effects(workload: Workload, outcome: Outcome) -> None:
    effects: Sequence[Effect] = list(workload.effects(outcome))
    _require(effects == list(workload.effects(outcome)), f"{outcome.reference}: other effects the second time")
    steps = [effect.step for effect in effects]
    _require(len(set(steps)) == len(steps), f"{outcome.reference}: a step is repeated: {steps}")
    _require(all(_travels(effect.request) for effect in effects), f"{outcome.reference}: a request is not JSON")
    unknown = {effect.receiver for effect in effects} - set(workload.receivers())
    _require(not unknown, f"{outcome.reference}: receivers() lacks {sorted(unknown)}")


def _require_benefits(workload: Workload, outcome: Outcome) -> None:
    for benefit in workload.benefits(outcome):
        _require(benefit.unit and benefit.method, f"{outcome.reference}: {benefit.measure} lacks unit or method")


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_SCORE_NAME


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _travels(value: Mapping[str, Any]) -> bool:
    """Whether JSON gives the value back as it was (no NaN, no NUL, no tuples, no numbers as keys)."""
    try:
        return bool(json.loads(plain_json(value)) == dict(value))
    except NotPlainError:
        return False
