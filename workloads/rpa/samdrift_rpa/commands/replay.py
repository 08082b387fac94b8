"""`samdrift rpa replay`: a case again through its steps, in memory."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_rpa.commands.asking import ItemId
from samdrift_rpa.commands.store import ReadingStore

if TYPE_CHECKING:
    from samdrift_rpa.commands.engine import Loaded
    from samdrift_rpa.explanation.record import CaseRecord
    from samdrift_rpa.explanation.replay import Replayed


def replay(item_id: ItemId, as_json: AsJson = False) -> None:
    """Take a case through its last round again, with the same decisions and objects; status 1 if it differs.

    Nothing is made or stored. Rules and policies are those that are installed here now; models take part where the
    versions that decided are deployed here.
    """
    from samdrift_rpa.commands.engine import loaded
    from samdrift_rpa.explanation.record import record_from_json
    from samdrift_rpa.explanation.replay import replay as again
    from samdrift_rpa.processes import process_called

    with connect() as client:
        record = record_from_json(client.call("GET", f"/rpa/cases/{item_id}.json")["record"])
        process = process_called(record.process)
        made = loaded(process, only=record.item.models)
        found = again(record, process, ReadingStore(client.get_object), made.engine)
    if as_json:
        show_json(_document(record, made, found))
    else:
        _show(record, made, found)
    if not found.same:
        raise typer.Exit(1)


def _document(record: CaseRecord, made: Loaded, found: Replayed) -> dict[str, Any]:
    return {
        "item": str(record.item.id),
        "reference": record.item.reference,
        "same": found.same,
        "verdict": str(found.outcome.verdict),
        "differences": [asdict(each) for each in found.differences],
        "without_models": list(made.without),
    }


def _show(record: CaseRecord, made: Loaded, found: Replayed) -> None:
    if made.without:
        say(f"Replayed without models that took part and are not deployed here: {', '.join(made.without)}.")
    if found.same:
        effects = len(found.outcome.result.get("effects") or ())  # type: ignore[arg-type]  # a list, by `conduct`
        say(f"{record.item.reference}: the same again: {found.outcome.verdict}, the same facts, {effects} effects.")
        return
    say(f"{record.item.reference}: it came out otherwise. What is installed here may have changed since.")
    rows = [(each.where, _short(each.recorded), _short(each.replayed)) for each in found.differences]
    show_table(["where", "recorded", "replayed"], rows, empty="")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 200 else text[:199] + "…"
