"""The reference says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samdrift_platform.settings import table

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("workloads/*/README.md")]
)


@pytest.mark.parametrize(("variable", "default", "meaning"), table(), ids=[row[0] for row in table()])
def test_every_setting_is_documented(variable: str, default: str, meaning: str) -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert f"| `{variable}` | {f'`{default}`' if default else ''} | {meaning} |" in page


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_named_test_exists(page: Path) -> None:
    """Documentation that names a test as evidence names one that is there."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text())
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or (name and f"def {name}(" not in (ROOT / path).read_text())
    ]
    assert missing == []
