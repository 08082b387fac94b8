"""Digital Post: each letter is read, sorted, journalised on its case, handed to a unit and acknowledged, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from samdrift_platform.contract import ModelUse, Store
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.digital_post import journal, questions, sorting
from samdrift_rpa.digital_post.classifier import MODEL
from samdrift_rpa.digital_post.designation import designation
from samdrift_rpa.digital_post.due import SORTED_WITHIN, due_on, received_at, too_early
from samdrift_rpa.digital_post.engine import PostEngine, load, reading_alone
from samdrift_rpa.digital_post.memo import Letter
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.digital_post.routing import Route
from samdrift_rpa.digital_post.thread import external_id
from samdrift_rpa.messages import N_
from samdrift_rpa.object_reference import ObjectReference
from samdrift_rpa.process import EffectSpec, LegalBasis, Process, TimeSaved
from samdrift_rpa.run import Run
from samdrift_rpa.step import step

CASE, ENTRY, ASSIGNMENT, REPLY = "find_case", "journalise", "assign", "acknowledge"
NOT_FOR_US = N_("A person says that this letter is not for us.")


class IncomingLetter(BaseModel):
    """One message that Digital Post delivered, as a reference to the stored MeMo."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: ObjectReference = Field(
        description="The MeMo XML (1.1 or 1.2), or a container of several (.tar.lzma), stored before."
    )


class LetterRun(Run):
    """A letter on its way."""

    given: IncomingLetter
    engine: PostEngine
    letter: Letter
    #: KLE number; empty: not known, and not needed.
    subject: str
    route: Route

    def reject_if(self, choice: str) -> None:
        """A person's word that it is not ours ends it."""
        if choice == questions.REJECT.code:
            raise BusinessError("not_for_us", NOT_FOR_US)


@step(da="Læs brevet", en="Read the letter")
def read(run: LetterRun) -> None:
    """Bytes to a letter; what cannot be taken in is refused before anything is done."""
    run.note("provenance", run.engine.provenance())
    for name, value in run.engine.policy.stated(run.engine.policy.version).items():
        run.note(name, value)
    run.letter = run.engine.read(run.store, run.given.message)
    run.note("letter", sorting.summary(run.letter))
    due = due_on(run.letter, received_at(run.item), run.engine.policy)
    run.note("due_on", due.isoformat() if due else None)


@step(da="Vent til brevet må leveres", en="Hold it until it may be delivered")
def hold(run: LetterRun) -> None:
    """`doNotDeliverUntilDate` is kept: until a person says that the day has come, nobody outside learns of it."""
    received = received_at(run.item)
    if too_early(run.letter, received):
        run.reject_if(run.ask(questions.too_early(run.letter, received)).choice)


@step(da="Find emne og enhed", en="Find subject and unit")
def sort_out(run: LetterRun) -> None:
    """By the sender's metadata and the policy; where both are silent, a proposal or a person."""
    run.subject, run.route = sorting.sort_out(run)
    run.note("subject", run.subject)
    run.note("route", {"unit": run.route.unit, "by": run.route.by, "rule": run.route.rule})


@step(da="Find eller opret sagen", en="Find or create the case")
def find_case(run: LetterRun) -> None:
    """By an external id of ours that is the same for the whole correspondence."""
    run.note("case", str(external_id(run.letter, run.engine.policy)))
    run.effect(CASE, journal.case_request(run))


@step(da="Journalisér", en="Journalise")
def journalise(run: LetterRun) -> None:
    """The message itself and every file in it."""
    run.effect(ENTRY, journal.entry_request(run))


@step(da="Fordel til enheden", en="Assign it to the unit")
def assign(run: LetterRun) -> None:
    """With the day by which it must be answered."""
    run.effect(ASSIGNMENT, journal.assignment_request(run))


@step(da="Kvittér", en="Acknowledge")
def acknowledge(run: LetterRun) -> None:
    """Where the sender may be replied to; a legal notification is never acknowledged by a robot."""
    if (request := journal.reply_request(run)) is not None:
        run.effect(REPLY, request)


def reference_of(given: IncomingLetter, store: Store) -> str:
    """The `messageUUID`; where that cannot be read, the content's digest."""
    from samdrift_rpa.digital_post.letter import message_uuid, read_header

    try:
        return message_uuid(read_header(store, given.message))
    except MessageRefusedError:
        return f"message {given.message}"


def subject_of(given: IncomingLetter, store: Store) -> str | None:
    """Pseudonym of the person whom it is about: `CPRdata`, otherwise a sender with a CPR number."""
    from samdrift_platform.pseudonyms import pseudonym
    from samdrift_rpa.digital_post.letter import concerned_cpr, read_header

    try:
        number = concerned_cpr(read_header(store, given.message))
    except MessageRefusedError:
        return None
    return pseudonym("cpr", number) if number else None


def unpack(given: IncomingLetter, store: Store) -> Iterator[IncomingLetter]:
    """Each letter of a container. One that is broken is a case itself: its first step says why it is refused."""
    from samdrift_rpa.digital_post.container import is_container, letters_in

    if not is_container(store, given.message):
        yield given
        return
    try:
        yield from (IncomingLetter(message=message) for message in letters_in(store, given.message))
    except MessageRefusedError:  # raised before the first one
        yield given


def glance(given: IncomingLetter, store: Store) -> Mapping[str, JsonValue]:
    """What can be read of a letter, for a person who handles it without the robot."""
    try:
        return {"letter": sorting.summary(reading_alone().read(store, given.message))}
    except MessageRefusedError:  # the person sees that it cannot be read
        return {}


process = Process(
    name="digital_post",
    title={"da": "Digital Post", "en": "Digital Post"},
    purpose={
        "da": "Læser breve fra Digital Post, journaliserer dem på deres sag, fordeler dem og kvitterer, én gang.",
        "en": "Reads letters from Digital Post, journalises them on their case, assigns and acknowledges them, once.",
    },
    given=IncomingLetter,
    reference=reference_of,
    run=LetterRun,
    steps=(read, hold, sort_out, find_case, journalise, assign, acknowledge),
    effects=(
        EffectSpec(step=CASE, receiver="case_system", title={"da": "Sag fundet", "en": "Case found"}),
        EffectSpec(step=ENTRY, receiver="case_system", title={"da": "Journaliseret", "en": "Journalised"}),
        EffectSpec(step=ASSIGNMENT, receiver="case_system", title={"da": "Fordelt", "en": "Assigned"}),
        EffectSpec(step=REPLY, receiver="digital_post", title={"da": "Kvittering sendt", "en": "Acknowledged"}),
    ),
    unpack=unpack,
    load=load,
    models={MODEL: ModelUse(suite="digital-post-subject", policy="digital-post-subject", required=False)},
    subject=subject_of,
    glance=glance,
    designation=designation,
    answer_within=SORTED_WITHIN,
    legal_basis=LegalBasis(
        clause="GDPR art. 6(1)(e); forvaltningsloven; offentlighedsloven § 15 (journaliseringspligt); "
        "lov om Digital Post fra offentlige afsendere",
        purpose={"da": "Modtagelse og journalisering af post", "en": "Receiving and journalising letters"},
    ),
    kle=("85.02.01", "85.02.08"),
    time_saved=TimeSaved(time_spend_per_occurance_min=5.0, decision_min=2.0),
    example={"message": "sha256:" + "0123456789abcdef" * 4},
)
