"""From an exam's score to the number of readers and the order of reading. A radiologist reads every exam.

The protocol is that of the Danish regions: the score decides between one reader and two (Lauritzen et al., Radiology
2024). What could not be scored is always read by two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files

from samdrift_evaluation.errors import SamdriftError
from samdrift_platform.digest import digest_of_bytes

LOWEST_SCORE, HIGHEST_SCORE = 1, 10


class PolicyError(SamdriftError):
    """The triage policy is not usable. Correct the named field; until then no exam is triaged."""


class Reading(StrEnum):
    """Who reads an exam. There is no value for "nobody"."""

    #: One radiologist.
    SINGLE = "single"
    #: Two radiologists, independently.
    DOUBLE = "double"
    #: Two radiologists, before the other exams.
    DOUBLE_PRIORITY = "double, priority"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The cuts that people have signed; scores run from 1 to 10."""

    name: str
    version: int
    single_reading_up_to: int
    priority_from: int
    reading_target_working_days: int
    #: `sha256:…` of the file it was read from.
    digest: str

    def __post_init__(self) -> None:
        """Refuse cuts that cross, or that would leave no exam for two readers."""
        if not 0 <= self.single_reading_up_to < self.priority_from <= HIGHEST_SCORE + 1:
            raise PolicyError(
                f"single_reading_up_to ({self.single_reading_up_to}) must be 0 to 9 and below priority_from "
                f"({self.priority_from}), which is at most {HIGHEST_SCORE + 1}.",
                field="single_reading_up_to",
            )
        if self.reading_target_working_days < 1:
            raise PolicyError("reading_target_working_days must be at least 1.", field="reading_target_working_days")

    def __str__(self) -> str:
        return f"{self.name} {self.version}@{self.digest}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How an exam is read, and why."""

    reading: Reading
    #: Codes of `reasons.SENTENCES`, at least one.
    reasons: tuple[str, ...]


@cache
def shipped_policy() -> Policy:
    """The policy inside the package."""
    return read_policy((files("samdrift_mammography") / "policies" / "triage.yaml").read_bytes())


def read_policy(text: bytes) -> Policy:
    """A policy from its YAML file.

    Raises:
        PolicyError: a field is missing, unknown or of the wrong type, or the cuts contradict each other.
    """
    import yaml

    values = yaml.safe_load(text)
    expected = {"name": str, "version": int, "single_reading_up_to": int, "priority_from": int}
    expected["reading_target_working_days"] = int
    if not isinstance(values, dict) or values.keys() != expected.keys():
        raise PolicyError(f"The policy must have exactly the fields {', '.join(expected)}.")
    for field, kind in expected.items():
        if type(values[field]) is not kind:
            raise PolicyError(f"{field} must be of type {kind.__name__}, not {values[field]!r}.", field=field)
    return Policy(**values, digest=digest_of_bytes(text))


def decide(policy: Policy, score: int | None, obstacles: Sequence[str] = ()) -> Decision:
    """The reading of an exam with `score` (1-10, None: not scored) and the reasons why it could not be scored.

    With an obstacle the score does not count: the exam is read by two.
    """
    if score is None or obstacles:
        return Decision(reading=Reading.DOUBLE, reasons=tuple(obstacles) or ("no-automated-scoring",))
    if score >= policy.priority_from:
        return Decision(reading=Reading.DOUBLE_PRIORITY, reasons=("high-score",))
    if score > policy.single_reading_up_to:
        return Decision(reading=Reading.DOUBLE, reasons=("score",))
    return Decision(reading=Reading.SINGLE, reasons=("low-score",))


def reading_order(result: Mapping[str, object], deadline: datetime | None) -> tuple[int, int, float]:
    """A sort key: priority first, then what could not be scored, then falling score, then the nearest deadline."""
    score = result.get("score")
    rank = 0 if result.get("reading") == Reading.DOUBLE_PRIORITY else 1 if score is None else 2
    return rank, -score if isinstance(score, int) else 0, deadline.timestamp() if deadline else float("inf")
