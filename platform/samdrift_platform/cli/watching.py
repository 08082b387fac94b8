"""The command that takes the weekly look now. It runs on the machine that holds the home."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from samdrift_platform.cli.installation import needs_platform
from samdrift_platform.cli.output import AsJson, say, show_json
from samdrift_platform.settings import load

app = typer.Typer()


@app.command("watch")
def watch_now(as_json: AsJson = False) -> None:
    """Look now whether the scores of what serves have moved; alarms and stops follow as the policies say."""
    needs_platform()
    from samdrift_platform import plugins
    from samdrift_platform.governance import Governance
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.watch import watch

    settings = load()
    ledger = Ledger(settings.ledger_url)
    workloads = plugins.workloads(plugins.workload_names(settings.workloads))
    looks = watch(ledger, Governance(ledger, settings.home), settings.home, workloads, now=datetime.now(UTC))
    if as_json:
        show_json([{"said": str(look), "alarm": look.alarm} for look in looks])
    elif looks:
        for look in looks:
            say(f"{'ALARM  ' if look.alarm else ''}{look}")
    else:
        say("Nothing to look at yet: no champion has scored anything. `samdrift models list` shows what serves.")
