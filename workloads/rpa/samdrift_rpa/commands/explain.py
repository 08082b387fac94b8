"""`samdrift rpa explain`: why a case stands as it does, in sentences."""

from __future__ import annotations

from typing import Any

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json
from samdrift_rpa.commands.asking import InLanguage, ItemId, Language

_HEADINGS = {
    "case": {"da": "Sagen", "en": "The case"},
    "steps": {"da": "Hvad der blev gjort med den", "en": "What was done with it"},
    "people": {"da": "Hvem der blev spurgt", "en": "Who was asked"},
    "outside": {"da": "Hvad der skete udadtil", "en": "What happened outside"},
}


def explain(item_id: ItemId, language: InLanguage = Language.EN, as_json: AsJson = False) -> None:
    """Say which steps were taken, which rule, decision or effect decided, and what happened outside."""
    with connect() as client:
        found: dict[str, Any] = client.call("GET", f"/rpa/cases/{item_id}.json")["explanation"]
    if as_json:
        show_json(found[language])
        return
    for part, heading in _HEADINGS.items():
        if sentences := found[language][part]:
            say(heading[language])
            for sentence in sentences:
                say(f"  {sentence}")
