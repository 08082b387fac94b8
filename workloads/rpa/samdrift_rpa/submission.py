"""What a user sends: cases for one of the installed processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, RootModel, create_model

from samdrift_platform.contract import Item, Store
from samdrift_platform.digest import digest_of
from samdrift_platform.errors import InputError
from samdrift_rpa.process import Process

#: Cases in one submission, at most.
MOST_CASES = 10_000


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Received = Annotated[AwareDatetime, AfterValidator(_to_utc)]


def submission_model(processes: Mapping[str, Process[Any, Any]]) -> type[BaseModel]:
    """The submission's type: `{"process": …, "received_at": …, "cases": […]}`, told apart by `process`."""
    models = [_of(process) for process in processes.values()]
    examples: list[Any] = [
        {"process": process.name, "received_at": "2026-11-24T08:15:00+01:00", "cases": [dict(process.example)]}
        for process in processes.values()
        if process.example
    ]
    union = Annotated[reduce(or_, models), Field(discriminator="process")] if len(models) > 1 else models[0]

    class Cases(RootModel[union]):  # type: ignore[valid-type]  # the processes are known when this runs
        """Cases for one process, as they came in."""

        model_config = ConfigDict(json_schema_extra={"examples": examples})

    return Cases


def _of(process: Process[Any, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        "process": (Literal[process.name], Field(description=process.purpose["en"])),
        "received_at": (Received, Field(description="When they came in, with its time zone.")),
        "cases": (list[process.given], Field(min_length=1, max_length=MOST_CASES)),  # type: ignore[name-defined]  # a type known at run time
    }
    name = "".join(part.title() for part in process.name.split("_")) + "Cases"
    made: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    return made


def split(process: Process[Any, Any], submission: Any, store: Store) -> Iterator[Item]:
    """One item per case, those of containers too; the same case twice in a submission is one item.

    Only what the case itself says goes into the payload: the same case received again is the same item. A second case
    with the same reference but other content gets a reference of its own from the platform (`Item.beside`), and its
    payload then says so (`same_reference`); of a process that does not ask about seconds, it gets both here.

    Raises:
        InputError: with what containers hold, they are more than `MOST_CASES`.
    """
    first: dict[str, str] = {}
    seen: set[str] = set()
    for case in (each for given in submission.cases for each in process.unpack(given, store)):
        content: dict[str, JsonValue] = case.model_dump(mode="json")
        digest = digest_of(content)
        if digest in seen:
            continue
        seen.add(digest)
        if len(seen) > MOST_CASES:
            raise InputError(f"These are more than {MOST_CASES:,} cases. Send them in parts.", field="/document/cases")
        reference = f"{process.name}/{process.reference(case, store)}"
        payload: dict[str, JsonValue] = {"process": process.name, "case": content}
        beside = {**payload, "same_reference": reference}
        if first.setdefault(reference, digest) != digest and not process.asks_about_second:
            payload, reference = beside, f"{reference} ({digest[7:19]})"
        yield Item(
            reference=reference,
            payload=payload,
            beside=beside if process.asks_about_second else None,
            deadline=submission.received_at + process.answer_within,
            subject=process.subject(case, store),
            lane=process.name,
        )
