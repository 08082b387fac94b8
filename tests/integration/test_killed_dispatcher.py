"""The dispatcher is killed while champions answer and shadows score: the next one finishes both, each item once."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.contract import Item
from samdrift_platform.ledger.agreement import agreement
from samdrift_platform.ledger.tables import scores, shadow_runs
from samdrift_registry.deployments import Slot
from samdrift_testing.models import take_in, write_number
from samdrift_testing.station import SHORT_LEASE_S, Station, running_station

MODEL, ITEMS = "one-number", 300


def test_items_and_shadow_runs_survive_the_dispatcher(plugin_site: Path, tmp_path: Path) -> None:
    with running_station(tmp_path, plugin_site, workloads=("oracle",), lease_s=SHORT_LEASE_S) as station:
        for version, slot in ((1, Slot.CHAMPION), (2, Slot.SHADOW)):
            folder = write_number(tmp_path / str(version), float(version))
            station.serve(MODEL, version, take_in(station.settings.home, MODEL, version, folder), slot)
        station.wait_until(lambda: any(crew["idle"] for crew in station.report().detail["shadows"].values()))
        asked = station.submit("oracle", "many", [Item(reference=f"many/{n}", payload={}) for n in range(ITEMS)])
        station.wait_until(lambda: compared(station).get("done", 0) > 0)
        os.kill(station.report().pid, signal.SIGKILL)
        left = {str(item.state) for item in station.items(asked)}
        assert left - {"done"} or set(compared(station)) - {"done"}, "killed too late to mean anything"
    with running_station(tmp_path, plugin_site, workloads=("oracle",), lease_s=SHORT_LEASE_S) as station:
        items = station.finished(asked)
        station.wait_until(lambda: set(compared(station)) == {"done"})
        assert {str(item.state) for item in items} == {"done"}
        assert {str(item.result) for item in items} == {"{'number': 1.0}"}
        assert compared(station) == {"done": ITEMS}
        assert counted(station) == {(item.id, slot): 2 for item in items for slot in ("champion", "shadow")}
        with station.ledger.read() as connection:
            found = agreement(connection, MODEL, 2)
        assert (found.n, found.differences["number"].mean_absolute) == (ITEMS, 1.0)


def compared(station: Station) -> Mapping[str, int]:
    """State of a shadow run -> number."""
    query = sa.select(shadow_runs.c.state, sa.func.count()).group_by(shadow_runs.c.state)
    with station.ledger.read() as connection:
        return {state: number for state, number in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def counted(station: Station) -> Mapping[tuple[UUID, str], int]:
    """Item and slot -> scores."""
    query = sa.select(scores.c.item_id, scores.c.slot, sa.func.count()).group_by(scores.c.item_id, scores.c.slot)
    with station.ledger.read() as connection:
        return {(item, slot): number for item, slot, number in connection.execute(query)}
