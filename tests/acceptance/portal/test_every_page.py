"""Every page, in both languages, opened by a real browser in an empty and in a full portal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from samdrift_platform import plugins
from samdrift_platform.settings import load
from samdrift_testing.pages import check_page

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

AREAS = [f"/{name}/" for name in ("water", *plugins.workload_names(load().workloads))]
FOR_EVERYONE = ["/was", "/not-this", "/sign-in", "/sign-in?link=secret", "/signed-out"]
IN_EMPTY_PORTAL = ["/", "/models", "/alarms", "/benefits", *AREAS, *FOR_EVERYONE]
#: "submission", "item" and "evidence" stand for the first ones that home, the submission's page and the item's link to.
IN_FULL_PORTAL = ["/", "submission", "item", "evidence", "/benefits", "/water/"]
#: Pages of governance, by who looks: each is offered what their roles allow.
GOVERNANCE = ["/models", "/models/oracle", "/models/oracle/1", "/models/oracle/2", "/alarms"]
LANGUAGES = ["da", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", IN_EMPTY_PORTAL)
def test_in_an_empty_portal(
    context: BrowserContext, empty_portal: Any, visit: Any, artifacts: Path, path: str, language: str
) -> None:
    visited = visit(context, empty_portal, signed_in=path not in FOR_EVERYONE)
    visited.go(in_language(path, language))
    check_page(visited, language, artifacts / f"empty-{slug(path)}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", IN_FULL_PORTAL)
def test_in_a_full_portal(
    context: BrowserContext, full_portal: Any, visit: Any, artifacts: Path, path: str, language: str
) -> None:
    visited = visit(context, full_portal)
    if path in ("submission", "item", "evidence"):
        visited.go("/")
        follow(visited.page, "#submissions tbody tr:last-child a")
        if path != "submission":
            follow(visited.page, "#items tbody tr:nth-child(1) a")
        if path == "evidence":
            follow(visited.page, "main a[href$='/evidence']")
        visited.go(in_language(visited.page.url.removeprefix(visited.home), language))
    else:
        visited.go(in_language(path, language))
    check_page(visited, language, artifacts / f"full-{slug(path)}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("person", ["operator", "clara"])
@pytest.mark.parametrize("path", GOVERNANCE)
def test_of_governance(
    context: BrowserContext, full_portal: Any, visit: Any, artifacts: Path, path: str, person: str, language: str
) -> None:
    visited = visit(context, full_portal, person=person)
    visited.go(in_language(path, language))
    check_page(visited, language, artifacts / f"governance-{slug(path)}-{person}-{language}")


def follow(page: Page, link: str) -> None:
    address = page.locator(link).first.get_attribute("href")
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1", page.url) + str(address))


def in_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def slug(path: str) -> str:
    return re.sub(r"\W+", "-", path).strip("-") or "home"
