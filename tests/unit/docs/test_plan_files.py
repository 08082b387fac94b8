"""The reference of a plan's files says what the code writes."""

from __future__ import annotations

import re
from pathlib import Path

from samdrift_energy_forecast.exports import KINDS
from samdrift_energy_forecast.exports.table import COLUMNS

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "plan-files.md").read_text()


def test_every_column_of_the_table_is_described() -> None:
    described = re.findall(r"`(\w+)`", PAGE.partition("## CSV")[2].partition("## iCalendar")[0])
    assert [column for column in COLUMNS if column not in described] == []
    assert [name for name in described if name not in COLUMNS] == []


def test_every_kind_of_file_has_its_address() -> None:
    assert [suffix for suffix in KINDS if f".{suffix}`" not in PAGE] == []
