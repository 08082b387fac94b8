"""What a person is asked about an effect that was refused, or of which nobody can tell whether it happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind, Question

#: Codes of these questions begin so; a workload's own codes hold no colon.
PREFIX = "effect:"
#: Nothing of the item happens outside until it is settled, so somebody should look within a working day.
ANSWER_WITHIN = timedelta(days=1)


class Settlement(StrEnum):
    """What a person says of a stopped effect."""

    #: It is there: the person saw it. The effect counts as delivered.
    HAPPENED = "happened"
    #: It is not there: it is made. The receiver is asked once more first, where it can answer.
    MAKE = "make"
    #: The receiver is asked again, and the effect made if the receiver says that it did not happen.
    ASK_AGAIN = "ask_again"
    #: Nobody tries any more: the item fails, and what was to follow is not done.
    GIVE_UP = "give_up"


def code_of(step: str, attempt: int) -> str:
    """The question's code; another one after every attempt, because an effect may stop more than once."""
    return f"{PREFIX}{step}:{attempt}"


def step_of(code: str) -> str | None:
    """The step that a question is about; None: it is a workload's own question."""
    return code.removeprefix(PREFIX).rpartition(":")[0] if code.startswith(PREFIX) else None


def effect_question(step: str, receiver: str, attempt: int, *, refused: bool) -> Question:
    """The question, without what the receiver said: that may be personal, and stands in the effect.

    Args:
        step: of the effect.
        receiver: its name.
        attempt: calls so far.
        refused: the receiver said no; else nobody can tell whether it happened.
    """
    asked = _REFUSED if refused else _UNKNOWN
    return Question(
        code=code_of(step, attempt),
        title={language: _title(refused, step, receiver, language) for language in asked["title"]},
        reasons=(asked["reason"],),
        choices=_after_a_refusal() if refused else _not_known(),
        facts=(
            Fact(label={"da": "Handling", "en": "Step"}, value=step),
            Fact(label={"da": "Modtager", "en": "Receiver"}, value=receiver),
            Fact(label={"da": "Forsøg", "en": "Attempts"}, value=str(attempt)),
        ),
        answer_within=ANSWER_WITHIN,
    )


def title_in_words(question: Question, what: str, language: str) -> str:
    """The title of such a question with what people call the step."""
    refused = question.choices[0].code == Settlement.MAKE
    return _title(refused, what, question.facts[1].said(language), language)


def _title(refused: bool, what: str, receiver: str, language: str) -> str:
    titles = (_REFUSED if refused else _UNKNOWN)["title"]
    return titles[language] % {"step": what, "receiver": receiver}


_UNKNOWN: Mapping[str, Mapping[str, str]] = {
    "title": {
        "da": "Er det sket? %(step)s hos %(receiver)s",
        "en": "Did it happen? %(step)s at %(receiver)s",
    },
    "reason": {
        "da": "Modtageren kunne ikke sige, om det skete. Det bliver aldrig gentaget i blinde: se efter hos modtageren.",
        "en": "The receiver could not say whether it happened. It is never repeated blindly: look at the receiver's.",
    },
}
_REFUSED: Mapping[str, Mapping[str, str]] = {
    "title": {
        "da": "Afvist: %(step)s hos %(receiver)s. Hvad skal der ske?",
        "en": "Refused: %(step)s at %(receiver)s. What now?",
    },
    "reason": {
        "da": "Modtageren vil afvise det igen, indtil nogen har rettet op på det.",
        "en": "The receiver will refuse it again until somebody has set it right.",
    },
}


def _field(name: str, da: str, en: str, *, required: bool = True) -> DecisionField:
    return DecisionField(name=name, label={"da": da, "en": en}, kind=FieldKind.TEXT, required=required)


def _happened() -> Choice:
    return Choice(
        code=Settlement.HAPPENED,
        label={"da": "Det skete", "en": "It happened"},
        fields=(
            _field("seen", "Hvad du så, og hvor", "What you saw, and where"),
            _field("number", "Dets nummer dér, hvis det har et", "Its number there, if it has one", required=False),
        ),
    )


def _give_up() -> Choice:
    return Choice(
        code=Settlement.GIVE_UP,
        label={"da": "Opgiv det: sagen ender som fejlet", "en": "Give it up: the item ends as failed"},
        fields=(_field("reason", "Hvorfor", "Why"),),
    )


def _not_known() -> tuple[Choice, ...]:
    make = Choice(
        code=Settlement.MAKE,
        label={"da": "Det skete ikke: gør det nu", "en": "It did not happen: make it now"},
        fields=(_field("looked", "Hvor du så efter", "Where you looked"),),
    )
    ask = Choice(code=Settlement.ASK_AGAIN, label={"da": "Spørg modtageren igen", "en": "Ask the receiver again"})
    return (_happened(), make, ask, _give_up())


def _after_a_refusal() -> tuple[Choice, ...]:
    make = Choice(
        code=Settlement.MAKE,
        label={"da": "Der er rettet op på det: gør det nu", "en": "It was set right: make it now"},
        fields=(_field("set_right", "Hvad der blev rettet", "What was set right"),),
    )
    return (make, _happened(), _give_up())
