"""A legacy application that only has web forms, as a receiver: entered once, in a real browser, by an effect's key.

An automation owner writes a `WebForm`: how to sign in, which pages are filled in with what, where the key goes, which
button saves, and how the application's own search page answers "did it happen?". Everything else is here: one form at
a time, a deadline for each call, a session that ends in mid-form, one request to save and not two, no repeat before a
question, evidence that is masked and encrypted.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import UUID

from samdrift_platform.contract import JsonObject
from samdrift_platform.cpr import mask
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, SamdriftError, TryAgainError
from samdrift_rpa.web.browser import Browser
from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.errors import (
    ChangedFormError,
    FormError,
    FormRefusedError,
    PageObjectError,
    SessionEndedError,
)
from samdrift_rpa.web.failure import failure
from samdrift_rpa.web.masking import Masker
from samdrift_rpa.web.recording import Keep, Recording, Unmasked
from samdrift_rpa.web.screen import Screen
from samdrift_rpa.web.view import Markup

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

    from samdrift_rpa.evidence.cabinet import Cabinet

T = TypeVar("T")
E = TypeVar("E")

#: How long after an unclear saving "there is no such case" is not believed: it may still be at it. In seconds.
QUIET_S = 60.0


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A user of the application."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"SignIn(user={self.user!r})"


class WebForm(Protocol[E]):
    """What a robot must know about one application's forms: its page object."""

    #: What messages call the application.
    party: str
    #: Where it begins.
    url: str
    #: The heading of its log-in page: where it turns up, nobody is signed in.
    sign_in_heading: str
    #: The path that the saving request goes to: no second one leaves the browser.
    saves_at: str
    #: How its pages are written.
    markup: Markup

    def prepare(self, request: JsonObject) -> E:
        """What is to be entered; ReceiverRefusedError when that cannot be told."""
        ...

    def sign_in(self, screen: Screen) -> None:
        """Sign in."""
        ...

    def fill_in(self, screen: Screen, key: UUID, entry: E) -> None:
        """Fill in every page, the key in the form's own reference field, up to the button that saves."""
        ...

    def save(self, screen: Screen) -> JsonObject:
        """Press the button that saves, once, and read the receipt."""
        ...

    def look_up(self, screen: Screen, key: UUID) -> JsonObject | None:
        """Ask the application's own search page; None only where it says itself that there is no such case.

        The answer is the same as `save`'s.
        """
        ...


class WebFormReceiver(Generic[E]):
    """Enters what effects ask for into one application."""

    def __init__(
        self,
        form: WebForm[E],
        browser: Browser,
        *,
        timeout_s: float,
        keep: Keep = Keep.NONE,
        cabinet: Callable[[], Cabinet] | None = None,
        quiet_s: float = QUIET_S,
    ) -> None:
        """A call ends within `timeout_s`, and evidence of it a few seconds later.

        `browser` reaches the form's host alone. `keep` says of which entries evidence goes to the `cabinet`.
        """
        self._form, self._browser, self._timeout_s, self._quiet_s = form, browser, timeout_s, quiet_s
        self._keep = keep if cabinet else Keep.NONE
        self._cabinet = cabinet
        #: Key -> when its saving became unclear (monotonic). After a crash the effect's lease does the same.
        self._unclear: dict[UUID, float] = {}

    def close(self) -> None:
        """End the browser."""
        self._browser.close()

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Enter it; what the receipt says.

        Raises:
            ReceiverRefusedError: the form is not the one we know (nothing was saved), or does not take the entry.
            TryAgainError: it did not go through; whether it was saved must be asked.
            CannotTellError: the page object failed while it saved.
        """
        entry, saving = self._prepare(request), False
        sent: list[str] = []

        def enter(screen: Screen) -> JsonObject:
            nonlocal saving
            self._fill_in(screen, key, entry)
            saving, self._unclear[key] = True, time.monotonic()  # until the receipt is read, whatever happens
            answer = self._form.save(screen)
            if not sent:
                raise PageObjectError(f"No POST went to {self._form.saves_at!r}: `saves_at` is not where it saves.")
            self._unclear.pop(key, None)
            return answer

        try:
            return self._in_browser(enter, of=key, keep=self._keep, sent=sent)
        except SamdriftError as error:
            if saving and not isinstance(error, FormRefusedError):
                raise self._saving_failed(key, error, sent=bool(sent)) from error
            self._unclear.pop(key, None)
            raise self._not_saved(error) from error

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """Ask the search page.

        Raises:
            CannotTellError: it does not say.
            TryAgainError: it says no, but a saving may still be going on there.
        """
        try:
            found = self._in_browser(lambda screen: self._search(screen, key), of=key, keep=Keep.NONE, sent=[])
        except SamdriftError as error:
            raise CannotTellError(self._says(error, "could not be asked")) from error
        since = self._unclear.get(key)
        if found is None and since is not None and time.monotonic() - since < self._quiet_s:
            raise TryAgainError(f"{self._form.party} has no such case, but may still be saving it. Asked again later.")
        self._unclear.pop(key, None)
        return found

    def _prepare(self, request: JsonObject) -> E:
        try:
            return self._form.prepare(request)
        except ReceiverRefusedError:
            raise
        except SamdriftError as error:  # the object store does not answer, say
            raise TryAgainError(self._says(error, "was not opened")) from error

    def _fill_in(self, screen: Screen, key: UUID, entry: E) -> None:
        """A session that ends before anything is saved costs nothing: sign in and begin again, once."""
        for last in (False, True):
            try:
                self._form.sign_in(screen)
                self._form.fill_in(screen, key, entry)
            except SessionEndedError:
                if last:
                    raise
            else:
                return

    def _search(self, screen: Screen, key: UUID) -> JsonObject | None:
        self._form.sign_in(screen)
        return self._form.look_up(screen, key)

    def _in_browser(self, work: Callable[[Screen], T], *, of: UUID, keep: Keep, sent: list[str]) -> T:
        """What `work` gives; saving requests that leave the browser are added to `sent`."""
        deadline = Deadline.after(self._timeout_s)

        def job(context: BrowserContext, folder: Path) -> tuple[T | SamdriftError, Unmasked | None]:
            recording = Recording(context, keep)
            _save_once(context, self._form.saves_at, sent)
            page = context.new_page()
            screen = Screen(
                page,
                self._form.url,
                deadline,
                sign_in_heading=self._form.sign_in_heading,
                markup=self._form.markup,
            )
            result = _attempt(work, screen)
            return result, recording.end(screen, folder, failed=isinstance(result, SamdriftError))

        result, recorded = self._browser.run(job, deadline)
        if recorded is not None and self._cabinet is not None:
            self._cabinet().keep(of, self._form.party, recorded.masked())
        if isinstance(result, SamdriftError):
            raise result
        return result

    def _saving_failed(self, key: UUID, error: SamdriftError, *, sent: bool) -> SamdriftError:
        """After the button that saves was to be pressed: nothing but the form itself knows what came of it."""
        if isinstance(error, ChangedFormError) and not sent:
            return ReceiverRefusedError(self._says(error, "has changed; nothing was sent to be saved"))
        self._unclear[key] = time.monotonic()
        if isinstance(error, PageObjectError):
            return CannotTellError(self._says(error, "may have saved it"))
        return TryAgainError(self._says(error, "did not say whether it saved"))

    def _not_saved(self, error: SamdriftError) -> SamdriftError:
        """Before that, or where the form said itself that it does not take it."""
        if isinstance(error, FormRefusedError):
            return ReceiverRefusedError(self._says(error, "does not take it"))
        if isinstance(error, ChangedFormError):
            return ReceiverRefusedError(self._says(error, "has changed; nothing was saved"))
        if isinstance(error, PageObjectError):
            return ReceiverRefusedError(self._says(error, "was not filled in; nothing was saved"))
        return TryAgainError(self._says(error, "was not filled in; nothing was saved"))

    def _says(self, error: SamdriftError, what: str) -> str:
        return mask(f"{self._form.party} {what}: {error.message}")


def _attempt(work: Callable[[Screen], T], screen: Screen) -> T | SamdriftError:
    """What came of it: an error is part of it, so that what was seen is kept with it.

    What a page says may quote what was typed, and the message goes into the ledger: so it is masked.
    """
    from playwright.sync_api import Error

    try:
        return work(screen)
    except FormError as error:
        return type(error)(Masker(screen.personal).text(error.message))
    except SamdriftError as error:
        return error
    except Error as error:
        return failure(error)
    except Exception as error:  # noqa: BLE001 - a page object is its author's code: a person is told where it failed
        at = traceback.extract_tb(error.__traceback__)[-1]
        return PageObjectError(
            f"The page object failed: {type(error).__name__} in {Path(at.filename).name}:{at.lineno}."
        )


def _save_once(context: BrowserContext, path: str, sent: list[str]) -> None:
    """Let one saving request out and no more, whatever the pages' own scripts and windows do at a click."""

    def guard(route: Route) -> None:
        if route.request.method == "POST":
            if sent:
                route.abort()
                return
            sent.append(route.request.url)
        route.continue_()

    # a pattern is matched without asking this process
    context.route(re.compile(re.escape(path) + r"(\?.*)?$"), guard)
