"""What a rule set says about a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pydantic import JsonValue

from samdrift_rpa.documents import Document


class Severity(StrEnum):
    """What a broken rule means for the document."""

    #: The document must not be posted.
    FATAL = "fatal"
    #: It may be posted; someone should know.
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, order=True)
class FailedRule:
    """One broken rule, with a sentence for a person."""

    #: "F-LIB385" (OIOUBL), "BR-CO-15" (EN 16931), "PEPPOL-EN16931-R001", "XSD" (schema), "SD-A02" (ours).
    code: str
    severity: Severity
    #: Ours are message ids with `%(names)s`; official ones are quoted as they are, in English.
    sentence: str
    #: What stands for the names.
    values: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def ours(self) -> bool:
        """It is of our own set, so its sentence is in the catalogues."""
        return self.code.startswith("SD-")

    def say(self) -> str:
        """The sentence in English, with its values."""
        return self.sentence % self.values if self.ours else self.sentence

    def to_json(self) -> dict[str, JsonValue]:
        """As it is kept in a result."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "sentence": self.sentence,
            "values": dict(self.values),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> FailedRule:
        """What `to_json` gave."""
        return cls(**{**told, "severity": Severity(told["severity"])})


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The whole verdict: schema and rules apart, because the one does not stop the other."""

    #: None: no schema of this type is installed.
    schema_valid: bool | None
    #: The first schema errors, all with the code `XSD`.
    schema_errors: tuple[FailedRule, ...] = ()
    #: Sorted by code; several may share one.
    failed_rules: tuple[FailedRule, ...] = ()
    #: Which rules it was held to, such as "OIOUBL schematron 1.17.2"; empty: there are none for its type.
    held_to: tuple[str, ...] = ()
    #: Those rules are their publishers', not ours.
    official: bool = False

    @property
    def all(self) -> tuple[FailedRule, ...]:
        """Schema errors and broken rules together, sorted by code."""
        return tuple(sorted(self.schema_errors + self.failed_rules))

    def to_json(self) -> dict[str, JsonValue]:
        """As one process tells another."""
        return {
            "schema_valid": self.schema_valid,
            "schema_errors": [rule.to_json() for rule in self.schema_errors],
            "failed_rules": [rule.to_json() for rule in self.failed_rules],
            "held_to": [*self.held_to],
            "official": self.official,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Findings:
        """What `to_json` gave."""
        rules = {
            name: tuple(FailedRule.from_json(rule) for rule in told[name]) for name in ("schema_errors", "failed_rules")
        }
        return cls(**{**told, **rules, "held_to": tuple(told["held_to"])})


class RuleSet(Protocol):
    """Rules that a document is held to; made once per process."""

    #: "OIOUBL schematron 1.17.2 and UBL schemas": shown wherever a verdict is.
    name: str
    #: Published by the authority that owns the format.
    official: bool

    def validate(self, document: Document) -> Findings:
        """The verdict of schema and rules, each on its own."""
        ...

    def check(self, document: Document) -> tuple[FailedRule, ...]:
        """Whatever is broken, sorted by code; nothing means that the document may be handled."""
        ...


def fatal(failed: Iterable[FailedRule]) -> tuple[FailedRule, ...]:
    """Those that forbid posting."""
    return tuple(rule for rule in failed if rule.severity is Severity.FATAL)


def codes(failed: Iterable[FailedRule]) -> list[str]:
    """The distinct codes, sorted."""
    return sorted({rule.code for rule in failed})
