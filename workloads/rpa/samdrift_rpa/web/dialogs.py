"""Questions and messages that a page puts over itself (`alert`, `confirm`, `prompt`) and waits for.

One that nobody expects is closed without consent, and the form stops: what it says was meant for a person.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from samdrift_rpa.web.errors import ChangedFormError

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page


class Dialogs:
    """Answers those of one page."""

    def __init__(self, page: Page) -> None:
        """From now on."""
        self._expected = ""
        self._unexpected: list[str] = []
        page.on("dialog", self._answer)

    def expect(self, words: str) -> None:
        """Answer the one that says `words` with OK, until something else is expected; an empty text: none."""
        self._expected = words

    def refuse(self, heading: str) -> None:
        """ChangedFormError where there was another one, on the page called `heading`."""
        if self._unexpected:
            raise ChangedFormError(
                f"The page {heading!r} said in a dialog: {self._unexpected[0]!r}. It was closed without consent. Where "
                "OK is meant, name these words in the page object: press(..., accept=...)."
            )

    def _answer(self, dialog: Dialog) -> None:
        from playwright.sync_api import Error

        with suppress(Error):  # the page went away meanwhile, and its dialog with it
            words = " ".join(dialog.message.split())
            if dialog.type == "beforeunload" or (words and words == self._expected):
                dialog.accept()  # the page may be left: that is what the robot is doing
            else:
                self._unexpected.append(words)
                dialog.dismiss()
