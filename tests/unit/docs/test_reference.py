"""The reference says what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from samdrift_energy_forecast import settings as energy
from samdrift_mammography import settings as mammography
from samdrift_platform import overdue_settings
from samdrift_platform.cli.program import app
from samdrift_platform.control.app import create_app
from samdrift_platform.control.permissions import Right, roles_for
from samdrift_platform.governance.permissions import Duty
from samdrift_platform.setting import Setting
from samdrift_platform.settings import Settings, table
from samdrift_registry.people import Role
from samdrift_rpa import settings as rpa

OF_WORKLOADS = (*overdue_settings.ALL, *mammography.SETTINGS, *energy.SETTINGS, *rpa.SETTINGS)
ROOT = Path(__file__).parents[3]
_PATTERNS = ("*.md", "docs/**/*.md", "*/README.md", "workloads/*/README.md")
PAGES = sorted({page for pattern in _PATTERNS for page in ROOT.glob(pattern)})


@pytest.mark.parametrize(("variable", "default", "meaning"), table(), ids=[row[0] for row in table()])
def test_every_setting_is_documented(variable: str, default: str, meaning: str) -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert f"| `{variable}` | {f'`{default}`' if default else ''} | {meaning} |" in page


@pytest.mark.parametrize("setting", OF_WORKLOADS, ids=[setting.name for setting in OF_WORKLOADS])
def test_every_setting_of_a_workload_is_documented(setting: Setting) -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    default = f"`{setting.default}`" if setting.default else ""
    assert f"| `{setting.name}` | {default} | {setting.help} |" in page


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


def test_every_address_of_the_api_is_in_the_reference(tmp_path: Path) -> None:
    """Each noun of the API has its line."""
    page = (ROOT / "docs" / "reference" / "api.md").read_text()
    paths = create_app(Settings(home=tmp_path), workloads={}).openapi()["paths"]
    nouns = {path.split("/{")[0] for path in paths}
    assert {noun for noun in nouns if noun not in page} == set()


def test_every_role_and_what_it_takes_to_do_what_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "roles.md").read_text()
    for role in Role:
        assert f"| `{role}` |" in page
    for need in (*Right, *Duty):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| {need} |")]
        if need not in (Right.SIGNED_IN, Right.WORK):
            assert set(re.findall(r"`(\w+)`", line)) == roles_for(need)


def test_every_command_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    words = set(re.findall(r"[a-z-]+", " ".join(re.findall(r"`([^`]*)`", page))))
    assert {word for command in commands(get_command(app)) for word in command} - words == set()


def commands(group: Any) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if name == "evaluation":  # has its own page of options
            yield (name,)
        elif hasattr(command, "commands"):
            yield from ((name, *rest) for rest in commands(command))
        else:
            yield (name,)
