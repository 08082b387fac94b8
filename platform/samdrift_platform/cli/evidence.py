"""Commands that show the evidence: models, benefits and the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.client import Client
from samdrift_platform.errors import NotFoundError

app = typer.Typer()
models = typer.Typer(help="Model versions and which of them are served.", no_args_is_help=True)
audit = typer.Typer(help="The audit chain.", no_args_is_help=True)
app.add_typer(models, name="models")
app.add_typer(audit, name="audit")


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the versions that have a signed manifest."""
    with connect() as client:
        found = client.models()
    if as_json:
        show_json(found)
        return
    rows = [
        (one["model"], one["version"], one["digest"], one["signed_at"], "served" if one["pinned"] else "")
        for one in found["versions"]
    ]
    columns = ["model", "version", "digest", "signed", ""]
    show_table(columns, rows, empty="No version has a manifest. Log one with MLflow; the registry finds it.")


@models.command("pin")
def pin_model(
    model: Annotated[str, typer.Argument(help="Registered name.")],
    version: Annotated[int, typer.Argument(min=1, help="MLflow's version number.")],
    digest: Annotated[str | None, typer.Argument(help="As `samdrift models list` shows it; default: that one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve exactly this version from now on."""
    with connect() as client:
        found = client.pin(model, version, digest or _signed_digest(client, model, version))
    if as_json:
        show_json(found)
    else:
        say(f"{found['model']} is served as version {found['version']}, {found['digest']}.")


def _signed_digest(client: Client, model: str, version: int) -> str:
    """The digest of the version's signed manifest."""
    for one in client.models()["versions"]:
        if (one["model"], one["version"]) == (model, version):
            return str(one["digest"])
    raise NotFoundError(
        f"{model} has no version {version} with a signed manifest. `samdrift models list` shows those that have one, "
        "`samdrift status` those that were refused."
    )


@audit.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Recompute the whole chain; exit status 1 if an event was changed, removed or inserted."""
    with connect() as client:
        found = client.verify_audit()
    if as_json:
        show_json(found)
    elif found["intact"]:
        say(f"Intact: {found['rows']} events.")
    else:
        say(f"Not intact from event {found['first_bad_seq']} on: {found['why']}. Restore the ledger from a backup.")
    raise typer.Exit(0 if found["intact"] else 1)


@audit.command("log")
def log(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest events."""
    with connect() as client:
        found = client.audit_log(limit=limit)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["seq"], one["at"][:19], one["actor"], one["action"], one["subject"], _in_words(one["details"]))
        for one in found
    ]
    show_table(["event", "at (UTC)", "actor", "action", "subject", "details"], rows, empty="Nothing has happened yet.")


def _in_words(details: Mapping[str, object]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in details.items())


@app.command()
def benefits(as_json: AsJson = False) -> None:
    """List what was saved, and what computing it cost."""
    with connect() as client:
        found = client.benefits()
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["workload"],
            one["kind"],
            one["measure"],
            f"{one['quantity']:.4g} {one['unit']}",
            one["items"],
            one["method"],
        )
        for one in found
    ]
    columns = ["workload", "", "measure", "quantity", "items", "method"]
    show_table(columns, rows, empty="Nothing was saved or spent yet: no item has ended.")
