"""Applications for driving licences: completeness and rules by a robot, the decision by a person, the entry by a robot.

The flow of a municipality's citizen service: does the doctor's certificate carry remarks? Then Færdselsstyrelsen
decides; else the licence is issued. The robot decides nothing of it. It lays out what the rules say, waits for a
person, and types what the person decided into the register once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from samdrift_platform.contract import Question, Store
from samdrift_platform.errors import NotFoundError
from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.driving_licence.application import Application, UnreadableApplicationError, read_application
from samdrift_rpa.driving_licence.checks import Check, check
from samdrift_rpa.driving_licence.completeness import what_is_missing
from samdrift_rpa.driving_licence.entering import Decided, Ground
from samdrift_rpa.driving_licence.receiver import EVIDENCE_KEPT_FOR, licence_register
from samdrift_rpa.driving_licence.receiver import NAME as REGISTER
from samdrift_rpa.driving_licence.rules import Rules
from samdrift_rpa.messages import N_
from samdrift_rpa.object_reference import ObjectReference
from samdrift_rpa.process import EffectSpec, LegalBasis, Process, Retention, TimeSaved
from samdrift_rpa.run import Run
from samdrift_rpa.step import step

ENTER = "enter"
UNREADABLE = N_("This is not an application for a driving licence; look at: %(fields)s.")
INCOMPLETE = N_("The application lacks: %(missing)s.")
DECISION = "decision"

DECISIONS: Mapping[str, Mapping[str, str]] = {
    Decided.ISSUE: {"da": "Udsted kørekort", "en": "Issue the licence"},
    Decided.FORWARD: {"da": "Videresend til Færdselsstyrelsen", "en": "Forward to Færdselsstyrelsen"},
    Decided.REFUSE: {"da": "Giv afslag", "en": "Refuse"},
}
GROUNDS: Mapping[str, Mapping[str, str]] = {
    Ground.AGE: {"da": "Alder", "en": "Age"},
    Ground.CERTIFICATE: {"da": "Lægeattest", "en": "Doctor's certificate"},
    Ground.PHOTO: {"da": "Foto", "en": "Photo"},
    Ground.OTHER: {"da": "Anden grund", "en": "Another reason"},
}


class LicenceApplication(BaseModel):
    """One application, as a reference to the stored document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: ObjectReference = Field(description="The application as JSON, stored before; photo likewise.")


class ApplicationRun(Run):
    """An application on its way."""

    given: LicenceApplication
    engine: Rules
    application: Application
    checks: Sequence[Check]


@step(da="Læs ansøgningen", en="Read the application")
def read(run: ApplicationRun) -> None:
    """Bytes to an application."""
    run.note("rules", run.engine.version)
    try:
        run.application = read_application(run.store.get(run.given.document))
    except UnreadableApplicationError as error:
        raise BusinessError("unreadable", UNREADABLE, fields=", ".join(error.fields)) from error
    run.note("application_number", run.application.application_number)
    run.note("category", run.application.category)
    run.note("kind", run.application.kind)


@step(da="Se om den er fuldstændig", en="See whether it is complete")
def see_whether_complete(run: ApplicationRun) -> None:
    """What is incomplete goes back with what is missing. That refuses nothing: completed, it comes in again."""
    missing = [str(code) for code in what_is_missing(run.application, run.engine, run.store)]
    if missing:
        run.note("missing", [*missing])
        raise BusinessError("incomplete", INCOMPLETE, missing=", ".join(missing))


@step(da="Hold den op mod reglerne", en="Hold it to the rules")
def hold_to_rules(run: ApplicationRun) -> None:
    """Age by category, age of the certificate, remarks, replacement number: laid out, not judged."""
    run.checks = check(run.application, run.engine)
    run.note("checks", [str(each.code) for each in run.checks])


@step(da="Lad en medarbejder afgøre den", en="Have a person decide")
def decide(run: ApplicationRun) -> None:
    """Always: also where every rule holds."""
    decision = run.ask(_question(run))
    run.note("decision", decision.choice)
    if decision.choice == Decided.REFUSE:
        run.note("ground", decision.fields["ground"])
    run.note("decided_by", [*decision.people])


@step(da="Skriv afgørelsen i kørekortregistret", en="Enter the decision in the register")
def enter(run: ApplicationRun) -> None:
    """Once, by the robot; what it types lies in the stored application."""
    run.effect(
        ENTER,
        {
            "document": run.given.document,
            "decision": run.facts["decision"],
            "ground": run.facts.get("ground"),
            "decided_by": run.facts["decided_by"],
        },
    )


def reference_of(given: LicenceApplication, store: Store) -> str:
    """The intake's own number; the object's digest where that cannot be read."""
    application = _application(given, store)
    return given.document if application is None else application.application_number


def subject_of(given: LicenceApplication, store: Store) -> str | None:
    """The applicant's pseudonym, so that an objection stops the robot for them."""
    from samdrift_platform.pseudonyms import pseudonym

    application = _application(given, store)
    return pseudonym("cpr", application.person.cpr) if application and application.person.cpr else None


def designation(result: Mapping[str, Any], received: datetime | None) -> Mapping[str, str]:
    """`Application 2026-000123, category B`; empty where it could not be read."""
    if not (number := result.get("application_number")):
        return {}
    category = result.get("category")
    words = {"da": ("Ansøgning", "kategori"), "en": ("Application", "category")}
    return {
        language: f"{what} {number}" + (f", {kind} {category}" if category else "")
        for language, (what, kind) in words.items()
    }


def _application(given: LicenceApplication, store: Store) -> Application | None:
    try:
        return read_application(store.get(given.document))
    except (UnreadableApplicationError, NotFoundError):
        return None


def _question(run: ApplicationRun) -> Question:
    ground = DecisionField(
        name="ground", label={"da": "Begrundelse", "en": "Reason"}, kind=FieldKind.ONE_OF, options=GROUNDS
    )
    return Question(
        code=DECISION,
        title={"da": "Hvad bliver afgørelsen?", "en": "What is the decision?"},
        reasons=(
            {"da": "Robotten afgør ingen ansøgninger.", "en": "The robot decides no application."},
            *(each.says for each in run.checks if each.is_notable),
        ),
        choices=tuple(
            Choice(code=code, label=label, fields=(ground,) if code == Decided.REFUSE else ())
            for code, label in DECISIONS.items()
        ),
        facts=tuple(_facts(run)),
        answer_within=timedelta(days=5),
    )


def _facts(run: ApplicationRun) -> list[Fact]:
    application = run.application
    facts = [
        Fact(
            label={"da": "Ansøgning", "en": "Application"},
            value=application.application_number,
            object=run.given.document,
            media_type="application/json",
        ),
        Fact(label={"da": "Kategori", "en": "Category"}, value=str(application.category)),
        *(Fact(label=each.about, value=each.says) for each in run.checks),
    ]
    certificate = application.doctors_certificate
    if certificate is not None and certificate.document is not None:
        label = {"da": "Lægeattest", "en": "Doctor's certificate"}
        facts.append(Fact(label=label, value="PDF", object=certificate.document, media_type="application/pdf"))
    return facts


def _load(models: Mapping[str, Any]) -> Rules:
    from samdrift_rpa.driving_licence.rules import read_rules

    return read_rules()


process = Process(
    name="driving_licence",
    title={"da": "Ansøgninger om kørekort", "en": "Applications for driving licences"},
    purpose={
        "da": "Ser om ansøgninger er fuldstændige, holder dem op mod reglerne, venter på en medarbejders afgørelse og "
        "skriver den i registret én gang. Robotten afgør intet.",
        "en": "Sees whether applications are complete, holds them to the rules, waits for a person's decision and "
        "enters it in the register once. The robot decides nothing.",
    },
    given=LicenceApplication,
    reference=reference_of,
    subject=subject_of,
    designation=designation,
    run=ApplicationRun,
    steps=(read, see_whether_complete, hold_to_rules, decide, enter),
    effects=(
        EffectSpec(step=ENTER, receiver=REGISTER, title={"da": "Skrevet i registret", "en": "Entered in the register"}),
    ),
    receivers={REGISTER: licence_register},
    load=_load,
    legal_basis=LegalBasis(
        clause="GDPR art. 6(1)(e), 9(2)(g); færdselsloven § 56; kørekortbekendtgørelsen (BEK nr. 1843/2021)",
        purpose={"da": "Behandling af ansøgninger om kørekort", "en": "Handling applications for driving licences"},
    ),
    kle=("23.09.04",),
    time_saved=TimeSaved(time_spend_per_occurance_min=8.0, decision_min=4.0),
    answer_within=timedelta(days=14),
    retention=Retention(evidence=EVIDENCE_KEPT_FOR),
    example={"document": "sha256:" + "0123456789abcdef" * 4},
)
