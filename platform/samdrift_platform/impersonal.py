"""Holds what workloads and receivers say to the rule that CPR numbers lie in stored objects, and nowhere in the ledger.

What is there to be read (results, reasons, answers, questions) is masked. A request is not: its receiver would get
another number than was meant. So one that quotes a person is refused, as a fault of the workload.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from samdrift_platform.contract import Outcome
from samdrift_platform.cpr import is_certain, mask, mask_value


@runtime_checkable
class NumbersThings(Protocol):
    """A workload or receiver may have this: some of its fields hold ten digits that are nobody's CPR number."""

    #: Names of fields in results, requests and answers, such as `case_number`: their values stay as they are.
    numbers_of_things: Collection[str]


def kept_fields(who: object) -> Collection[str]:
    """The fields of a workload or receiver whose values stay."""
    return who.numbers_of_things if isinstance(who, NumbersThings) else ()


def impersonal(outcome: Outcome, keep: Collection[str]) -> Outcome:
    """`outcome` with result and reason masked; the same object where there is nothing to mask."""
    result = mask_value(outcome.result, keep=keep)
    reason = None if outcome.reason is None else mask(outcome.reason)
    same = result == outcome.result and reason == outcome.reason
    return outcome if same else replace(outcome, result=result, reason=reason)


def quoted_in(request: Mapping[str, Any], keep: Collection[str]) -> list[str]:
    """JSON pointers (RFC 6901) of values that quote a CPR number for certain; names and places, never the value."""
    return list(_quoted(request, "", frozenset(keep)))


def _quoted(value: Any, pointer: str, keep: frozenset[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key not in keep or isinstance(each, Mapping | list):
                yield from _quoted(each, f"{pointer}/{mask(str(key))}", keep)
            if is_certain(str(key)):
                yield f"{pointer}/{mask(str(key))}"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, each in enumerate(value):
            yield from _quoted(each, f"{pointer}/{index}", keep)
    elif isinstance(value, str | int) and is_certain(str(value)):
        yield pointer
