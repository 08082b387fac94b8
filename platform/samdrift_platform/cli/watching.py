"""Commands about what became of decisions: the weekly look, taken now, and truth that arrives later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.installation import needs_platform
from samdrift_platform.cli.output import AsJson, say, show_json
from samdrift_platform.settings import load

app = typer.Typer()


@app.command("watch")
def watch_now(as_json: AsJson = False) -> None:
    """Look now whether scores have moved; alarms and stops follow by policy. Runs where the home folder is."""
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


@app.command("truth")
def record_truth(
    item_id: Annotated[str, typer.Argument(help="Identifier of the item.")],
    score: Annotated[str, typer.Argument(help="Name of the score that it is the truth of.")],
    value: Annotated[float, typer.Argument(help="In the score's unit; 1 and 0 for yes and no.")],
    source: Annotated[str, typer.Option(help="Where it is known from: histology, meter, case closed.")],
    observed_at: Annotated[str, typer.Option(help="When, ISO 8601 with its offset: 2026-11-24T09:00:00+01:00.")],
    as_json: AsJson = False,
) -> None:
    """Say what turned out to be true of a score; the newest of an item and score counts."""
    with connect() as client:
        found = client.record_truth(item_id, score, value, source=source, observed_at=observed_at)
    if as_json:
        show_json(found)
    else:
        say(f"Recorded: {score} of item {item_id} turned out to be {value:g} ({source}).")
