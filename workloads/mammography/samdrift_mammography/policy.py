"""The triage policy: what people have signed about who reads an exam, as data.

A YAML file; `policies/triage.schema.json` is its published schema. An installation may have its own
(SAMDRIFT_MAMMOGRAPHY_POLICY). It is read when a submission is split and travels with every exam as an object of the
store, so that all replicas hold to the same bytes and a later change touches no exam that is already here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

from samdrift_evaluation.errors import SamdriftError
from samdrift_mammography import settings
from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.pseudonyms import pseudonym

LOWEST_SCORE, HIGHEST_SCORE = 1, 10


class PolicyError(SamdriftError):
    """The triage policy is not usable. Correct the named field; until then no exam is triaged."""

    #: The sender did nothing wrong and may send again once the operator has corrected the file.
    status: ClassVar[int] = 503


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules that people have signed; scores run from 1 to 10. None of them can leave an exam unread."""

    name: str
    version: int
    #: Highest score that one radiologist reads alone; 0: none is.
    single_reading_up_to: int
    #: Lowest score that is read before the others; 11: none is.
    priority_from: int
    #: Monday to Friday, from the arrival.
    reading_target_working_days: int
    #: Classes of breast tissue (BI-RADS A to D) that two always read; with any, an unknown class counts as one of them.
    double_read_density: tuple[str, ...] = ()
    #: A woman recalled within so many months is read by two; None: no such rule. Unknown: the rule has no effect.
    double_read_after_recall_months: int | None = None
    #: Share (0-1) of the exams for one reader that two read all the same, to see what single reading misses.
    audit_share: float = 0.0
    #: Every reader decides before the score and its marks are shown to them.
    hide_score_until_first_read: bool = False
    #: `sha256:…` of the file it was read from.
    digest: str
    #: The file itself.
    text: bytes = field(default=b"", repr=False, compare=False)

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
        if not 0 <= self.audit_share <= 1:  # of which the schema cannot keep .nan away
            raise PolicyError(f"audit_share ({self.audit_share}) must lie between 0 and 1.", field="audit_share")

    def __str__(self) -> str:
        return f"{self.name} {self.version}@{self.digest}"

    @property
    def facts(self) -> dict[str, Any]:
        """What a result says about the policy that it rests on."""
        return {
            "policy": str(self),
            "single_reading_up_to": self.single_reading_up_to,
            "priority_from": self.priority_from,
            "double_read_density": list(self.double_read_density),
            "double_read_after_recall_months": self.double_read_after_recall_months,
            "audit_share": self.audit_share,
            "hide_score": self.hide_score_until_first_read,
        }

    def draws_for_audit(self, exam: str, *, home: Path | None = None) -> bool:
        """Whether two read `exam` whatever its score: the same on every try, and for nobody without the key to foresee.

        The keyed pseudonym (HMAC-SHA256) of exam and policy, read as a fraction of its range, lies below `audit_share`.
        """
        drawn = pseudonym("audit-read", f"{self.digest}\x1f{exam}", home=home)
        return bool(int(drawn, 16) / 16 ** len(drawn) < self.audit_share)


@cache
def shipped_policy() -> Policy:
    """The policy inside the package."""
    return read_policy((files("samdrift_mammography") / "policies" / "triage.yaml").read_bytes())


def installed_policy() -> Policy:
    """The policy of this installation: the file at SAMDRIFT_MAMMOGRAPHY_POLICY, or the shipped one.

    Raises:
        PolicyError: the file cannot be read, or says what no policy may.
    """
    path = settings.POLICY.value()
    if not path:
        return shipped_policy()
    try:
        return read_policy(Path(path).read_bytes())
    except OSError as error:
        message = f"The triage policy at {settings.POLICY.name} cannot be read ({error.strerror}). Correct the path."
        raise PolicyError(message, field=settings.POLICY.name) from error


def policy_of(payload: JsonObject, store: Store) -> Policy:
    """The policy that an exam came with; the shipped one for exams from before policies travelled along."""
    reference = payload.get("policy")
    return shipped_policy() if reference is None else read_policy(store.get(str(reference)))


@lru_cache(maxsize=8)
def read_policy(text: bytes) -> Policy:
    """A policy from its YAML file.

    Raises:
        PolicyError: it is not YAML, says a thing twice, or breaks the schema; or the cuts contradict each other.
            `field` is the first field at fault.
    """
    from samdrift_evaluation import strict_yaml
    from samdrift_evaluation.errors import EvaluationError

    try:
        values = strict_yaml.load(text)
    except EvaluationError as error:
        raise PolicyError(f"The triage policy is not usable: {error.message}", field=error.field) from error
    for place, said in _faults(values):
        raise PolicyError(f"The triage policy is not usable: {said} Correct it, and raise its version.", field=place)
    density = tuple(values.pop("double_read_density", ()))
    return Policy(**values, double_read_density=density, digest=digest_of_bytes(text), text=text)


def schema() -> Mapping[str, Any]:
    """The published schema of policies, JSON Schema 2020-12."""
    text = (files("samdrift_mammography") / "policies" / "triage.schema.json").read_text(encoding="utf-8")
    document: Mapping[str, Any] = json.loads(text)
    return document


def _faults(values: Any) -> Iterator[tuple[str | None, str]]:
    """Field (None: the whole) and what is wrong with it, in the file's own order."""
    if not isinstance(values, dict):
        yield None, "it must be a mapping of fields to values."
        return
    known = {each.name for each in fields(Policy)} - {"digest", "text"}
    yield from ((str(name), f"there is no field {name!r}.") for name in values if name not in known)
    yield from ((name, f"{name} is missing.") for name in schema()["required"] if name not in values)
    for fault in sorted(_validator().iter_errors(values), key=lambda found: list(map(str, found.absolute_path))):
        place = str(fault.absolute_path[0]) if fault.absolute_path else None
        yield place, f"{place}: {fault.message}."
    yield from ((name, f"{name} must be a whole number.") for name in _WHOLE if isinstance(values.get(name), float))


#: JSON Schema takes 3.0 for an integer; a policy that says so was meant otherwise.
_WHOLE = (
    "version",
    "single_reading_up_to",
    "priority_from",
    "reading_target_working_days",
    "double_read_after_recall_months",
)


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())
