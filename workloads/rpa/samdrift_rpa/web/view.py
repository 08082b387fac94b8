"""What a page says when it is asked: one question and one answer, however many fields it has.

The question goes to the page over the browser's own protocol. Playwright's `evaluate` would copy the page into the
trace twice at each question; the trace has it from what is done there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from samdrift_rpa.web.errors import PageObjectError

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: In the page: the words of a part, without what one can choose or type in it.
_WORDS = """const words = part => {
    if (!part) return '';
    if (part.querySelector('select, textarea')) {
        part = part.cloneNode(true);
        part.querySelectorAll('select, textarea').forEach(control => control.remove());
    }
    return part.textContent.replace(/\\s+/g, ' ').trim();
};"""
#: In the page: everything that a `View` holds.
_VIEW = f"""markup => {{
    {_WORDS}
    const controls = 'input, select, textarea';
    const labelled = [...document.querySelectorAll('label')].map(label => [label, label.control, words(label)]);
    for (const part of document.querySelectorAll('[aria-label]')) {{
        if (part.matches(controls) && !part.labels?.length) {{
            labelled.push([null, part, part.getAttribute('aria-label').trim()]);
        }}
    }}
    for (const part of markup.labels ? document.querySelectorAll(markup.labels) : []) {{
        const beside = part.nextElementSibling;
        labelled.push([part, beside?.matches(controls) ? beside : beside?.querySelector(controls), words(part)]);
    }}
    const labels = {{}}, values = {{}}, by_name = [];
    for (const [label, control, text] of labelled) {{
        (labels[text] ||= []).push(control ? control.name : '');
        if (!control) continue;
        if (label && (label.tagName !== 'LABEL' || label.querySelector('select, textarea'))) by_name.push(text);
        values[text] =
            control.type === 'file' ? [...control.files].map(file => file.name).join('|')
            : control.type === 'checkbox' || control.type === 'radio' ? String(control.checked)
            : control.tagName === 'SELECT' ? control.selectedOptions[0]?.textContent.trim() ?? '' : control.value;
    }}
    const buttons = [...document.querySelectorAll('button, input[type=submit], input[type=button]')]
        .map(part => part.getAttribute('aria-label') || (part.tagName === 'INPUT' ? part.value : words(part)));
    const alerts = [...document.querySelectorAll(markup.alerts)].map(words).filter(text => text);
    const wanting = [...document.querySelectorAll(':invalid')].some(part => part.matches(controls));
    return {{
        heading: words(document.querySelector(markup.heading)), alerts, labels, by_name, values, buttons, wanting,
    }};
}}"""
#: In the page: word -> what stands beside it.
_FACTS = f"""markup => {{
    {_WORDS}
    const facts = {{}};
    for (const term of document.querySelectorAll(markup.terms)) facts[words(term)] = words(term.nextElementSibling);
    return facts;
}}"""


@dataclass(frozen=True, kw_only=True)
class Markup:
    """How an application's pages are written, as CSS selectors, where they differ from good practice."""

    heading: str = "h1"
    #: Where a page says that it does not take what was filled in.
    alerts: str = "[role=alert]"
    #: The words of tables and lists of facts; what a word means is the element behind it.
    terms: str = "th[scope=row], dt"
    #: Words that stand before their control and are no `label` (`td.caption`); it is the element behind, or in that.
    labels: str = ""
    #: No selector: the headings of pages that say that the application is closed for now. It is tried again later.
    closed: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class View:
    """A page at one moment."""

    heading: str
    #: What it says against what was filled in.
    alerts: Sequence[str]
    #: Label -> the names of the controls that it belongs to.
    labels: Mapping[str, Sequence[str]]
    #: Labels whose control is found by its name, because Playwright would not find it by the label.
    by_name: Sequence[str]
    #: Label -> what its control holds: text, the words of an option, names of files, whether ticked.
    values: Mapping[str, str]
    buttons: Sequence[str]
    #: Whether some control holds what the browser would not send.
    wanting: bool


class Viewer:
    """Asks one page."""

    def __init__(self, page: Page, markup: Markup) -> None:
        """`markup` is how its application writes pages."""
        self._session = page.context.new_cdp_session(page)
        self._markup = json.dumps(asdict(markup))

    def view(self) -> View:
        """The page as it is now."""
        return View(**self._ask(_VIEW))

    def facts(self) -> dict[str, str]:
        """What it says beside each word."""
        found: dict[str, str] = self._ask(_FACTS)
        return found

    def stop(self) -> None:
        """End what is still on its way to the page: while something is, Chromium answers no question about it."""
        self._session.send("Page.stopLoading")

    def _ask(self, script: str) -> Any:
        question = {"expression": f"({script})({self._markup})", "returnByValue": True}
        answer = self._session.send("Runtime.evaluate", question)
        if "exceptionDetails" in answer:
            kind = answer["exceptionDetails"].get("exception", {}).get("className", "an error")
            raise PageObjectError(f"The page could not be read ({kind}). Is each part of `markup` a CSS selector?")
        return answer["result"]["value"]
