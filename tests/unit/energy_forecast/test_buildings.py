from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.register import Change
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.database import Ledger

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
DESCRIPTION: dict[str, Any] = {
    "id": "school-1",
    "name": "Skolen ved Søen",
    "calendar": {"opening": {"monday": {"begins": "08:00", "ends": "16:00"}}},
    "setback": {"warm": {"begins": "06:00", "ends": "17:00"}},
    "tariff": {"price_per_kwh": 0.62},
    "emission": {"kg_co2_per_kwh": 0.034, "year": 2021, "method": "environmental declaration"},
}


def described(identifier: str = "school-1", **fields: Any) -> BuildingDescription:
    return BuildingDescription.model_validate(DESCRIPTION | {"id": identifier} | fields)


def put(ledger: Ledger, *descriptions: BuildingDescription, by: str = "olga") -> dict[str, Change]:
    with ledger.write() as connection:
        return register.put(connection, descriptions, by=by, now=NOW)


def test_a_building_is_added_changed_and_left_alone(ledger: Ledger) -> None:
    assert put(ledger, described()) == {"school-1": Change.ADDED}
    assert put(ledger, described(), by="per") == {"school-1": Change.UNCHANGED}
    assert put(ledger, described(name="Ny skole"), by="per") == {"school-1": Change.CHANGED}
    with ledger.read() as connection:
        found = register.find(connection, "school-1")
        events = register.history(connection, "school-1")
    assert (found.description, found.changed_by, found.changed_at) == (described(name="Ny skole"), "per", NOW)
    assert [(event.actor, event.action) for event in events] == [
        ("olga", "building.added"),
        ("per", "building.changed"),
    ]


def test_a_removed_building_is_kept_and_can_come_back(ledger: Ledger) -> None:
    put(ledger, described())
    with ledger.write() as connection:
        assert register.remove(connection, "school-1", by="olga", now=NOW) is Change.REMOVED
        assert register.remove(connection, "school-1", by="olga", now=NOW) is Change.UNCHANGED
    with ledger.read() as connection:
        assert list(register.each(connection)) == []
        assert not register.find(connection, "school-1").is_active
    assert put(ledger, described()) == {"school-1": Change.CHANGED}
    with ledger.read() as connection:
        assert register.count(connection) == 1


def test_an_unknown_building_is_named(ledger: Ledger) -> None:
    with ledger.read() as connection, pytest.raises(NotFoundError, match="no building 'school-9'"):
        register.find(connection, "school-9")


def test_buildings_come_in_pages_in_order(ledger: Ledger) -> None:
    put(ledger, *(described(f"b{k:04d}") for k in reversed(range(23))))
    seen: list[str] = []
    with ledger.read() as connection:
        while page := list(register.each(connection, after=seen[-1] if seen else "", limit=10)):
            seen += [one.description.id for one in page]
    assert seen == [f"b{k:04d}" for k in range(23)]


def test_addresses_stay_out_of_the_audit_chain(ledger: Ledger) -> None:
    put(ledger, described(delivery={"email": ["drift@example.dk"]}))
    put(ledger, described("school-2", delivery={"email": ["anden@example.dk"]}), described("school-3"))
    with ledger.read() as connection:
        (first,) = register.history(connection, "school-1")
        (second,) = register.history(connection, "school-2")
    assert "example.dk" not in f"{first}{second}"
    assert set(first.details) == {"digest"}
