"""The pages of all workloads with real work on them: every link that the demonstration's pages offer is followed."""

from __future__ import annotations

import re
from collections import Counter, deque
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from samdrift_testing.pages import check_page

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

#: Pages of one kind (the same address but for what identifies one thing) that are looked at.
OF_A_KIND = 2


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("language", ["da", "en"])
def test_every_page_that_is_linked(
    context: BrowserContext, demonstrated_portal: Any, visit: Any, artifacts: Path, language: str
) -> None:
    visited = visit(context, demonstrated_portal)
    visited.go(f"/?lang={language}")
    ahead, seen, kinds = deque(["/"]), {"/"}, Counter[str]()
    while ahead:
        path = ahead.popleft()
        kind = re.sub(r"(?<=/)[^/]*\d[^/]*", "x", path)
        if kinds[kind] == OF_A_KIND:
            continue
        kinds[kind] += 1
        visited.go(path)
        new = [link for link in links(visited) if link not in seen]
        seen.update(new)
        ahead.extend(new)
        name = re.sub(r"\W+", "-", f"{kind}-{kinds[kind]}").strip("-")
        check_page(visited, language, artifacts / f"demonstrated-{name}-{language}")
    assert {"/benefits", "/submissions/x", "/items/x"} <= set(kinds)


def links(visited: Any) -> list[str]:
    """Addresses of pages in this portal: no files (whose links name a type), no documents of the API, no anchors."""
    found: list[str] = visited.page.evaluate(
        """() => [...document.querySelectorAll('main a[href]:not([download]):not([type]), nav a[href], footer a[href]')]
            .map(link => new URL(link.href))
            .filter(address => address.origin === location.origin && !address.hash)
            .filter(address => !address.pathname.startsWith('/v1/'))
            .map(address => address.pathname + address.search)"""
    )
    return found
