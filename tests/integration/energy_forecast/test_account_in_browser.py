"""The pages of the account in a real Chromium: accessible, by keyboard and on 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest
from playwright.sync_api import Browser

from samdrift_platform.ledger.database import Ledger
from samdrift_testing.accounts import account
from samdrift_testing.browsing import visiting
from samdrift_testing.estate import Estate, app_over
from samdrift_testing.pages import check_page
from samdrift_testing.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def paths(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of an empty list, a full one, and two accounts, one of them refused."""
    with closing(Ledger(f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('browser') / 'l.db')}")) as ledger:
        estate = Estate(ledger)
        made, refused = account(estate), account(estate, 2025, reason="Only 12 days under plans are measured.")
        with serving(app_over(estate)) as address:
            start = f"{address}/energy_forecast/account"
            yield {
                "empty": f"{start}?year=2020",
                "list": f"{start}?year=2026",
                "made": f"{start}/{made}?made",
                "refused": f"{start}/{refused}?refused",
            }


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("name", ["empty", "list", "made", "refused"])
def test_a_page_is_accessible_and_can_be_walked_by_keyboard(
    browser: Browser, paths: dict[str, str], name: str, language: str, tmp_path: Path
) -> None:
    with visiting(browser, paths[name]) as visit:
        check_page(visit(f"&lang={language}"), language, tmp_path / "page")
