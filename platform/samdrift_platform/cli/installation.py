"""Commands that start an installation and look after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.settings import Settings, load, table

app = typer.Typer()
ledger = typer.Typer(help="The ledger's database.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")

#: The password inside an address, between what stays.
_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*(@)")

#: Where the dispatcher's detail holds, by workload, what troubles the replicas.
_CREWS = ("crews", "shadows")
#: What of a part's detail is told, and the words between the thing and the reason.
_SAID = {"missing": "", "crews": "", "shadows": " (shadow)", "refused": " refused", "waiting": " waits"}

Home = Annotated[Path | None, typer.Option(help="Folder that holds everything; default SAMDRIFT_HOME, then .samdrift.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the control plane.")]


@app.command()
def up(home: Home = None, port: Port = None, as_json: AsJson = False) -> None:
    """Start the platform and keep it running until Ctrl-C."""
    needs_platform()
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
    needs_platform()
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
    """What is missing, what troubles a workload, which versions the registry refused, and which wait for evaluation."""
    detail = part["detail"]
    return " ".join(
        filter(None, [part["why"], detail.get("why"), detail.get("governance"), *dict.fromkeys(_reasons(detail))])
    )


def _reasons(detail: Mapping[str, Any]) -> Iterator[str]:
    troubles = {key: {name: crew["trouble"] for name, crew in detail.get(key, {}).items()} for key in _CREWS}
    for key, said in _SAID.items():
        for of_what, reason in {**detail, **troubles}.get(key, {}).items():
            if reason:
                yield f"{of_what}{said}: {reason}"


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
def sign_in(
    person: Annotated[str | None, typer.Option("--as", help="Sign in this person: an operator's right.")] = None,
    write_token: Annotated[
        Path | None, typer.Option(help="Write a token for --as into this file instead, for SAMDRIFT_TOKEN_FILE.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that signs one browser in, once. Who may sign others in could act for them: the chain says who."""
    if write_token is not None:
        _write_token(person, write_token, as_json=as_json)
        return
    with connect() as client:
        found = client.sign_in_link(person)
    if as_json:
        show_json(found)
    else:
        say(f"{found['url']}\nIt signs in {found['subject']}, once, within {found['valid_s'] // 60} minutes.")


def _write_token(person: str | None, file: Path, *, as_json: bool) -> None:
    if person is None:
        raise InputError("Say whose token it is to be: --as PERSON.", field="as")
    with connect() as client:
        found = client.token(person)
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(found["token"])
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}. Check the path.", field=str(file)) from error
    days = found["valid_s"] // 86400
    if as_json:
        show_json({"file": str(file), "subject": person, "valid_s": found["valid_s"]})
    else:
        say(f"{file} holds {person}'s token for {days} days. SAMDRIFT_TOKEN_FILE={file} acts as {person}.")


@ledger.command("migrate")
def migrate(as_json: AsJson = False) -> None:
    """Bring the ledger's tables up to date. Stop the platform first."""
    needs_platform()
    from samdrift_platform.ledger import migrations

    url = load().ledger_url
    migrations.upgrade(url)
    if as_json:
        show_json({"migrated": True})
    else:
        say("The ledger is up to date.")


def _shown(value: object) -> str:
    return _PASSWORD.sub(r"\1***\2", str(value))


def needs_platform() -> None:
    """Return where the servers are installed; NotFoundError says how to install them."""
    from importlib.util import find_spec

    if find_spec("ray") is None:
        raise NotFoundError("Only the client is installed here. Run `pip install 'samdrift[platform]'` first.")
