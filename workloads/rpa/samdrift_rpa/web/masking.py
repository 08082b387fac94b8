"""Makes a page, and the trace of what was done on it, say nothing about the person whom it was about.

CPR numbers go everywhere, in whatever way they are written. So does every value that the robot typed into a field that
its author calls personal. Pictures are hidden on the page and left out of the trace: nobody can tell what is on them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from samdrift_platform import cpr

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: What stands in the place of a personal value.
HIDDEN = "•••"
#: Shorter values would be struck out of ordinary words.
LEAST_CHARACTERS = 3

#: In the page: hide pictures and other frames, and call back for each text that could be personal.
_TEXTS = """() => {
    window.samdriftTexts = [];
    const keep = (get, set) => { if (get) window.samdriftTexts.push([get, set]); };
    for (const part of document.querySelectorAll('img, canvas, video, object, embed, iframe, svg image')) {
        part.style.visibility = 'hidden';
    }
    const walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) { const node = walk.currentNode; keep(node.data, text => { node.data = text; }); }
    for (const part of [...document.querySelectorAll('p, td, th, li, dd, dt, label, h1, h2, h3, span, a')].reverse()) {
        // what is only seen where parts meet
        if (part.childElementCount && part.textContent.length < 300) {
            keep(part.textContent, text => { part.textContent = text; });
        }
    }
    for (const part of document.querySelectorAll('input, textarea')) {
        if (part.type !== 'file') keep(part.value, text => { part.type = 'text'; part.value = text; });
        keep(part.placeholder, text => { part.placeholder = text; });
    }
    return window.samdriftTexts.map(([text]) => text);
}"""
_SET_TEXTS = "changed => { for (const [at, text] of changed) window.samdriftTexts[at][1](text); }"


class Masker:
    """Knows what must not be seen of one form."""

    def __init__(self, personal: Collection[str]) -> None:
        """`personal` are the values that were typed into personal fields, and the password."""
        forms = {form for value in personal if len(value) >= LEAST_CHARACTERS for form in _forms(value)}
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        """`text` without them; the same object where there were none."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        return cpr.mask(text)

    def page(self, page: Page) -> None:
        """Change what the page shows. It is of no use to its form afterwards."""
        texts: list[str] = page.evaluate(_TEXTS)
        changed = [(at, masked) for at, text in enumerate(texts) if (masked := self.text(text)) != text]
        if changed:
            page.evaluate(_SET_TEXTS, changed)

    def trace(self, content: bytes) -> bytes:
        """A trace of Playwright's (`trace.zip`), every text of it masked, and empty where it is no text."""
        masked = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(masked, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in given.infolist():
                out.writestr(entry.filename, self._entry(entry.filename, given.read(entry)))
        return masked.getvalue()

    def _entry(self, name: str, content: bytes) -> bytes:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return b""  # a picture, a font, an upload
        if name.endswith((".trace", ".network")):
            return "\n".join(self._line(line) for line in text.split("\n")).encode()
        return self.text(text).encode()

    def _line(self, line: str) -> str:
        """One event: JSON that must stay JSON, so it is only opened where something in it has to go."""
        if self.text(line) == line:
            return line
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            return self.text(line)
        return json.dumps(cpr.mask_value(event, text=self.text), ensure_ascii=False, separators=(",", ":"))


def _forms(value: str) -> set[str]:
    """The ways in which pages, addresses and traces write one value."""
    forms = {value, quote(value), quote_plus(value), escape(value), json.dumps(value, ensure_ascii=False)[1:-1]}
    number = cpr.compact(value)
    # pages put the two halves into elements of their own; the day of birth alone says enough
    return forms if number is None else forms | {number, number[:6]}
