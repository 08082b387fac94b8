"""What a person is asked about an item, and what they decided: typed, so that the one can be held to the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import JsonValue, TypeAdapter

from samdrift_platform.receiver import JsonObject

#: Of questions, choices, fields and options.
CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Names of units: no comma and no `@`, which set them apart.
UNIT = re.compile(r"[\w.+-]+( [\w.+-]+)*")


class FieldKind(StrEnum):
    """What may be written into a field of a decision."""

    #: Any text of at most 2,000 characters.
    TEXT = "text"
    #: A finite decimal number.
    NUMBER = "number"
    #: An ISO 8601 calendar date.
    DATE = "date"
    #: True or false.
    YES_NO = "yes_no"
    #: One of the field's options, by its code.
    ONE_OF = "one_of"


@dataclass(frozen=True, kw_only=True)
class DecisionField:
    """Something that a decision must, or may, say beside the choice."""

    name: str
    #: By language, "da" and "en"; so are all labels here.
    label: Mapping[str, str]
    kind: FieldKind
    required: bool = True
    #: Code -> label, for ONE_OF.
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: What is proposed; the person may change it.
    proposed: JsonValue = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One way to decide."""

    code: str
    label: Mapping[str, str]
    fields: tuple[DecisionField, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that the decision rests on, without personal data: those stay in the objects."""

    label: Mapping[str, str]
    #: As it is, such as a number of something; by language where it is words, an amount or a day.
    value: str | Mapping[str, str]
    #: A stored object that shows it (`sha256:…`), where there is one.
    object: str = ""
    #: Its media type, such as `application/xml`.
    media_type: str = ""

    def said(self, language: str) -> str:
        """The value for a reader of `language`."""
        return self.value if isinstance(self.value, str) else self.value[language]


@dataclass(frozen=True, kw_only=True)
class Deciders:
    """Who may decide: people with one of these roles, in one of these units. Empty: whoever may decide at all."""

    #: Roles that may decide (`samdrift_registry.people.Role`).
    roles: tuple[str, ...] = ()
    #: Names of units or groups that people are appointed to.
    units: tuple[str, ...] = ()

    @property
    def audience(self) -> str:
        """The same in one line, by which the ledger finds what somebody may decide: `case_worker,domain@finance`."""
        return f"{','.join(sorted(self.roles))}@{','.join(sorted(self.units))}" if self.roles or self.units else ""

    @classmethod
    def of_audience(cls, audience: str) -> Deciders:
        """From that line."""
        roles, _, units = audience.partition("@")
        return cls(roles=_names(roles), units=_names(units))

    def include(self, roles: Collection[str], units: Collection[str]) -> bool:
        """Whether somebody with these roles in these units may decide, where they may decide at all."""
        has_role = not self.roles or not set(self.roles).isdisjoint(roles)
        return has_role and (not self.units or not set(self.units).isdisjoint(units))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a person must decide before an item goes on.

    An item is asked a question of one code once: what was decided stays decided, and `process` finds it in
    `Item.earlier` from then on.
    """

    #: Unique within the item, lower_snake_case.
    code: str
    #: What is to be decided, in a sentence, by language.
    title: Mapping[str, str]
    #: Why it was not decided without a person, sentences by language.
    reasons: tuple[Mapping[str, str], ...] = ()
    choices: tuple[Choice, ...]
    facts: tuple[Fact, ...] = ()
    #: How many different people must decide the same: 2 is four eyes.
    people: int = 1
    #: Who may decide, of those who may decide at all.
    deciders: Deciders = field(default_factory=Deciders)
    #: How long it may wait before it is escalated; None: as long as it likes.
    answer_within: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided, once enough people agreed."""

    question: str
    choice: str
    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    #: Sign-in subjects of those who decided, in that order.
    people: tuple[str, ...] = ()
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What became of an item before it came to `process` again."""

    #: In the order in which they were made.
    decisions: tuple[Decision, ...] = ()
    #: Step of a delivered effect -> what its receiver answered.
    answers: Mapping[str, JsonObject] = field(default_factory=dict)

    def decision(self, question: str) -> Decision | None:
        """What was decided about `question`; None: not yet."""
        return next((each for each in self.decisions if each.question == question), None)


_QUESTION = TypeAdapter(Question)


def question_to_json(question: Question) -> dict[str, JsonValue]:
    """As the ledger keeps it, and as the audit chain digests it: nothing where everybody who decides may decide."""
    value: dict[str, JsonValue] = _QUESTION.dump_python(question, mode="json")
    if question.deciders == Deciders():
        del value["deciders"]
    return value


def question_from_json(value: object) -> Question:
    """The reverse; pydantic's ValidationError when it is not one."""
    return _QUESTION.validate_python(value)
