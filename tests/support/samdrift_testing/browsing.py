"""Pages opened in a real browser, with a note of everything that goes wrong on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass(frozen=True)
class Visited:
    """A page, and what went wrong on it."""

    page: Page
    troubles: list[str]


#: Longest wait for a page or for something on it, on a busy machine.
PATIENCE_MS = 120_000

#: Opens a path of the site, or an address; further arguments are the browser context's.
Open = Callable[..., Visited]


@contextmanager
def visiting(browser: Browser, site: str) -> Iterator[Open]:
    """Opens pages of the site at this address; they are closed at the end."""
    opened: list[Any] = []

    def visited(url: str, **options: Any) -> Visited:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 400 else None)
        page.goto(url if "://" in url else f"{site}{url}", wait_until="load")
        return Visited(page, troubles)

    try:
        yield visited
    finally:
        for context in opened:
            context.close()
