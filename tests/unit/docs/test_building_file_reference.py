"""The reference of a building's file has all of its keys, and everything that the check looks at."""

from __future__ import annotations

import re
from pathlib import Path

import samdrift_energy_forecast
from samdrift_energy_forecast.building import toml_file

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "building-file.md"
READINESS = Path(samdrift_energy_forecast.__file__).parent / "readiness"


def test_every_key_stands_there_with_its_default_and_meaning() -> None:
    """`samdrift energy building keys` prints the table anew."""
    assert toml_file.key_table() in PAGE.read_text(encoding="utf-8")


def test_everything_that_the_check_looks_at_stands_there() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in READINESS.glob("*.py"))
    checked = set(re.findall(r'(?:missing|odd)\(\s*"([a-z\' ]+)"', source)) | set(
        re.findall(r'what = "([a-z ]+)"', source)
    )
    rows = set(re.findall(r"^\| ([a-z' ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(checked) > 10
    assert checked <= rows
