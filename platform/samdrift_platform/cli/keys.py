"""Commands about the signing key. They run on the machine that holds the home."""

from __future__ import annotations

from dataclasses import asdict
from getpass import getuser

import typer

from samdrift_platform.cli.installation import needs_platform
from samdrift_platform.cli.output import AsJson, say, show_json
from samdrift_platform.settings import load

app = typer.Typer()
keys = typer.Typer(help="The key that signs manifests and statements.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Make a new signing key, sign everything again with it, and end the old one. May be killed and run again."""
    needs_platform()
    from samdrift_platform.governance.rotating import rotate_key
    from samdrift_platform.ledger.database import Ledger

    settings = load()
    rotated = rotate_key(Ledger(settings.ledger_url), settings.home, actor=getuser())
    if as_json:
        show_json(asdict(rotated))
    else:
        say(f"Key {rotated.key_id} signs from now on.")
        say(f"Signed again: {rotated.manifests} manifests, {rotated.statements} statements.")
        say(f"Ended: {', '.join(rotated.ended) or 'no key'}.")
