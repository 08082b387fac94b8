"""Workloads that judge something about persons, and which a person can therefore object to."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class ConcernsPeople(Protocol):
    """What such a workload has beside the contract: its items have a `subject`."""

    #: As given to `pseudonyms.pseudonym`: "patient-id", "cpr".
    subject_kind: str
