"""The register's web forms as a robot sees them: the page object to change when the register changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote
from uuid import UUID

from samdrift_platform.contract import JsonObject, Store
from samdrift_rpa.driving_licence.application import Kind
from samdrift_rpa.driving_licence.entering import Decided, Entry, Ground, entry_of
from samdrift_rpa.receivers.web_form import SignIn
from samdrift_rpa.web.errors import ChangedFormError, FormError
from samdrift_rpa.web.field import Field, Option, Value, shown
from samdrift_rpa.web.screen import Screen
from samdrift_rpa.web.view import Markup

USER = Field(label="Brugernavn", name="bruger")
PASSWORD = Field(label="Adgangskode", name="adgangskode", is_personal=True)
#: The form's own field for the number that another system gave the case: the effect's key goes here.
REFERENCE = Field(label="Ekstern reference", name="ekstern_ref")
CPR = Field(label="CPR-nummer", name="cpr", is_personal=True)
NAME = Field(label="Ansøgers navn", name="navn", is_personal=True)
CATEGORY = Field(label="Kategori", name="kategori")
KIND = Field(label="Ansøgningstype", name="ansoegningstype")
CERTIFICATE_DATE = Field(label="Lægeattest udstedt", name="attest_dato")
CERTIFICATE_REMARKS = Field(label="Bemærkninger i lægeattest", name="attest_bem")
PHOTO = Field(label="Foto", name="foto")
DECISION = Field(label="Afgørelse", name="afgoerelse")
GROUND = Field(label="Begrundelse", name="begrundelse")
DECIDED_BY = Field(label="Afgjort af", name="afgjort_af")

_KINDS = {Kind.FIRST: "Førstegangs", Kind.RENEWAL: "Fornyelse", Kind.EXTENSION: "Udvidelse"}
_DECISIONS = {
    Decided.ISSUE: "Udsted kørekort",
    Decided.FORWARD: "Videresendt til Færdselsstyrelsen",
    Decided.REFUSE: "Afslag",
}
_GROUNDS = {Ground.AGE: "Alder", Ground.CERTIFICATE: "Lægeattest", Ground.PHOTO: "Foto", Ground.OTHER: "Anden grund"}
#: Where the register wants something and there is nothing.
_NONE = "Ingen"


class LicenceForm:
    """Sign in, three pages, a page to check them, one button; and a search by reference."""

    party = "The register of driving licences"
    sign_in_heading = "Log ind"
    saves_at = "/ansoegning/gem"
    markup = Markup()

    def __init__(self, url: str, *, user: Callable[[], SignIn], store: Callable[[], Store]) -> None:
        """`user` is asked at every log-in, so that a changed password holds at once; `store` has the applications."""
        self.url, self._user, self._store = url, user, store

    def prepare(self, request: JsonObject) -> Entry:
        """Read the application that the request names."""
        return entry_of(request, self._store())

    def sign_in(self, screen: Screen) -> None:
        """A session for this form."""
        user = self._user()
        screen.open("/log-ind", heading="Log ind")
        screen.fill({USER: user.user, PASSWORD: user.password})
        screen.press("Log ind", heading="Kørekortregister")

    def fill_in(self, screen: Screen, key: UUID, entry: Entry) -> None:
        """Three pages, and a look at what the register made of them before anything is saved."""
        pages = pages_of(key, entry)
        screen.open("/ansoegning/ny", heading="Ny ansøgning: ansøger")
        for values, onward in zip(
            pages,
            ("Ny ansøgning: kategori og helbred", "Ny ansøgning: afgørelse", "Kontrollér ansøgning"),
            strict=True,
        ):
            screen.fill(values)
            screen.press("Næste", heading=onward)
        _check(screen, {field: value for page in pages for field, value in page.items()})

    def save(self, screen: Screen) -> JsonObject:
        """One press; the receipt says the case number."""
        screen.press("Gem sag", heading="Kvittering")
        return {"case_number": screen.fact("Sagsnummer")}

    def look_up(self, screen: Screen, key: UUID) -> JsonObject | None:
        """By reference; "no cases" must be said, about this very key."""
        screen.open(f"/soeg?reference={quote(str(key))}", heading="Søg sag")
        facts = screen.facts()
        if facts.get(REFERENCE.label) == str(key):
            if screen.fact("Antal sager") != "1":
                raise FormError(
                    f"The register has {facts['Antal sager']} cases with this reference; a person must look."
                )
            return {"case_number": screen.fact("Sagsnummer")}
        if not facts and screen.has_text(f"Ingen sager med ekstern reference {key}"):
            return None
        raise ChangedFormError("The page 'Søg sag' says neither that there is such a case nor that there is none.")


def pages_of(key: UUID, entry: Entry) -> list[Mapping[Field, Value]]:
    """What goes into which field, page by page."""
    issued_on = entry.certificate_issued_on
    return [
        {REFERENCE: str(key), CPR: entry.cpr, NAME: entry.name},
        {
            CATEGORY: Option(label=entry.category),
            KIND: Option(label=_KINDS[entry.kind]),
            CERTIFICATE_DATE: f"{issued_on:%d-%m-%Y}" if issued_on else _NONE,
            CERTIFICATE_REMARKS: Option(label="Ja" if entry.certificate_remarks else "Nej"),
            PHOTO: entry.photo,
        },
        {
            DECISION: Option(label=_DECISIONS[entry.decision]),
            GROUND: Option(label=_GROUNDS[entry.ground] if entry.ground else _NONE),
            DECIDED_BY: entry.decided_by,
        },
    ]


def _check(screen: Screen, values: Mapping[Field, Value]) -> None:
    """The register's own summary must say, beside every label, what was meant."""
    said = screen.facts()
    wrong = [field.label for field, value in values.items() if said.get(field.label) != shown(value)]
    if wrong:
        raise ChangedFormError(f"The page 'Kontrollér ansøgning' says something else beside {', '.join(wrong)}.")
