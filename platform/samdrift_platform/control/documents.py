"""Documents about a version (report, model card, technical documentation) and the catalogue, to be kept as files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from samdrift_platform.control.dependencies import TheGovernance, TheLedger, TheSettings, TheWorkloads, Version
from samdrift_platform.control.kept_report import kept_report
from samdrift_platform.errors import NotFoundError
from samdrift_platform.evidence import files

router = APIRouter(tags=["models"])

#: These pages carry their style inside and run nothing: whatever a report holds, it reaches neither us nor others.
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Format(StrEnum):
    """How a document is written."""

    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"


_MIME = {
    Format.JSON: "application/json",
    Format.HTML: "text/html; charset=utf-8",
    Format.MARKDOWN: "text/markdown; charset=utf-8",
}
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_CONTENT: dict[str, Any] = {
    "application/json": {"schema": {"type": "object"}, "example": {"format": "samdrift-report/1"}},
    "text/html": _TEXT,
    "text/markdown": _TEXT,
}
_DOCUMENTED: dict[int | str, dict[str, Any]] = {200: {"content": _CONTENT}}
_REPORTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {mime: _CONTENT[mime] for mime in ("application/json", "text/html")}}
}
Language = Annotated[Literal["da", "en"], Query(description="Of pages; JSON is the same in both.")]
Wanted = Annotated[Format, Query(alias="format", description="`html` and `markdown` are for people.")]

_AT = "/models/{name}/versions/{version}"


@router.get(f"{_AT}/report", response_class=Response, responses=_REPORTED)
def get_report(
    name: str,
    version: Version,
    governance: TheGovernance,
    settings: TheSettings,
    wanted: Annotated[Literal[Format.JSON, Format.HTML], Query(alias="format")] = Format.JSON,
    language: Language = "en",
) -> Response:
    """The newest evaluation report, as it was signed: JSON byte for byte, or as a page with the gate's verdict."""
    stands = governance.standing(name, version)
    if stands.evaluated is None:
        raise NotFoundError(f"{stands} has not been evaluated yet.")
    kept = kept_report(settings.home, stands.evaluated)
    if wanted is Format.JSON:
        return document(Format.JSON, kept.report.to_bytes(), f"{name}-{version}-report")
    return document(Format.HTML, kept.page(language), f"{name}-{version}-report")


@router.get(f"{_AT}/card", response_class=Response, responses=_DOCUMENTED)
def get_card(
    name: str,
    version: Version,
    ledger: TheLedger,
    settings: TheSettings,
    wanted: Wanted = Format.JSON,
    language: Language = "en",
) -> Response:
    """The model card: what the version is for, what it was measured on, who answers for it, and what is missing."""
    from samdrift_registry import card

    with ledger.read() as connection:
        made = files.model_card(connection, settings.home, name, version, now=datetime.now(UTC))
    written: Mapping[Format, Callable[[], str | bytes]] = {
        Format.JSON: made.to_bytes,
        Format.HTML: lambda: card.to_html(made, language),
        Format.MARKDOWN: lambda: card.to_markdown(made, language),
    }
    return document(wanted, written[wanted](), f"{name}-{version}-card")


@router.get(f"{_AT}/annex-iv", response_class=Response, responses=_DOCUMENTED)
def get_technical_documentation(
    name: str,
    version: Version,
    ledger: TheLedger,
    settings: TheSettings,
    workloads: TheWorkloads,
    wanted: Wanted = Format.JSON,
    language: Language = "en",
) -> Response:
    """The technical documentation of Annex IV to Regulation (EU) 2024/1689; what is missing is marked as missing."""
    from samdrift_registry import annex_iv

    with ledger.read() as connection:
        made = files.technical_documentation(
            connection, settings.home, name, version, workloads=workloads, now=datetime.now(UTC)
        )
    written: Mapping[Format, Callable[[], str | bytes]] = {
        Format.JSON: made.to_bytes,
        Format.HTML: lambda: annex_iv.to_html(made, language),
        Format.MARKDOWN: lambda: annex_iv.to_markdown(made, language),
    }
    return document(wanted, written[wanted](), f"{name}-{version}-annex-iv")


@router.get(
    "/catalogue", tags=["evidence"], response_class=Response, responses={200: {"content": {"text/turtle": _TEXT}}}
)
def get_catalogue(request: Request, ledger: TheLedger, settings: TheSettings, workloads: TheWorkloads) -> Response:
    """Models, data sets and services as DCAT-AP-DK 2.0.2, for a data catalogue to harvest."""
    address = str(request.base_url).rstrip("/")
    with ledger.read() as connection:
        made = files.catalogue(connection, settings.home, workloads=workloads, address=address, now=datetime.now(UTC))
    return Response(made, media_type="text/turtle; charset=utf-8")


def document(form: Format, content: str | bytes, name: str) -> Response:
    """A document as an answer: pages are shown, under a policy of their own; `name` is offered when it is saved."""
    suffix = {Format.JSON: "json", Format.HTML: "html", Format.MARKDOWN: "md"}[form]
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    headers = {
        "Content-Security-Policy": DOCUMENT_POLICY,
        "Content-Disposition": f'inline; filename="{plain}.{suffix}"',
    }
    return Response(content, media_type=_MIME[form], headers=headers)
