"""A web page as a robot's author speaks of it: headings, labelled fields, buttons, and what stands beside a word.

Nothing is filled in on a page before all its fields were found, each by its label **and** by the name under which the
form sends it. So a label that was changed stops the robot, and two labels that changed places cannot lead it astray.
What was filled in is read back before a button is pressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.errors import (
    ChangedFormError,
    FormFailedError,
    FormRefusedError,
    OutOfTimeError,
    SessionEndedError,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

#: In the page: its heading, alerts and buttons, and label text -> names of the controls that it belongs to.
_LOOK = """markup => {
    const words = part => part.textContent.replace(/\\s+/g, ' ').trim();
    const labels = {};
    for (const label of document.querySelectorAll('label')) {
        (labels[words(label)] ||= []).push(label.control ? label.control.name : '');
    }
    const buttons = [...document.querySelectorAll('button, input[type=submit], input[type=button]')]
        .map(part => part.value || words(part));
    const heading = document.querySelector(markup.heading);
    const alerts = [...document.querySelectorAll(markup.alerts)].map(words).filter(text => text);
    return {heading: heading ? words(heading) : '', alerts, labels, buttons};
}"""
#: In the page: label text -> what its control holds now: text, the words of an option, names of files, whether ticked.
_READ_BACK = """() => {
    const values = {};
    for (const label of document.querySelectorAll('label')) {
        const part = label.control;
        if (!part) continue;
        values[label.textContent.replace(/\\s+/g, ' ').trim()] =
            part.type === 'file' ? [...part.files].map(file => file.name).join('|')
            : part.type === 'checkbox' || part.type === 'radio' ? String(part.checked)
            : part.tagName === 'SELECT' ? part.selectedOptions[0]?.textContent.trim() ?? '' : part.value;
    }
    return values;
}"""
#: In the page: word -> what stands beside it.
_FACTS = """terms => {
    const words = part => part ? part.textContent.replace(/\\s+/g, ' ').trim() : '';
    const facts = {};
    for (const term of document.querySelectorAll(terms)) facts[words(term)] = words(term.nextElementSibling);
    return facts;
}"""


@dataclass(frozen=True, kw_only=True)
class Markup:
    """How an application's pages are written, as CSS selectors, where they differ from good practice."""

    heading: str = "h1"
    #: Where a page says that it does not take what was filled in.
    alerts: str = "[role=alert]"
    #: The words of tables and lists of facts; what a word means is the element behind it.
    terms: str = "th[scope=row], dt"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One control of a form."""

    #: As the page shows it.
    label: str
    #: As the form sends it: label and name must lead to the same control.
    name: str
    #: What is typed into it is about a person, or secret: it is masked in all evidence.
    is_personal: bool = False


@dataclass(frozen=True, kw_only=True)
class File:
    """What is chosen in a file field."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Option:
    """One of the options of a list, by the words that it shows."""

    label: str


#: A text, a file, an option of a list, or whether a box or button is ticked.
Value = str | File | Option | bool


class Screen:
    """The page that the robot is on."""

    def __init__(
        self, page: Page, base_url: str, deadline: Deadline, *, sign_in_heading: str = "", markup: Markup | None = None
    ) -> None:
        """`base_url` is where the application begins; a page under `sign_in_heading` means that nobody is signed in."""
        self._markup = markup or Markup()
        self.page, self._base_url, self._deadline = page, base_url.rstrip("/"), deadline
        self._sign_in_heading = sign_in_heading
        self._heading = ""
        #: What was typed into personal fields, or was about to be.
        self.personal: set[str] = set()

    def open(self, path: str, *, heading: str) -> None:
        """Go to a page of the application, and be on the one with this heading."""
        with _within_time():
            response = self.page.goto(
                f"{self._base_url}{path}", wait_until="domcontentloaded", timeout=self._deadline.left_ms()
            )
        self._arrive(response, heading)

    def fill(self, values: Mapping[Field, Value]) -> None:
        """Fill in fields of this page.

        Raises:
            ChangedFormError: one is not there; then none was filled in. Or the page kept another value.
        """
        self.personal |= {str(shown(value)) for control, value in values.items() if control.is_personal}
        self._find_all([*values])
        for control, value in values.items():
            with _within_time():
                self._fill(control, value)
        kept = self.page.evaluate(_READ_BACK)
        wrong = [control.label for control, value in values.items() if kept.get(control.label) != shown(value)]
        if wrong:
            raise ChangedFormError(f"The page {self._heading!r} kept something else in {_listed(wrong)}.")

    def press(self, button: str, *, heading: str) -> None:
        """Press a button that leads to another page, and be on the one with this heading."""
        if self._buttons.count(button) != 1:
            raise ChangedFormError(f"The page {self._heading!r} has no button {button!r}, or several.")
        found = self.page.get_by_role("button", name=button, exact=True)
        with _within_time():
            timeout = self._deadline.left_ms()
            with self.page.expect_navigation(wait_until="domcontentloaded", timeout=timeout) as navigation:
                found.click(timeout=timeout, no_wait_after=True)
        self._arrive(navigation.value, heading)

    def facts(self) -> dict[str, str]:
        """What this page says beside each word: rows of tables and description lists."""
        found: dict[str, str] = self.page.evaluate(_FACTS, self._markup.terms)
        return found

    def fact(self, word: str) -> str:
        """What stands beside `word`; ChangedFormError when the page has no such row."""
        facts = self.facts()
        if word not in facts:
            raise ChangedFormError(f"The page {self._heading!r} says nothing beside {word!r}.")
        return facts[word]

    def has_text(self, text: str) -> bool:
        """Whether the page shows exactly this sentence somewhere."""
        return self.page.get_by_text(text, exact=True).count() > 0

    def _arrive(self, response: Response | None, heading: str) -> None:
        status = 0 if response is None else response.status
        seen = self.page.evaluate(_LOOK, vars(self._markup))
        self._heading, self._labels, self._buttons = str(seen["heading"]), seen["labels"], seen["buttons"]
        if status >= 500:
            raise FormFailedError(f"The application answered {status} where {heading!r} was expected.")
        if self._heading == self._sign_in_heading != heading:
            raise SessionEndedError
        if seen["alerts"]:
            raise FormRefusedError(" ".join(seen["alerts"]))
        if self._heading != heading:
            raise ChangedFormError(f"The page is called {self._heading!r} where {heading!r} was expected ({status}).")

    def _find_all(self, fields: Sequence[Field]) -> None:
        missing = [control.label for control in fields if self._labels.get(control.label) != [control.name]]
        if missing:
            raise ChangedFormError(
                f"The page {self._heading!r} has no field labelled {_listed(missing)}, or it sends it by another name. "
                "Nothing was filled in on this page."
            )

    def _fill(self, control: Field, value: Value) -> None:
        found: Any = self.page.get_by_label(control.label, exact=True)
        timeout = self._deadline.left_ms()
        if isinstance(value, File):
            payload = {"name": value.name, "mimeType": value.media_type, "buffer": value.content}
            found.set_input_files(payload, timeout=timeout)
        elif isinstance(value, Option):
            found.select_option(label=value.label, timeout=timeout)
        elif isinstance(value, bool):
            found.set_checked(value, timeout=timeout)
        else:
            found.fill(value, timeout=timeout)


@contextmanager
def _within_time() -> Iterator[None]:
    """Playwright's time-out as ours."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

    try:
        yield
    except PlaywrightTimeoutError:
        raise OutOfTimeError("The form was not through in the time that a call may take.") from None


def shown(value: Value) -> str:
    """As a page shows it: a text as it is, a file by its name, an option by its words."""
    if isinstance(value, File):
        return value.name
    if isinstance(value, bool):
        return str(value).lower()
    return value.label if isinstance(value, Option) else value


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(repr(label) for label in labels)
