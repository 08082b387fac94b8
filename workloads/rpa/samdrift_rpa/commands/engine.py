"""What a process loads, for a dry run or a replay: with the models that are deployed in this home, where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_platform.settings import load
from samdrift_rpa.process import Process

if TYPE_CHECKING:
    from samdrift_platform.assignments import Served


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A process's engine, and the models that it was given."""

    engine: Any
    #: Registered name -> `version@sha256:…`.
    models: Mapping[str, str]
    #: Models that the process may use, and that it was not given.
    without: Sequence[str]


def loaded(process: Process[Any, Any], *, only: Mapping[str, str] | None = None) -> Loaded:
    """Load `process` with what is deployed here, its evidence verified; without what is not.

    `only` names versions (`version@sha256:…`): another one is left out, because it would decide otherwise.
    """
    from samdrift_registry import proof

    home = load().home
    served = {
        name: each
        for name, each in (_deployed(process) if process.models else {}).items()
        if only is None or only.get(name) == str(each.deployment)
    }
    models = {
        name: proof.verified(home, each.deployment, each.proof, now=datetime.now(UTC)) for name, each in served.items()
    }
    asked = process.models if only is None else only
    return Loaded(
        engine=process.load(models),
        models={name: str(each.deployment) for name, each in served.items()},
        without=sorted(set(asked) - set(served)),
    )


def _deployed(process: Process[Any, Any]) -> Mapping[str, Served]:
    """Registered name -> its champion in this home; nothing where no platform lives."""
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.orders import Orders
    from samdrift_rpa.workload import RobotWorkload

    chosen = load()
    if not _is_there(chosen.ledger_url):
        return {}
    workload = RobotWorkload({process.name: process})
    with closing(Ledger(chosen.ledger_url)) as ledger:
        crew = Orders([workload], chosen, ledger).current().crews.get(workload.name)
    return crew.models if crew else {}


def _is_there(url: str) -> bool:
    """SQLite would make the file that it is asked for."""
    database = sa.make_url(url).database or ""
    return not url.startswith("sqlite") or Path(database).is_file()
