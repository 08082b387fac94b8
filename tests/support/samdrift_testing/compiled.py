"""Statements that are compiled once a run, where each ledger of each test would compile its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_platform.ledger import database


class CompiledStatements(dict[tuple[Any, ...], Any]):
    """What SQLAlchemy compiled, for all engines of a kind of database.

    SQLAlchemy's own cache tells its keys apart by the engine's dialect too. All ledgers make theirs in the same way.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_without_engine(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_without_engine(key), compiled)


@contextmanager
def compiled_once() -> Iterator[None]:
    """Within, all ledgers share what was compiled."""
    shared, made = CompiledStatements(), database._engine

    def engine(url: str) -> sa.Engine:
        new = made(url)
        new.update_execution_options(compiled_cache=shared)
        return new

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_engine", engine)
        yield


def _without_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return (dialect.name, dialect.driver, *statement)
