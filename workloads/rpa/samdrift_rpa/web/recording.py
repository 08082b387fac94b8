"""What was seen of one form: a picture of the page where it stopped, and Playwright's trace of every step."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from samdrift_rpa.web.masking import Masker
from samdrift_rpa.web.screen import Screen

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

log = structlog.get_logger(__name__)

#: The picture and the trace may take so much longer than the form, in seconds.
PICTURE_S = 2.0


class Keep(StrEnum):
    """Of which forms evidence is kept."""

    #: None: nothing is recorded.
    NONE = "none"
    #: Of those that did not go through.
    FAILED = "failed"
    #: Of every one.
    EVERY = "every"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of one form, masked: PNG and trace.zip."""

    failed: bool
    picture: bytes = field(repr=False)
    trace: bytes = field(repr=False)


class Recording:
    """Records one context from its start; kept or thrown away at its end."""

    def __init__(self, context: BrowserContext, keep: Keep) -> None:
        """Begin. Moving pictures are not recorded: they could not be masked."""
        self._context, self._keep = context, keep
        if keep is not Keep.NONE:
            context.tracing.start(snapshots=True, screenshots=False, sources=False)

    def end(self, screen: Screen, folder: Path, *, failed: bool) -> Unmasked | None:
        """What was seen, or None where it is not kept; `folder` is private and emptied afterwards.

        The page is masked first. No page is changed that is still needed: the form is over. Whatever fails here
        changes nothing about what came of it.
        """
        from playwright.sync_api import Error

        if self._keep is Keep.NONE:
            return None
        try:
            return self._kept(screen, folder, failed=failed)
        except Error as error:
            log.warning("nothing was recorded of a form", why=type(error).__name__)
            return None

    def _kept(self, screen: Screen, folder: Path, *, failed: bool) -> Unmasked | None:
        if self._keep is Keep.FAILED and not failed:
            self._context.tracing.stop()
            return None
        masker = Masker(screen.personal)
        picture = _picture(screen, masker)
        path = folder / f"{time.monotonic_ns()}.zip"
        self._context.tracing.stop(path=path)
        return Unmasked(failed=failed, picture=picture, raw=path.read_bytes(), masker=masker)


@dataclass(frozen=True, kw_only=True)
class Unmasked:
    """A recording whose trace is still to be masked, which need not be done in the browser's own thread."""

    failed: bool
    picture: bytes = field(repr=False)
    raw: bytes = field(repr=False)
    masker: Masker = field(repr=False)

    def masked(self) -> Seen:
        """The same without personal data."""
        return Seen(failed=self.failed, picture=self.picture, trace=self.masker.trace(self.raw))


def _picture(screen: Screen, masker: Masker) -> bytes:
    """Of the page as it is, masked; empty where the page is past showing."""
    from playwright.sync_api import Error

    try:
        screen.stop()
        masker.page(screen.page)
        return screen.page.screenshot(full_page=True, timeout=PICTURE_S * 1000.0, animations="disabled")
    except Error:  # a page in the middle of going elsewhere: the trace says the rest
        return b""
