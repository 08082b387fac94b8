"""A web page as a robot's author speaks of it: headings, labelled fields, buttons, and what stands beside a word.

Nothing is filled in on a page before all its fields were found, each by its label **and** by the name under which the
form sends it. So a label that was changed stops the robot, and two labels that changed places cannot lead it astray.
What was filled in is read back before a button is pressed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.dialogs import Dialogs
from samdrift_rpa.web.errors import (
    ChangedFormError,
    FormFailedError,
    FormRefusedError,
    OutOfTimeError,
    SessionEndedError,
)
from samdrift_rpa.web.field import Field, File, Option, Value, shown
from samdrift_rpa.web.view import Markup, Viewer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

#: How long a list may take to offer an option that a script puts there, in seconds.
OPTION_S = 3.0
#: In the page: the names of what the browser would not send with this button's form.
_WANTING = """button => {
    const form = button.form;
    if (!form || !['submit', 'image'].includes(button.type) || form.noValidate || button.formNoValidate) return [];
    return [...form.elements].filter(control => control.willValidate && !control.validity.valid)
        .map(control => control.name);
}"""


class Screen:
    """The page that the robot is on."""

    def __init__(
        self, page: Page, base_url: str, deadline: Deadline, *, sign_in_heading: str = "", markup: Markup | None = None
    ) -> None:
        """`base_url` is where the application begins; a page under `sign_in_heading` means that nobody is signed in."""
        self._markup = markup or Markup()
        self.page, self._base_url, self._deadline = page, base_url.rstrip("/"), deadline
        self._sign_in_heading = sign_in_heading
        self._viewer, self._dialogs = Viewer(page, self._markup), Dialogs(page)
        self._heading = ""
        #: What was typed into personal fields, or was about to be.
        self.personal: set[str] = set()

    def open(self, path: str, *, heading: str, accept: str = "", origin: str = "") -> None:
        """Go to a page of the application, and be on the one with this heading.

        Args:
            path: below the application's address.
            heading: of the page.
            accept: what a dialog of the page says that is answered with OK. Any other dialog ends the form.
            origin: where the page is (`https://login.example.dk`), if not where the application is.
        """
        self._dialogs.expect(accept)
        with self._on_the_way_to(heading):
            response = self.page.goto(
                f"{self._base_url}{path}", wait_until="domcontentloaded", timeout=self._deadline.left_ms()
            )
        self._arrive(response, heading, origin)

    def fill(self, values: Mapping[Field, Value]) -> None:
        """Fill in fields of this page.

        Raises:
            ChangedFormError: one is not there; then none was filled in. Or the page kept another value.
        """
        self.personal |= {str(shown(value)) for control, value in values.items() if control.is_personal}
        self._find_all([*values])
        for control, value in values.items():
            self._fill(control, value)
        self._dialogs.refuse(self._heading)
        self._view = self._viewer.view()
        kept = self._view.values
        wrong = [control.label for control, value in values.items() if kept.get(control.label) != shown(value)]
        if wrong:
            raise ChangedFormError(f"The page {self._heading!r} kept something else in {_listed(wrong)}.")

    def press(self, button: str, *, heading: str, accept: str = "", origin: str = "") -> None:
        """Press a button that leads to another page, and be on the one with this heading.

        Args:
            button: its words.
            heading: of the page that it leads to.
            accept: what a dialog asks first that is answered with OK. Any other dialog ends the form.
            origin: where the next page is, if not where the application is.
        """
        if self._view.buttons.count(button) != 1:
            there = _listed(self._view.buttons) or "none"
            raise ChangedFormError(
                f"The page {self._heading!r} has no button {button!r}, or several. Its buttons: {there}."
            )
        found = self.page.get_by_role("button", name=button, exact=True)
        if self._view.wanting:
            self._refuse_wanting(found)
        self._leave_by(found, heading, accept, origin)

    def follow(self, link: str, *, heading: str, accept: str = "", origin: str = "") -> None:
        """Follow a link to another page: like `press`."""
        found = self.page.get_by_role("link", name=link, exact=True)
        if found.count() != 1:
            raise ChangedFormError(f"The page {self._heading!r} has no link {link!r}, or several.")
        self._leave_by(found, heading, accept, origin)

    def facts(self) -> dict[str, str]:
        """What this page says beside each word: rows of tables and description lists."""
        return self._viewer.facts()

    def fact(self, word: str) -> str:
        """What stands beside `word`; ChangedFormError when the page has no such row."""
        facts = self.facts()
        if word not in facts:
            raise ChangedFormError(f"The page {self._heading!r} says nothing beside {word!r}.")
        return facts[word]

    def has_text(self, text: str) -> bool:
        """Whether the page shows exactly this sentence somewhere."""
        return self.page.get_by_text(text, exact=True).count() > 0

    def stop(self) -> None:
        """Go no further: the page is looked at as it is."""
        self._viewer.stop()

    def _leave_by(self, found: Locator, heading: str, accept: str, origin: str) -> None:
        self._dialogs.expect(accept)
        with self._on_the_way_to(heading):
            timeout = self._deadline.left_ms()
            with self.page.expect_navigation(wait_until="domcontentloaded", timeout=timeout) as navigation:
                found.click(timeout=timeout, no_wait_after=True)
                self._dialogs.refuse(self._heading)
        self._arrive(navigation.value, heading, origin)
        self._dialogs.expect("")

    def _arrive(self, response: Response | None, heading: str, origin: str) -> None:
        status, at = 0 if response is None else response.status, _origin(self.page.url)
        if at != _origin(origin or self._base_url):
            raise ChangedFormError(f"The application led to {at} where the page {heading!r} was expected.")
        self._view = self._viewer.view()
        self._heading = self._view.heading
        self._dialogs.refuse(self._heading)
        if status >= 500:
            raise FormFailedError(f"The application answered {status} where {heading!r} was expected.")
        if self._heading in self._markup.closed:
            raise FormFailedError(f"The application is closed for now: {self._heading!r}.")
        if self._heading == self._sign_in_heading != heading:
            raise SessionEndedError
        if self._view.alerts:
            raise FormRefusedError(" ".join(self._view.alerts))
        if self._heading != heading:
            raise ChangedFormError(f"The page is called {self._heading!r} where {heading!r} was expected ({status}).")

    def _find_all(self, fields: Sequence[Field]) -> None:
        missing = [control for control in fields if self._view.labels.get(control.label) != [control.name]]
        if missing:
            raise ChangedFormError(
                f"The page {self._heading!r} has no field labelled {_listed([each.label for each in missing])}, or it "
                f"sends it by another name{self._instead(missing)}. Nothing was filled in on this page."
            )

    def _instead(self, missing: Sequence[Field]) -> str:
        """What the page has under the same label or name, for whoever mends the page object."""
        if not self._view.labels:
            return ": it has no labels at all, and the page object's markup names no other words for them"
        labels, names = {each.label for each in missing}, {each.name for each in missing}
        found = [
            f"{label!r} ({', '.join(sent) or 'no field'})"
            for label, sent in self._view.labels.items()
            if label in labels or names.intersection(sent)
        ]
        return f": it has {', '.join(found)}" if found else ""

    def _fill(self, control: Field, value: Value) -> None:
        from playwright.sync_api import Error

        try:
            with self._in_time(f"filling in {control.label!r}"):
                self._put(control, value)
        except Error:
            self.page.evaluate("1")  # fails where it is the page that is gone
            raise ChangedFormError(
                f"The field {control.label!r} of the page {self._heading!r} takes nothing of this kind. Is it a list, "
                "a box, a date (written 2026-11-30), or are there several of its name?"
            ) from None

    def _put(self, control: Field, value: Value) -> None:
        found, timeout = self._control(control), self._deadline.left_ms()
        if isinstance(value, File):
            payload: Any = {"name": value.name, "mimeType": value.media_type, "buffer": value.content}
            found.set_input_files(payload, timeout=timeout)
        elif isinstance(value, Option):
            self._choose(found, control.label, value)
        elif isinstance(value, bool):
            found.set_checked(value, timeout=timeout)
        else:
            found.fill(value, timeout=timeout)

    def _choose(self, found: Locator, label: str, option: Option) -> None:
        from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

        try:
            found.select_option(label=option.label, timeout=min(OPTION_S * 1000.0, self._deadline.left_ms()))
        except PlaywrightTimeoutError:
            self._deadline.left_ms()
            raise ChangedFormError(
                f"The list {label!r} of the page {self._heading!r} does not offer {option.label!r}. Nothing was sent."
            ) from None

    def _control(self, control: Field) -> Locator:
        if control.label in self._view.by_name:
            return self.page.locator(f"[name={json.dumps(control.name)}]")
        return self.page.get_by_label(control.label, exact=True)

    def _refuse_wanting(self, button: Locator) -> None:
        wanting = button.evaluate(_WANTING, timeout=self._deadline.left_ms())
        if wanting:
            labels = [label for label, names in self._view.labels.items() if {*names} & {*wanting}]
            raise ChangedFormError(
                f"The page {self._heading!r} wants {_listed(labels or wanting)}, or something else there. Not sent."
            )

    @contextmanager
    def _on_the_way_to(self, heading: str) -> Iterator[None]:
        from playwright.sync_api import Error

        try:
            with self._in_time(f"waiting for the page {heading!r}"):
                yield
        except Error as error:
            if "ERR_ABORTED" not in error.message:
                raise
            self.page.evaluate("1")  # fails where it is the page that is gone
            raise ChangedFormError(
                f"The application sent a file, or nothing, where the page {heading!r} was expected."
            ) from None

    @contextmanager
    def _in_time(self, at: str) -> Iterator[None]:
        """Playwright's time-out as ours, and what it waited for."""
        from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

        try:
            yield
        except PlaywrightTimeoutError:
            self._dialogs.refuse(self._heading)
            more = ", and another window was opened, which it does not look at" if self.page.context.pages[1:] else ""
            raise OutOfTimeError(
                f"The form was not through in the time that a call may take: the robot was {at}{more}."
            ) from None


def _origin(url: str) -> str:
    """Scheme, host and port, where it is not the scheme's own (RFC 6454, 6.1)."""
    parts = urlsplit(url)
    own = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port not in (None, own) else "")


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(repr(label) for label in labels)
