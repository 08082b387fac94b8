"""The intake: from a body as it was sent to a request that the ledger can record."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, JsonValue, StringConstraints, ValidationError, WithJsonSchema

from samdrift_platform.contract import Item, Store, Workload
from samdrift_platform.control.invalid_input import FieldError, InvalidInputError, pointer
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.cpr import is_certain
from samdrift_platform.errors import InputError, SamdriftError
from samdrift_platform.ledger.submissions import LONGEST_REFERENCE, Request

Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_REFERENCE, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class SubmissionBody(JsonBody):
    """What a user sends: a document, and what they call it."""

    reference: Annotated[Reference, Field(description="The sender's own name for it: makes it repeatable.")]
    document: Annotated[
        dict[str, JsonValue],
        WithJsonSchema({"type": "object", "description": "As the schema at GET /v1/workloads says."}),
    ]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """From JSON that a database can hold; InvalidInputError names every field that is wrong."""
        sent = super().read(body)
        if faults := [*_personal(sent.reference), *_unstorable(sent.document, "/document")]:
            raise InvalidInputError.about(faults)
        return sent


def _personal(reference: str) -> Iterator[FieldError]:
    """References stand in addresses, lists and logs."""
    if is_certain(reference):
        remedy = "Call it something else: references stand in lists and logs."
        yield FieldError(field="/reference", message="it quotes a CPR number", remedy=remedy)


class WorkloadFaultError(SamdriftError):
    """The workload met an error of its own while it split the submission. Nothing was recorded."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends, for which tenant, and under which Idempotency-Key."""

    subject: str
    tenant: str
    idempotency_key: str | None = None


def prepare(workload: Workload, sent: SubmissionBody, sender: Sender, store: Store) -> Request:
    """Validate and split `sent`: the request for `ledger.submissions.submit`.

    Raises:
        InvalidInputError: the document is not as the workload's schema says.
        SamdriftError: what the workload says about the document, such as an object that is not there.
        WorkloadFaultError: the workload failed.
    """
    return Request(
        workload=workload.name,
        tenant=sender.tenant,
        reference=sent.reference,
        document=sent.document,
        items=_split(workload, _validate(workload, sent.document), store),
        priority=workload.priority,
        submitted_by=sender.subject,
        idempotency_key=sender.idempotency_key,
    )


def _validate(workload: Workload, document: Mapping[str, JsonValue]) -> BaseModel:
    try:
        return workload.submission.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise InvalidInputError.of_body(error, below="/document") from error


def _split(workload: Workload, submission: BaseModel, store: Store) -> Sequence[Item]:
    try:
        items = list(workload.split(submission, store))
    except SamdriftError:
        raise
    except Exception as error:
        raise WorkloadFaultError(
            f"The workload {workload.name} met an error of its own while it split this submission. Nothing was "
            "recorded. Give the error id to the operator, who finds it in the log."
        ) from error
    if not items:
        raise InputError("This document holds nothing to do. Put at least one piece of work in it.", field="document")
    return items


def _unstorable(value: Any, where: str) -> Iterator[FieldError]:
    """Parts of a JSON document that no database holds: NaN, infinity and the character NUL."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _unstorable(name, where)
            yield from _unstorable(member, pointer(where, [name]))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _unstorable(member, pointer(where, [position]))
    elif isinstance(value, float) and not math.isfinite(value):
        yield FieldError(field=where, message="Not a finite number", remedy="Send a finite number or null.")
    elif isinstance(value, str) and "\x00" in value:
        yield FieldError(field=where, message="Holds the character NUL", remedy="Remove it from the text.")
