"""What a person is asked about a letter. No question quotes the letter: it is shown from the stored object."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from samdrift_platform.contract import Question
from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind
from samdrift_rpa.digital_post.memo import DocumentKind, Letter
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.hours import COPENHAGEN

#: The person says what no robot can know.
REJECT = Choice(code="reject", label={"da": "Ikke til os: afvis", "en": "Not for us: reject"})
#: A letter that waits longer for a person is escalated.
ANSWER_WITHIN = timedelta(hours=8)


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


def unit(letter: Letter, policy: PostPolicy, facts: tuple[Fact, ...]) -> Question:
    """Which unit gets it, where the policy does not say."""
    return Question(
        code="unit",
        title={"da": "Hvilken enhed skal have brevet?", "en": "Which unit gets this letter?"},
        reasons=(
            {
                "da": "Hverken kontaktpunkt, KLE-emne eller FORM-opgave siger, hvor det hører til.",
                "en": "Neither contact point nor KLE subject nor FORM task says where it belongs.",
            },
        ),
        choices=(
            Choice(
                code="route",
                label={"da": "Send til enheden", "en": "Send it to the unit"},
                fields=(unit_field(policy),),
            ),
            REJECT,
        ),
        facts=(*facts, *shown(letter)),
        answer_within=ANSWER_WITHIN,
    )


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
