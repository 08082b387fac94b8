"""The days that are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from samdrift_platform.errors import InputError
from samdrift_rpa.tables import cases


@dataclass(frozen=True, kw_only=True)
class Period:
    """Cases that were received on these days, by Danish clocks, both included; None: since or until ever."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        """InputError when it ends before it begins."""
        if self.first and self.last and self.last < self.first:
            raise InputError(f"The period ends on {self.last}, before it begins on {self.first}.", field="to")

    def holds(self, process: str | None = None) -> sa.ColumnElement[bool]:
        """That a case was received in it, and is of `process` where one is given."""
        return sa.and_(self.of(cases), sa.true() if process is None else cases.c.process == process)

    def of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """That a row of `table` was received in it."""
        received_on = table.c.received_on
        conditions: list[sa.ColumnElement[bool]] = [sa.true()]
        conditions += [received_on >= self.first] if self.first else []
        conditions += [received_on <= self.last] if self.last else []
        return sa.and_(*conditions)


EVER = Period()
