"""Commands that start an installation and look after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import NotFoundError
from samdrift_platform.settings import Settings, load, table

app = typer.Typer()
ledger = typer.Typer(help="The ledger's database.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")

#: The password inside an address, between what stays.
_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*(@)")

Home = Annotated[Path | None, typer.Option(help="Folder that holds everything; default SAMDRIFT_HOME, then .samdrift.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the control plane.")]


@app.command()
def up(home: Home = None, port: Port = None, as_json: AsJson = False) -> None:
    """Start the platform and keep it running until Ctrl-C."""
    _needs_platform()
    from samdrift_platform import supervisor

    supervisor.up(load(home=home, port=port), as_json=as_json)


@app.command()
def demo(
    home: Home = None,
    port: Port = None,
    stay: Annotated[bool, typer.Option("--stay", help="Stay up afterwards, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start everything, let every workload do real work, and say what came of it; status 1 unless all succeeded."""
    _needs_platform()
    from samdrift_platform import demo

    succeeded = demo.run(load(home=home, port=port), as_json=as_json, stay=stay)
    raise typer.Exit(0 if succeeded else 1)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say whether work that is submitted now will be done; exit status 1 if not."""
    with connect() as client:
        found = client.readiness()
    if as_json:
        show_json(found)
    else:
        rows = [(one["name"], "ready" if one["ready"] else "not ready", _why(one)) for one in found["parts"]]
        show_table(["part", "state", "why"], rows, empty="Nothing has reported.")
    raise typer.Exit(0 if found["ready"] else 1)


def _why(part: Mapping[str, Any]) -> str:
    """What is missing, and which model versions the registry refused."""
    refused = [f"{version} refused: {reason}" for version, reason in part["detail"].get("refused", {}).items()]
    return " ".join(filter(None, [part["why"], *refused]))


@app.command()
def settings(as_json: AsJson = False) -> None:
    """Print every setting: its variable, its value now, and what it means."""
    now = load()
    rows = [
        {"variable": variable, "value": _shown(getattr(now, field.name)), "default": default, "help": meaning}
        for field, (variable, default, meaning) in zip(fields(Settings), table(), strict=True)
    ]
    if as_json:
        show_json(rows)
    else:
        show_table(["variable", "value", "meaning"], [(r["variable"], r["value"], r["help"]) for r in rows], empty="")


@app.command("sign-in")
def sign_in(as_json: AsJson = False) -> None:
    """Print a link that signs one browser in, once."""
    with connect() as client:
        found = client.sign_in_link()
    if as_json:
        show_json(found)
    else:
        say(f"{found['url']}\nIt works once, within {found['valid_s'] // 60} minutes.")


@ledger.command("migrate")
def migrate(as_json: AsJson = False) -> None:
    """Bring the ledger's tables up to date. Stop the platform first."""
    _needs_platform()
    from samdrift_platform.ledger import migrations

    url = load().ledger_url
    migrations.upgrade(url)
    if as_json:
        show_json({"migrated": True})
    else:
        say("The ledger is up to date.")


def _shown(value: object) -> str:
    return _PASSWORD.sub(r"\1***\2", str(value))


def _needs_platform() -> None:
    from importlib.util import find_spec

    if find_spec("ray") is None:
        raise NotFoundError("Only the client is installed here. Run `pip install 'samdrift[platform]'` first.")
