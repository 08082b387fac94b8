"""What a person is asked about a letter. No question quotes the letter: it is shown from the stored object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from samdrift_platform.contract import Question
from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind
from samdrift_rpa.digital_post.classifier import OTHER
from samdrift_rpa.digital_post.confidence import in_percent
from samdrift_rpa.digital_post.memo import DocumentKind, Letter
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.digital_post.proposals import Proposals
from samdrift_rpa.digital_post.reading import Reading
from samdrift_rpa.hours import COPENHAGEN
from samdrift_rpa.sentence import number_by_language

if TYPE_CHECKING:
    from samdrift_rpa.digital_post.engine import PostEngine

#: Codes of the questions about a letter's subject and unit.
SUBJECT, UNIT = "subject", "unit"
#: The person says what no robot can know.
REJECT = Choice(code="reject", label={"da": "Ikke til os: afvis", "en": "Not for us: reject"})
#: A letter that waits longer for a person is escalated.
ANSWER_WITHIN = timedelta(hours=8)
#: Why nothing of the main document was read.
UNREAD: Mapping[Reading, Mapping[str, str]] = {
    Reading.NO_TEXT: {
        "da": "Hoveddokumentet er uden tekst, formentlig scannet.",
        "en": "The main document is without text, probably a scan.",
    },
    Reading.ENCRYPTED: {
        "da": "Hoveddokumentet kan kun åbnes med en adgangskode.",
        "en": "The main document opens with a password only.",
    },
    Reading.BROKEN: {
        "da": "Hoveddokumentet er ikke en PDF, der kan læses.",
        "en": "The main document is no PDF that can be read.",
    },
    Reading.TOO_LARGE: {
        "da": "Hoveddokumentet er for stort til at blive læst af en robot.",
        "en": "The main document is too large to be read by a robot.",
    },
    Reading.TOO_SLOW: {
        "da": "Hoveddokumentet tog for lang tid at læse.",
        "en": "The main document took too long to read.",
    },
    Reading.OTHER_FORMAT: {
        "da": "Hoveddokumentet har et format, som robotten ikke læser.",
        "en": "The main document has a format that the robot does not read.",
    },
}
_SOMETHING_ELSE = {"da": "noget andet", "en": "something else"}
_TITLE_ALONE = {
    "da": "Forslagene bygger derfor på titlen alene, og en medarbejder vælger.",
    "en": "So the proposals rest on the title alone, and a person chooses.",
}


def too_early(letter: Letter, received: datetime | None) -> Question:
    """Hold it until its day has come."""
    until = letter.do_not_deliver_until or date.max
    wait = timedelta(days=(until - received.astimezone(COPENHAGEN).date()).days) if received else None
    return Question(
        code="too_early",
        title={"da": "Brevet må ikke leveres endnu.", "en": "This letter must not be delivered yet."},
        reasons=(
            {
                "da": f"Afsenderen har bedt om, at det ikke leveres før {until:%d.%m.%Y}.",
                "en": f"Its sender asks that it is not delivered before {until.isoformat()}.",
            },
        ),
        choices=(
            Choice(code="deliver", label={"da": "Datoen er kommet: behandl det", "en": "The day has come: go on"}),
            REJECT,
        ),
        answer_within=wait,
    )


def unit(letter: Letter, policy: PostPolicy, made: Proposals | None = None) -> Question:
    """Which unit gets it, where neither the policy says nor anything is proposed."""
    unread = made.unread if made else None
    return Question(
        code=UNIT,
        title={"da": "Hvilken enhed skal have brevet?", "en": "Which unit gets this letter?"},
        reasons=(
            {
                "da": "Hverken kontaktpunkt, KLE-emne eller FORM-opgave siger, hvor det hører til.",
                "en": "Neither contact point nor KLE subject nor FORM task says where it belongs.",
            },
            *([UNREAD[unread]] if unread else ()),
        ),
        choices=(
            Choice(
                code="route",
                label={"da": "Send til enheden", "en": "Send it to the unit"},
                fields=(unit_field(policy),),
            ),
            REJECT,
        ),
        facts=shown(letter),
        answer_within=ANSWER_WITHIN,
    )


def subject(letter: Letter, engine: PostEngine, made: Proposals) -> Question:
    """What it is about, where tagger and model do not decide it together."""
    policy = engine.policy
    proposed = made.subjects(policy.proposals)
    field = DecisionField(
        name="subject",
        label={"da": "KLE-emne", "en": "KLE subject"},
        kind=FieldKind.ONE_OF,
        options={number: _named(number, engine) for number in proposed},
        proposed=proposed[0],
    )
    return Question(
        code=SUBJECT,
        title={"da": "Hvad handler brevet om?", "en": "What is this letter about?"},
        reasons=tuple(_reasons(made, engine)),
        choices=(
            Choice(code="use", label={"da": "Brug emnet", "en": "Use this subject"}, fields=(field,)),
            Choice(
                code="unit",
                label={"da": "Intet af dem: send til en enhed", "en": "None of them: send it to a unit"},
                fields=(unit_field(policy),),
            ),
            REJECT,
        ),
        facts=(*_confidences(made, engine), *shown(letter)),
        answer_within=ANSWER_WITHIN,
    )


def _reasons(made: Proposals, engine: PostEngine) -> Iterator[Mapping[str, str]]:
    """That it could not be read, and what else would have stood in the way."""
    if made.unread:
        yield UNREAD[made.unread]
        yield _TITLE_ALONE
    if not made.agreed(engine.policy):
        yield _why(made, engine)
    elif not made.unread:
        yield {"da": "Intet i politikken giver emnet en enhed.", "en": "The policy gives the subject no unit."}


def _why(made: Proposals, engine: PostEngine) -> dict[str, str]:
    if not made.guesses:
        return {
            "da": "Ingen model er i drift, så en medarbejder vælger.",
            "en": "No model is deployed, so a person chooses.",
        }
    if made.confidence < engine.policy.least_confidence:
        at_least, sure = f"{engine.policy.least_confidence * 100:g} %", in_percent(made.confidence)
        return {
            "da": f"Modellen er {sure} sikker; politikken kræver {at_least}.",
            "en": f"The model is {sure} sure; the policy asks for {at_least}.",
        }
    if engine.tagger is None:
        return {
            "da": "KLE er ikke installeret, så modellen er alene om sit forslag. Derfor vælger en medarbejder.",
            "en": "KLE is not installed, so the model alone proposes something. Therefore a person chooses.",
        }
    return {
        "da": "Model og KLE's nøgleord er ikke enige om et emne.",
        "en": "Model and KLE's keywords do not agree on a subject.",
    }


def _confidences(made: Proposals, engine: PostEngine) -> Iterator[Fact]:
    """How sure each proposal is, by whom."""
    for guess in made.guesses[:3]:
        yield Fact(label=_by("Model", guess.subject, engine), value=in_percent(guess.confidence))
    for tag in made.tags[:3]:
        yield Fact(label=_by("KLE", tag.number, engine), value=number_by_language(tag.score, 1))


def _by(proposer: str, subject: str, engine: PostEngine) -> dict[str, str]:
    names = _SOMETHING_ELSE if subject == OTHER else _named(subject, engine)
    return {language: f"{proposer}: {name}" for language, name in names.items()}


def _named(number: str, engine: PostEngine) -> dict[str, str]:
    name = f"{number} {engine.title(number)}".strip()
    return {"da": name, "en": name}


def unit_field(policy: PostPolicy) -> DecisionField:
    """One of the policy's units."""
    return DecisionField(
        name="unit", label={"da": "Enhed", "en": "Unit"}, kind=FieldKind.ONE_OF, options=dict(policy.units)
    )


def shown(letter: Letter) -> tuple[Fact, ...]:
    """The letter's main documents, to be opened from the store."""
    return tuple(
        Fact(
            label={"da": f"Hoveddokument {number}", "en": f"Main document {number}"},
            value=file.media_type,
            object=file.object,
            media_type=file.media_type,
        )
        for number, file in enumerate((f for f in letter.files if f.kind is DocumentKind.MAIN), start=1)
    )
