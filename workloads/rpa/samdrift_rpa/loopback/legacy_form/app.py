"""The legacy application's addresses: sign in, three pages of a form, a page to check it, a receipt, and a search."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import escape

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from samdrift_rpa.loopback.legacy_form import markup
from samdrift_rpa.loopback.legacy_form.faults import Fault, Faults
from samdrift_rpa.loopback.legacy_form.log import Log

COOKIE = "KOEREKORT_SESSION"
SIGN_IN, NEW, HEALTH, DECISION, CHECK, SAVE, SEARCH = (
    *("/log-ind", "/ansoegning/ny", "/ansoegning/helbred", "/ansoegning/afgoerelse"),
    *("/ansoegning/kontrol", "/ansoegning/gem", "/soeg"),
)


#: How long a slow answer takes: whatever is awaited.
Slow = Callable[[], Awaitable[None]]


@dataclass
class Session:
    """Somebody who has signed in, and the one form that they are filling in."""

    fields: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class LegacyForm:
    """The application's pages over one log."""

    def __init__(self, log: Log, faults: Faults, *, users: Mapping[str, str], slow: Slow) -> None:
        """`users` is user -> password; `slow` is awaited before a slow answer."""
        self._log, self._faults, self._users, self._slow = log, faults, users, slow
        self._sessions: dict[str, Session] = {}

    def sign_in_page(self, alert: str = "") -> Response:
        """Who are you?"""
        labels = {"bruger": "Brugernavn", "adgangskode": "Adgangskode"}
        return _page("Log ind", markup.form(SIGN_IN, labels, "Log ind", alerts=[alert] if alert else []))

    async def sign_in(self, request: Request) -> Response:
        """A session for who has the password."""
        given = await _fields(request)
        if self._users.get(given.get("bruger", "")) != given.get("adgangskode") or not given.get("adgangskode"):
            return self.sign_in_page("Brugernavn eller adgangskode er forkert.")
        identifier = secrets.token_urlsafe(16)
        self._sessions[identifier] = Session()
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(COOKIE, identifier, httponly=True, samesite="lax")
        return response

    async def begin(self, session: Session) -> Response:
        """The first page of a new form; what was filled in before is forgotten."""
        number = await run_in_threadpool(self._log.begin)
        session.fields, session.fault = {}, self._faults.of(number)
        if session.fault is not None:
            await run_in_threadpool(self._log.note_fault, session.fault)
        return _page("Ny ansøgning: ansøger", markup.form(NEW, markup.APPLICANT, "Næste"))

    async def take(self, session: Session, request: Request, here: str) -> Response:
        """Keep a page in the session, or say what is missing on it."""
        labels, onward = {
            NEW: (markup.APPLICANT, HEALTH),
            HEALTH: (markup.HEALTH, DECISION),
            DECISION: (markup.DECISION, CHECK),
        }[here]
        given = await _fields(request)
        await run_in_threadpool(self._log.note_request, f"POST {here}")
        if here == HEALTH and session.fault is Fault.SESSION_LOST:
            self._sessions = {k: v for k, v in self._sessions.items() if v is not session}
            return RedirectResponse(SIGN_IN, status_code=303)
        missing = [labels[name] for name in labels if given.get(name, "") in ("", "Vælg")]
        if missing:
            return _page(
                "Fejl i ansøgning", markup.form(here, labels, "Næste", alerts=[f"{m} mangler." for m in missing])
            )
        session.fields |= {name: given[name] for name in labels}
        return RedirectResponse(onward, status_code=303)

    async def health(self, session: Session) -> Response:
        """The second page."""
        labels = dict(markup.HEALTH)
        if session.fault is Fault.CHANGED_LABEL:
            labels["attest_dato"] = "Attestens dato"
        if session.fault is Fault.SWAPPED_LABELS:
            labels["kategori"], labels["ansoegningstype"] = labels["ansoegningstype"], labels["kategori"]
        return _page("Ny ansøgning: kategori og helbred", markup.form(HEALTH, labels, "Næste"))

    async def decision(self, session: Session) -> Response:
        """The third page."""
        return _page("Ny ansøgning: afgørelse", markup.form(DECISION, markup.DECISION, "Næste"))

    async def check(self, session: Session) -> Response:
        """Everything that was filled in, before it is saved."""
        rows = {markup.LABELS[name]: value.split(" | ")[0] for name, value in session.fields.items()}
        button = markup.confirm(SAVE, "Gem sag", twice=session.fault is Fault.DOUBLE_SUBMIT)
        return _page("Kontrollér ansøgning", markup.facts(rows) + button)

    async def save(self, session: Session) -> Response:
        """Save it, as often as it is told to, and do what the fault says."""
        await run_in_threadpool(self._log.note_request, f"POST {SAVE}")
        fault = session.fault
        if fault is Fault.SESSION_LOST_AT_SAVING or not session.fields:
            return RedirectResponse(SIGN_IN, status_code=303)
        if fault is Fault.ERROR_BEFORE:
            return _page("Systemfejl", "<p>ORA-00060</p>", status=500)
        if fault is Fault.SLOW_BEFORE:
            await self._slow()
        case = await run_in_threadpool(self._log.save, session.fields["ekstern_ref"], session.fields)
        if fault is Fault.ERROR_AFTER:
            return _page("Systemfejl", "<p>ORA-03113</p>", status=500)
        if fault is Fault.SLOW_AFTER:
            await self._slow()
        rows = {"Sagsnummer": case.case_number, "Ekstern reference": case.reference}
        return _page("Kvittering", markup.facts(rows) + '<p><a href="/">Til forsiden</a></p>')

    async def search(self, session: Session, reference: str = "") -> Response:
        """Cases by their reference."""
        body = (
            '<form method="get" action="/soeg"><label for="f_ref">Ekstern reference</label>'
            '<input id="f_ref" name="reference" type="text"><button type="submit">Søg</button></form>'
        )
        if reference:
            body += _found([case.case_number for case in self._log.cases(reference)], reference)
        return _page("Søg sag", body)

    def session_of(self, request: Request) -> Session | None:
        """Whoever is signed in there."""
        return self._sessions.get(request.cookies.get(COOKIE, ""))


def create_app(log: Log, faults: Faults, *, users: Mapping[str, str], slow: Slow) -> FastAPI:
    """The application over `log`."""
    app = FastAPI(title="Legacy register", docs_url=None, redoc_url=None, openapi_url=None)
    forms = LegacyForm(log, faults, users=users, slow=slow)

    def signed_in(show: Callable[..., Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            session = forms.session_of(request)
            if session is None:
                return RedirectResponse(SIGN_IN, status_code=303)
            return await show(session, request)

        return answer

    async def front(session: Session, request: Request) -> Response:
        links = f'<ul><li><a href="{NEW}">Ny ansøgning</a></li><li><a href="{SEARCH}">Søg sag</a></li></ul>'
        return _page("Kørekortregister", links)

    app.add_api_route("/health", lambda: {"status": "ok"}, methods=["GET"])
    app.add_api_route(SIGN_IN, lambda: forms.sign_in_page(), methods=["GET"])
    app.add_api_route(SIGN_IN, forms.sign_in, methods=["POST"])
    app.add_api_route("/", signed_in(front), methods=["GET"])
    for path, show in ((NEW, forms.begin), (HEALTH, forms.health), (DECISION, forms.decision), (CHECK, forms.check)):
        app.add_api_route(path, signed_in(lambda session, request, show=show: show(session)), methods=["GET"])
    for path in (NEW, HEALTH, DECISION):
        app.add_api_route(
            path, signed_in(lambda session, request, here=path: forms.take(session, request, here)), methods=["POST"]
        )
    app.add_api_route(SAVE, signed_in(lambda session, request: forms.save(session)), methods=["POST"])
    app.add_api_route(
        SEARCH,
        signed_in(lambda session, request: forms.search(session, request.query_params.get("reference", "").strip())),
        methods=["GET"],
    )
    return app


def _found(numbers: list[str], reference: str) -> str:
    if not numbers:
        return f"<p>Ingen sager med ekstern reference {escape(reference)}</p>"
    return markup.facts({"Ekstern reference": reference, "Sagsnummer": numbers[0], "Antal sager": str(len(numbers))})


async def _fields(request: Request) -> dict[str, str]:
    """What was sent: of a file its name, media type and digest."""
    from starlette.datastructures import UploadFile

    fields = {}
    async with request.form() as form:
        for name, value in form.items():
            if isinstance(value, UploadFile):
                content = await value.read()
                digest = hashlib.sha256(content).hexdigest()
                fields[name] = f"{value.filename} | {value.content_type} | sha256:{digest}" if content else ""
            else:
                fields[name] = value.strip()
    return fields


def _page(heading: str, body: str, *, status: int = 200) -> Response:
    return HTMLResponse(markup.page(heading, body), status_code=status)
