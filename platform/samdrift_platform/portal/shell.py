"""The shell: what a page may ask for and how it answers, for one request of one signed-in person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from samdrift_platform.contract import Store, Workload
from samdrift_platform.errors import NotFoundError, SignInError, UnavailableError
from samdrift_platform.ledger.inbox import Filter
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal import languages
from samdrift_platform.portal.folders import PORTAL
from samdrift_platform.portal.reading import Reading
from samdrift_platform.portal.templating import Templates
from samdrift_registry.errors import VerificationError
from samdrift_registry.lifecycle import Stop


@dataclass(frozen=True, kw_only=True)
class Shell:
    """Everything a page function needs; get one by `Annotated[Shell, Depends(current_shell)]`."""

    request: Request
    #: "da" or "en".
    language: str
    reading: Reading
    store: Store
    templates: Templates
    workloads: Mapping[str, Workload]
    #: The workload whose page this is; None on the portal's own pages.
    workload: str | None
    #: Who is signed in; None on the few pages for everyone.
    user: str | None = None

    def items(
        self, states: Sequence[ItemState | str] = (), limit: int = 200, offset: int = 0, lane: str | None = None
    ) -> list[WorkItem]:
        """This workload's items in `states` (all when empty), of all lanes or of one, newest first."""
        return self.reading.items(workload=self.workload, lane=lane, states=states, limit=limit, offset=offset)

    def item(self, item_id: UUID) -> WorkItem:
        """One item of this workload; NotFoundError for another's, as if it were not there."""
        found = self.reading.item(item_id)
        if self.workload is not None and found.workload != self.workload:
            raise NotFoundError(f"There is no work item {item_id} here. Check the identifier.")
        return found

    def object(self, reference: str) -> bytes:
        """The bytes of a stored object (`sha256:…`)."""
        return self.store.get(reference)

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page `template`, which extends `shell.html`, in the reader's language."""
        body = self.templates.render(template, self.language, shell=self, **values)
        response = HTMLResponse(body, status_code=status, headers={"Content-Language": self.language})
        if self.request.query_params.get("lang") == self.language:
            response.set_cookie(languages.LANGUAGE_COOKIE, self.language, max_age=365 * 86400, samesite="lax")
        return response

    def title_of(self, workload: str) -> str:
        """A workload's name for people; its technical name when it is not installed any more."""
        known = self.workloads.get(workload)
        return workload if known is None else known.title.get(self.language, workload)

    def say(self, workload: str, sentence: str) -> Markup:
        """A sentence that a workload's code made, by its catalogue; marked as English where that does not hold it."""
        said = self.templates.translate(sentence, self.language, owner=workload)
        if said == sentence and self.language != "en":
            return Markup('<span lang="en">{}</span>').format(said)  # escapes
        return escape(said)

    def say_ours(self, sentence: str) -> Markup:
        """A sentence that the platform's code made; marked as English where the portal's catalogue does not hold it."""
        return self.say(PORTAL.name, sentence)

    @property
    def waiting_number(self) -> int:
        """How many decisions the reader is waited for, shown in the menu."""
        if self.user is None:
            return 0
        waiting = self.reading.audiences(Filter())
        return sum(waiting[each] for each in self.own_audiences(waiting))

    def own_audiences(self, known: Collection[str]) -> list[str]:
        """Those of `known` (`Deciders.audience`) as which the reader may decide; all for who only looks."""
        appointments = getattr(self.request.app.state, "appointments", None)
        if appointments is None:
            return list(known)
        try:
            return list(appointments.audiences(self.user, known))
        except VerificationError:  # the journal was tampered with: nobody may decide, so everybody only looks
            return list(known)

    @property
    def stops(self) -> tuple[Mapping[str, Stop], str]:
        """Workload -> why it is in its safe state; and what is wrong with the journal, if it cannot be believed."""
        if self.user is None:
            return {}, ""
        try:
            return self.reading.stops(), ""
        except VerificationError as error:
            return {}, error.message

    @property
    def may_resume(self) -> bool:
        """Whether who is signed in may start a stopped workload's models again."""
        from samdrift_platform.governance.permissions import Duty

        appointments = getattr(self.request.app.state, "appointments", None)
        return appointments is not None and appointments.may(self.user, Duty.RESUME)

    @property
    def can_be_stopped(self) -> bool:
        """Whether this is a page of a workload that is not stopped."""
        return self.user is not None and self.workload is not None and self.workload not in self.stops[0]

    @property
    def areas(self) -> list[tuple[str, str]]:
        """Address and title of every workload that has pages."""
        return [(f"/{name}/", self.title_of(name)) for name in self.request.app.state.workloads_with_pages]

    def address_of(self, workload: str) -> str | None:
        """Where a workload's own pages begin; None when it has none."""
        return f"/{workload}/" if workload in self.request.app.state.workloads_with_pages else None

    def is_at(self, href: str) -> bool:
        """Whether the page that is shown is `href` or lies below it."""
        path = self.request.url.path
        return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))

    def in_language(self, language: str) -> str:
        """The address of this same page in `language`."""
        address = self.request.url.include_query_params(lang=language)
        return f"{address.path}?{address.query}"


def current_shell(request: Request) -> Shell:
    """The shell of a page for signed-in people (a FastAPI dependency); SignInError for everyone else."""
    from samdrift_platform.control.access import current_user  # the control plane imports the portal

    return shell_for(request, user=current_user(request).subject)


def visitor_shell(request: Request) -> Shell:
    """The shell of a page for everyone: it knows who is signed in, if anyone is."""
    try:
        return current_shell(request)
    except (SignInError, UnavailableError):
        return shell_for(request, user=None)


def shell_for(request: Request, *, user: str | None) -> Shell:
    """A shell for `user`, put together from what the application holds in `app.state`."""
    state = request.app.state
    return Shell(
        request=request,
        language=languages.negotiate(request),
        reading=state.reading,
        store=state.store,
        templates=state.templates,
        workloads=state.workloads,
        workload=_workload_of(request),
        user=user,
    )


def _workload_of(request: Request) -> str | None:
    """A workload's pages lie below `/<its name>/`."""
    first = request.scope["path"].removeprefix(request.scope.get("root_path", "")).strip("/").partition("/")[0]
    return first if first in request.app.state.workloads else None
