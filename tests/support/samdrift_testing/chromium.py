"""A real Chromium: Debian's, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from samdrift_platform.portal.mount import VENDOR

CHROMIUM = Path("/usr/bin/chromium")
#: What a page does not show after this long, it never would: five seconds are short on a busy machine.
SHOWS_MS = 60_000


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The browser; skips the test, and says what to install, where it or what pages load is missing."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing; install it with: apt-get install chromium")
    if not VENDOR.is_dir():
        pytest.skip(f"{VENDOR} is missing; make it with: python platform/assets.py")
    expect.set_options(timeout=SHOWS_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
