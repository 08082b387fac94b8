"""`samdrift energy plan`: order plans now, for one building or for all of tonight. Runs where the home folder is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_platform.cli.output import AsJson, say, show_json
from samdrift_platform.errors import InputError

if TYPE_CHECKING:
    from samdrift_energy_forecast.ordering.making import OrderDesk
    from samdrift_energy_forecast.ordering.nightly import Night
    from samdrift_energy_forecast.ordering.orders import Order

#: Seconds between two looks at how far the night is.
LOOK_S = 1.0


def plan(
    building: Annotated[str | None, typer.Argument(help="Id of a building: a plan for it from this hour on.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="What the nightly run does: all buildings.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until every plan is made; status 1 if one is not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Order a plan for one building, or with --all the plans that tonight still lacks."""
    if everything == (building is not None):
        raise InputError("Name one building, or give --all for every building.", field="building")
    from samdrift_energy_forecast.ordering import nightly

    with _desk() as desk:
        if building is not None:
            _one(desk, building, wait=wait, as_json=as_json)
            return
        night = nightly.run(desk, now=datetime.now(UTC))
        if wait:
            night = _waited_for(desk, night)
    _show(night, as_json=as_json)
    if wait and night.without:
        raise typer.Exit(1)


def _waited_for(desk: OrderDesk, night: Night) -> Night:
    from samdrift_energy_forecast.ordering import nightly, orders

    while True:
        with desk.ledger.read() as connection:
            if not orders.waiting(connection, night.issue_time):
                return nightly.night(connection, night.issue_time)
        time.sleep(LOOK_S)


def _one(desk: OrderDesk, building: str, *, wait: bool, as_json: bool) -> None:
    order = desk.plan_now(building, now=datetime.now(UTC))
    if as_json:
        show_json({"reference": order.reference, "item": str(order.item_id), "lacks": list(order.lacks)})
    else:
        say(f"Ordered: {order.reference} (`samdrift item {order.item_id}` shows it).")
        for lack in order.lacks:
            say(f"A person should look: {lack}.")
    if wait:
        wait_for(desk, order, as_json=as_json)
    elif not as_json:
        say(f"The page /energy_forecast/buildings/{building} has the plan once it is made; --wait waits for it.")


def wait_for(desk: OrderDesk, order: Order, *, as_json: bool) -> None:
    """Until the plan is made; Exit(1) when none is. What is still to be sent is not waited for."""
    from samdrift_platform.ledger import items

    while True:
        with desk.ledger.read() as connection:
            found = items.get(connection, order.item_id)
        if found.result or found.state in items.ENDED:
            break
        time.sleep(LOOK_S)
    if not found.result:
        typer.echo(
            f"No plan was made: {found.reason or found.state}. `samdrift item {found.id}` has the rest.", err=True
        )
        raise typer.Exit(1)
    if not as_json:
        say(f"Made: see the page /energy_forecast/buildings/{order.building}.")


def _show(night: Night, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = asdict(night) | {"issue_time": night.issue_time.isoformat(), "is_over": night.is_over}
        show_json(told | {"attention": dict(night.attention)})
        return
    for sentence in night.sentences():
        say(sentence)


@contextmanager
def _desk() -> Iterator[OrderDesk]:
    from samdrift_energy_forecast.ordering import nightly
    from samdrift_platform.ledger import migrations
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load

    chosen = load()
    migrations.upgrade(chosen.ledger_url)
    with closing(Ledger(chosen.ledger_url)) as ledger:
        yield nightly.desk(ledger, chosen.objects_url, chosen.tenant, by="operator")
