"""A legacy register of permits that misbehaves as a test likes, and the page object of the how-to guide for it.

Its pages are written as old applications write them: no `label` elements, headings in `h2`, a link where others have a
button, a question in a dialog before it saves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from samdrift_platform.contract import JsonObject
from samdrift_rpa.receivers.web_form import SignIn, WebFormReceiver
from samdrift_rpa.web.browser import Browser
from samdrift_rpa.web.errors import ChangedFormError
from samdrift_rpa.web.field import Field, Option
from samdrift_rpa.web.screen import Screen
from samdrift_rpa.web.view import Markup

PASSWORD = "only-on-loopback-8"

USER = Field(label="User:", name="user")
SECRET = Field(label="Password:", name="password", is_personal=True)
REFERENCE = Field(label="Journal number:", name="jnr")
CPR = Field(label="CPR:", name="cpr", is_personal=True)
KIND = Field(label="Kind:", name="kind")
FROM = Field(label="From:", name="from")
TERMS = Field(label="I accept the terms", name="terms")


class PermitForm:
    party = "The permit register"
    sign_in_heading = "Log in"
    saves_at = "/permit/save"
    markup = Markup(
        heading="h2", alerts=".error", terms="td.term", labels="td.caption", closed=("Closed for maintenance",)
    )

    def __init__(self, url: str, *, user: Callable[[], SignIn]) -> None:
        self.url, self._user = url, user

    def prepare(self, request: JsonObject) -> JsonObject:
        return request

    def sign_in(self, screen: Screen) -> None:
        user = self._user()
        screen.open("/login", heading="Log in")
        screen.fill({USER: user.user, SECRET: user.password})
        screen.press("Log in", heading="Start")

    def fill_in(self, screen: Screen, key: UUID, permit: JsonObject) -> None:
        screen.follow("New permit", heading="New permit")
        kind, day = Option(label=str(permit["kind"])), str(permit["from"])
        screen.fill({REFERENCE: str(key), CPR: str(permit["cpr"]), KIND: kind, FROM: day, TERMS: True})
        self.go_on(screen)

    def go_on(self, screen: Screen) -> None:
        screen.press("Next >", heading="Check")

    def save(self, screen: Screen) -> JsonObject:
        screen.press("Save", heading="Receipt", accept="Save the permit?")
        return {"case_number": screen.fact("Case")}

    def look_up(self, screen: Screen, key: UUID) -> JsonObject | None:
        screen.open(f"/search?jnr={key}", heading="Search")
        if screen.facts().get("Journal number") == str(key):
            return {"case_number": screen.fact("Case")}
        if screen.has_text(f"No permit with journal number {key}"):
            return None
        raise ChangedFormError("The search page says neither.")


def permit_robot(
    url: str, browser: Browser, *, form: type[PermitForm] = PermitForm, **options: Any
) -> WebFormReceiver[JsonObject]:
    made = form(url, user=lambda: SignIn(user="robot", password=PASSWORD))
    return WebFormReceiver(made, browser, **{"timeout_s": 20.0, "quiet_s": 0.0, **options})


#: Instead of a page, or after one was done.
Odd = Callable[[], Response]


@dataclass
class PermitRegister:
    """What was saved, and what is answered instead of which page (`POST /permit/save`)."""

    saved: list[Mapping[str, str]] = field(default_factory=list)
    instead: dict[str, Odd] = field(default_factory=dict)
    #: The same after the work of that page was done.
    after: dict[str, Odd] = field(default_factory=dict)
    #: HTML at the end of a page.
    added: dict[str, str] = field(default_factory=dict)
    #: Pages whose answer never comes.
    silent: set[str] = field(default_factory=set)

    @property
    def references(self) -> list[str]:
        return [each["jnr"] for each in self.saved]

    def app(self) -> FastAPI:
        app, drafts = FastAPI(), list[Mapping[str, str]]()

        def page(path: str, method: str, show: Callable[[Request, Mapping[str, str]], Response]) -> None:
            async def answer(request: Request) -> Response:
                name = f"{method} {path}"
                while name in self.silent:
                    await asyncio.sleep(0.02)
                if name in self.instead:
                    return self.instead[name]()
                async with request.form() as form:
                    shown = show(request, {key: str(value) for key, value in form.items()})
                if name in self.after:
                    return self.after[name]()
                shown.body = bytes(shown.body) + self.added.get(name, "").encode()
                shown.headers["content-length"] = str(len(shown.body))
                return shown

            app.add_api_route(path, answer, methods=[method])

        def signed_in(request: Request, form: Mapping[str, str]) -> Response:
            return RedirectResponse("/start", 303) if form.get("password") == PASSWORD else html("Log in", "")

        def check(request: Request, form: Mapping[str, str]) -> Response:
            drafts.append(form)
            return html("Check", _CHECK)

        def save(request: Request, form: Mapping[str, str]) -> Response:
            self.saved.append(drafts[-1])
            return html("Receipt", _facts({"Case": f"P-{len(self.saved)}"}))

        def search(request: Request, form: Mapping[str, str]) -> Response:
            asked = request.query_params["jnr"]
            if asked not in self.references:
                return html("Search", f"<p>No permit with journal number {escape(asked)}</p>")
            case = f"P-{self.references.index(asked) + 1}"
            return html("Search", _facts({"Journal number": asked, "Case": case}))

        page("/login", "GET", lambda request, form: html("Log in", _SIGN_IN))
        page("/login", "POST", signed_in)
        page("/start", "GET", lambda request, form: html("Start", _START))
        page("/permit/new", "GET", lambda request, form: html("New permit", _PERMIT))
        page("/permit/new", "POST", check)
        page("/permit/save", "POST", save)
        page("/search", "GET", search)
        return app


def html(heading: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(f"<!doctype html><html><body><div><h2>{heading}</h2></div>{body}", status)


def _facts(facts: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><td class=term>{key}</td><td>{value}</td></tr>" for key, value in facts.items())
    return f"<table>{rows}</table>"


_SIGN_IN = """<form method=post><table><tr><td class=caption>User:</td><td><input name=user></td></tr>
<tr><td class=caption>Password:</td><td><input name=password type=password></td></tr></table>
<input type=submit value="Log in"></form>"""
_START = """<a href=/permit/new>New permit</a>
<form action=/search><input name=jnr required><button>Search</button></form>"""
_PERMIT = """<form method=post id=permit><table><tr><td class=caption>Journal number:</td><td><input name=jnr></td></tr>
<tr><td class=caption>CPR:</td><td><input name=cpr></td></tr>
<tr><td class=caption>Kind:</td><td><select name=kind><option>Choose<option>Street<option>Square</select></td></tr>
<tr><td class=caption>From:</td><td><input name=from type=date></td></tr></table>
<label><input type=checkbox name=terms value=yes> I accept the terms</label>
<button name=act value=next>Next &gt;</button></form>"""
_CHECK = """<form method=post action=/permit/save
onsubmit="return confirm('Save the permit?')"><button>Save</button></form>"""
