"""A case that quotes a person is refused where it comes in: what is personal lies in stored objects."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import InputError
from samdrift_rpa.process import Process
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.errand_process import errands as process


class Careless(BaseModel):
    """What an author might ask for."""

    number: str
    person: dict[str, str]


def submitted(**person: str) -> Any:
    cases = [Careless(number="1", person={}), Careless(number="2", person=person)]
    return SimpleNamespace(root=SimpleNamespace(process=process.name, cases=cases))


@pytest.mark.parametrize("cpr", ["251248-9996", "251248 9996", "0101010015"])
def test_a_case_that_quotes_a_person_is_refused_with_its_place(cpr: str) -> None:
    base: Process[Any, Any] = process
    careless = replace(base, given=Careless, reference=lambda given, store: given.number)
    with pytest.raises(InputError, match="POST /v1/objects") as refused:
        list(RobotWorkload({process.name: careless}).split(submitted(cpr=cpr), MemoryStore()))
    assert refused.value.field == "/document/cases/1/person/cpr"
    assert cpr not in refused.value.message
