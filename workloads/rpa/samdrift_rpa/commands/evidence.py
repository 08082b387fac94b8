"""`samdrift rpa evidence ...`: pictures and traces of what a robot did."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_rpa.commands.asking import ItemId

app = typer.Typer(
    help="Masked pictures and traces of web forms: what is kept, looking at one, and its keys.", no_args_is_help=True
)

Kind = Annotated[str, typer.Option("--kind", help="picture (PNG) or trace (trace.zip of Playwright).")]


@app.command("list")
def list_evidence(item_id: ItemId, as_json: AsJson = False) -> None:
    """Say what is kept of an item, and until when."""
    with connect() as client:
        found: list[dict[str, Any]] = client.call("GET", f"/rpa/evidence/{quote(item_id, safe='')}.json")
    if as_json:
        show_json(found)
    else:
        show_table(
            ["kind", "receiver", "failed", "made_at", "expires_at"],
            [[*each.values()] for each in found],
            empty="None is kept.",
        )


@app.command("show")
def show(
    item_id: ItemId,
    into: Annotated[Path, typer.Option("--into", help="File to write; readable by you alone.", show_default=False)],
    kind: Kind = "picture",
) -> None:
    """Decrypt the newest picture or trace of an item into a file. Takes the operator's role, and is audited."""
    with connect() as client:
        content = client.fetch("POST", f"/rpa/evidence/{quote(item_id, safe='')}/{quote(kind, safe='')}")
    into.touch(mode=0o600)
    into.chmod(0o600)  # also one that was there before
    into.write_bytes(content)
    say(f"{len(content)} bytes in {into}. Remove it when you are done: nobody else will.")


@app.command("rotate")
def rotate() -> None:
    """Encrypt with a new key from now on, on the machine with the home folder; keys that nothing needs are dropped."""
    from samdrift_platform.ledger import audit
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load
    from samdrift_rpa.evidence import piece
    from samdrift_rpa.evidence.keys import EvidenceKeys

    settings = load()
    ledger = Ledger(settings.ledger_url)
    with ledger.write() as connection:
        fingerprint = EvidenceKeys(settings.home).rotate(in_use=piece.keys_in_use(connection))
        event = audit.Event(
            actor="operator", action="evidence.key_rotated", subject="evidence", details={"key": fingerprint}
        )
        audit.append(connection, [event], now=datetime.now(UTC))
    ledger.close()
    say(f"New evidence is encrypted with the key {fingerprint}.")
