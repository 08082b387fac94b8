"""A process: everything about one automated piece of administrative work, in one value that its owner can read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue

from samdrift_platform.contract import ModelUse, Receiver, Store
from samdrift_platform.errors import SamdriftError
from samdrift_platform.question import Deciders as Deciders
from samdrift_platform.retention import Retention as Retention
from samdrift_rpa.collection import Collection
from samdrift_rpa.hours import ALWAYS, Hours
from samdrift_rpa.run import Run
from samdrift_rpa.step import Step

R = TypeVar("R", bound=Run)
I = TypeVar("I", bound=BaseModel)  # noqa: E741 - the input


class ProcessError(SamdriftError):
    """A process is declared wrongly. The message says what its author must mend."""


@dataclass(frozen=True, kw_only=True)
class EffectSpec:
    """Something that the process may do outside: the port through which all its effects go."""

    #: Unique within the process; part of the effect's key.
    step: str
    #: Name of a receiver: one that is shipped (`samdrift_rpa.receivers`) or one of the process's own.
    receiver: str
    #: What is done there, by language, "da" and "en".
    title: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class TimeSaved:
    """What the work takes by hand, in OS2autoproces' own fields; estimates of the organisation, not measurements."""

    #: `timeSpendPerOccurance`: minutes that one case takes.
    time_spend_per_occurance_min: float
    #: Minutes that one person takes over one decision. The catalogue has no such field; what people spend is taken off.
    decision_min: float
    #: `timeSpendOccurancesPerEmployee`: cases a year and employee.
    time_spend_occurances_per_employee: float = 0.0
    #: `timeSpendEmployeesDoingProcess`.
    time_spend_employees_doing_process: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LegalBasis:
    """Why personal data may be handled here: `legalClause` of OS2autoproces."""

    #: GDPR article, act and section, such as "GDPR art. 6(1)(e); bogføringsloven § 10".
    clause: str
    #: What the data are used for, by language.
    purpose: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Process(Generic[I, R]):
    """One automated process."""

    #: lower_snake_case: in URLs and commands, the item's lane and the first part of its reference.
    name: str
    #: By language, "da" and "en".
    title: Mapping[str, str]
    #: What it does for whom, in a sentence, by language.
    purpose: Mapping[str, str]
    #: What comes in for one case. No personal data: those lie in the stored object that it names.
    given: type[I]
    #: The case's own name: the same case that comes in twice is one item. At most 120 characters, no personal data.
    reference: Callable[[I, Store], str]
    #: Taken in this order, from the first on each round.
    steps: Sequence[Step[R]]
    #: All that it may do outside.
    effects: Sequence[EffectSpec]
    legal_basis: LegalBasis
    time_saved: TimeSaved
    #: What the steps carry along.
    run: type[R]
    #: Receivers of its own, by name.
    receivers: Mapping[str, Callable[[], Receiver]] = field(default_factory=dict)
    #: Rules, policies and models for the steps, made once per replica. It gets the verified models by name.
    load: Callable[[Mapping[str, Any]], Any] = lambda models: None
    #: Models that take part, by registered name.
    models: Mapping[str, ModelUse] = field(default_factory=dict)
    #: Pseudonym of the person whom a case concerns, by `samdrift_platform.pseudonyms`; None: nobody.
    subject: Callable[[I, Store], str | None] = lambda given, store: None
    #: Its steps ask a person about a case whose reference another case with other content has: its payload says so
    #: (`same_reference`, the other's reference, and `first_item`, its item where it came earlier). False: rejected.
    asks_about_second: bool = False
    #: Files that are given together become cases: from bytes by reference, the reference of each case's own document
    #: and the case. None: each file is a case, where the input is one document.
    bundle: Callable[[Mapping[str, bytes]], Iterable[tuple[str, Mapping[str, Any]]]] | None = None
    #: What came in as one and is several, such as letters in a container: a case for each; one that is one, itself.
    unpack: Callable[[I, Store], Iterable[I]] = lambda given, store: (given,)
    #: What a person is shown of a case that no step was taken for. No personal data.
    glance: Callable[[I, Store], Mapping[str, JsonValue]] = lambda given, store: {}
    #: What people call a case in lists, by language, from its result so far and when it came in (aware): where the
    #: reference tells them nothing. No personal data. Empty: its reference.
    designation: Callable[[Mapping[str, Any], datetime | None], Mapping[str, str]] = lambda result, received: {}
    #: Who decides its questions, where a question does not say so itself; empty: whoever may decide at all.
    deciders: Deciders = field(default_factory=Deciders)
    #: A case that is not done within this time from its receipt is late.
    answer_within: timedelta = timedelta(days=1)
    #: When it works.
    hours: Hours = ALWAYS
    #: Cases that it fetches by itself, at set times.
    collections: Sequence[Collection] = ()
    #: Cases in work at the same time, at most; 0: as many as the platform admits.
    most_at_once: int = 0
    #: KLE numbers (`dd.dd.dd`) and FORM task keys.
    kle: Sequence[str] = ()
    form: Sequence[str] = ()
    retention: Retention = field(default_factory=Retention)
    #: An input that may be tried, for documentation and `samdrift rpa new`'s test.
    example: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not work, where its author sees it."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", self.name):
            raise ProcessError(f"The process is called {self.name!r}; it takes lower_snake_case, 2 to 41 characters.")
        named = {
            "step": [each.name for each in self.steps],
            "effect": [each.step for each in self.effects],
            "collection": [each.name for each in self.collections],
        }
        for what, names in named.items():
            if len(set(names)) != len(names):
                raise ProcessError(f"{self.name} has a {what} twice: {names}.")

    @property
    def declared(self) -> Mapping[str, str]:
        """Step of each effect -> its receiver."""
        return {effect.step: effect.receiver for effect in self.effects}
