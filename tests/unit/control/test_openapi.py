from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema

from samdrift_platform.control.openapi import SUBMIT
from samdrift_testing.control import Control

JSON = "application/json"
PROBLEM = "application/problem+json"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield f"{method.upper()} {path}", operation


def check_schema(document: dict[str, Any], schema: dict[str, Any], example: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(example)


def shown(content: dict[str, Any]) -> list[Any]:
    return (
        [content["example"]] if "example" in content else [one["value"] for one in content.get("examples", {}).values()]
    )


def schema_of(document: dict[str, Any], reference: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def test_every_example_is_valid_by_its_own_schema(shared_plane: Control) -> None:
    document = shared_plane.app.openapi()
    examples = [
        (schema, example)
        for schema in document["components"]["schemas"].values()
        for example in schema.get("examples", [])
    ]
    examples += [
        (content["schema"], example)
        for _, operation in operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for example in shown(content)
    ]
    assert len(examples) > 12
    for schema, example in examples:
        check_schema(document, schema, example)


def test_every_answer_and_json_body_has_an_example(shared_plane: Control) -> None:
    document = shared_plane.app.openapi()
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get(JSON)
            if content is None:
                continue
            if "$ref" not in content["schema"]:  # a document whose own schema is published elsewhere
                assert shown(content), name
                continue
            schema = schema_of(document, content["schema"]["$ref"])
            examples = schema.get("examples") or [
                schema_of(document, member["items"]["$ref"]).get("examples") for member in schema["properties"].values()
            ]
            assert all(examples), (name, status)
        body = operation.get("requestBody", {}).get("content", {})
        assert JSON not in body or shown(body[JSON]), name


def test_every_operation_says_how_it_fails_and_who_may_ask(shared_plane: Control) -> None:
    for name, operation in operations(shared_plane.app.openapi()):
        assert operation["responses"]["default"]["content"] == {
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}
        }
        assert "422" not in operation["responses"], name
        assert operation["security"] == ([{"token": []}] if " /v1/" in name else []), name
        assert operation["description"], name


def test_nothing_refers_to_a_schema_that_is_not_there(shared_http: httpx.Client) -> None:
    document = shared_http.get("/openapi.json").json()

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            value = list(value.values())
        if isinstance(value, list):
            for member in value:
                yield from references(member)

    found = set(references(document))
    assert found
    assert all(name.rpartition("/")[2] in document["components"]["schemas"] for name in found)


def test_answers_and_problems_are_as_the_document_says(shared_plane: Control, shared_http: httpx.Client) -> None:
    document = shared_plane.app.openapi()
    body = {"reference": "as-described", "document": {"numbers": [1]}}
    submission = shared_http.post("/v1/workloads/tallying/submissions", json=body).json()
    for name in (
        "workloads", "workloads/tallying", "submissions", f"submissions/{submission['id']}", "items", "models",
        "policies", "people", "alarms", "benefits", "audit", "audit/verification", "processes",
    ):  # fmt: skip
        template = "/v1/" + name.replace(submission["id"], "{submission_id}").replace("/tallying", "/{name}")
        schema = document["paths"][template]["get"]["responses"]["200"]["content"][JSON]["schema"]
        check_schema(document, schema, shared_http.get(f"/v1/{name}").json())
    check_schema(document, schema_of(document, "Problem"), shared_http.get("/v1/items?limit=0").json())


def test_the_schema_of_a_workloads_documents_is_its_own(shared_plane: Control, shared_http: httpx.Client) -> None:
    (workload,) = shared_http.get("/v1/workloads").json()["workloads"]
    assert workload["submission"] == shared_plane.app.state.workloads["tallying"].submission.model_json_schema()
    assert workload["title"] == {"da": "Tælleri", "en": "Tallying"}


def test_each_hosted_workload_shows_a_submission_that_can_be_sent_as_it_is(
    shared_plane: Control, shared_http: httpx.Client
) -> None:
    content = shared_plane.app.openapi()["paths"][SUBMIT]["post"]["requestBody"]["content"][JSON]
    assert list(content["examples"]) == ["tallying"]
    sent = shared_http.post(SUBMIT.format(name="tallying"), json=content["examples"]["tallying"]["value"])
    assert sent.status_code == 202
