"""The OpenAPI document: FastAPI's, with our problems, our sign-in and nothing that we do not answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from samdrift_platform.contract import Workload
from samdrift_platform.control.problems import MEDIA_TYPE, Problem

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "What went wrong, with which field, and what to do.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
}
#: Where documents of all workloads go.
SUBMIT = "/v1/workloads/{name}/submissions"
_METHODS = ("get", "post", "put", "patch", "delete")


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        _describe_problems(document)
        _describe_documents(document, app.state.workloads)
        _describe_sign_in(document, app.state.workloads)
        app.openapi_schema = document
    return app.openapi_schema


def _describe_problems(document: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template=_REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= schema.pop("$defs", {})
    schemas["Problem"] = schema
    for operation in _operations(document):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _PROBLEM


def _describe_documents(document: dict[str, Any], workloads: Mapping[str, Workload]) -> None:
    """Show one submission of each workload, from the example that its schema has."""
    examples = {
        name: {"summary": workload.title["en"], "value": {"reference": "an-example", "document": shown[0]}}
        for name, workload in workloads.items()
        if (shown := workload.submission.model_json_schema().get("examples"))
    }
    content = document["paths"][SUBMIT]["post"]["requestBody"]["content"]["application/json"]
    if examples:
        del content["example"]
        content["examples"] = examples


def _describe_sign_in(document: dict[str, Any], workloads: Iterable[str]) -> None:
    guarded = ("/v1/", *(f"/{name}/" for name in workloads))
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [{"token": []}] if path.startswith(guarded) else []


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for name, operation in path.items() if name in _METHODS]
