"""One case of any process: why it stands as it does, in sentences, and its record for a replay."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse

from samdrift_rpa.explanation.record import CaseRecord, record_of, record_to_json
from samdrift_rpa.explanation.sentences import Explanation, explain
from samdrift_rpa.pages.asking import SignedIn, ledger_of, processes_of
from samdrift_rpa.pages.evidence import shown_of
from samdrift_rpa.sentence import LANGUAGES


def router() -> APIRouter:
    """The page `/rpa/cases/{item}` and the same for programs."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/cases/{item_id}.json", as_json)
    pages.add_api_route("/cases/{item_id}", case, response_class=HTMLResponse)
    return pages


def case(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """The explanation of one case."""
    record = _record(shell, item_id)
    explained = _explained(shell, record, shell.language)
    return shell.page("rpa/case.html", record=record, explained=explained, **shown_of(shell, item_id))


def as_json(shell: SignedIn, item_id: UUID) -> JSONResponse:
    """Its record, and the explanation in both languages."""
    record = _record(shell, item_id)
    told: dict[str, Any] = {}
    for language in LANGUAGES:
        explained = _explained(shell, record, language)
        told[language] = {name: list(getattr(explained, name)) for name in ("case", "steps", "people", "outside")}
    return JSONResponse({"record": record_to_json(record), "explanation": told})


def _record(shell: SignedIn, item_id: UUID) -> CaseRecord:
    with ledger_of(shell).read() as connection:
        return record_of(connection, item_id)


def _explained(shell: SignedIn, record: CaseRecord, language: str) -> Explanation:
    return explain(record, processes_of(shell).get(record.process), language)
