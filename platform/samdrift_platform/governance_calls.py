"""What the client can ask about models, people and evidence; `client.Client` has it all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

import httpx


class GovernanceCalls(ABC):
    """Calls of governance. Acts are sent once: what came of one that was not answered stands in the history.

    Refusals are `NotAllowedError` (the message names the role that it takes) and `ConflictError` (the version's state
    does not admit it, or something is not what was signed).
    """

    def models(self) -> dict[str, Any]:
        """All versions with their states, and what serves: `{"versions", "serving"}`."""
        return self._json("GET", "/v1/models")

    def model(self, name: str, version: int) -> dict[str, Any]:
        """One version: state, evaluation, declaration, approvals, evidence, agreement, and what blocks it."""
        return self._json("GET", _at(name, version))

    def model_history(self, name: str) -> dict[str, Any]:
        """Who did what with a model, and what was serving between which instants."""
        return self._json("GET", f"/v1/models/{part(name)}/history")

    def model_document(self, name: str, version: int, kind: str, form: str = "json", language: str = "en") -> bytes:
        """A `report`, `card` or `annex-iv` of a version, as `json`, `html` or `markdown` (a report has no markdown)."""
        params = {"format": form, "language": language}
        return self._repeatable("GET", f"{_at(name, version)}/{part(kind)}", params=params).content

    def declare(self, name: str, version: int, facts: Mapping[str, str]) -> dict[str, Any]:
        """State facts about a version; those that are not named stay, empty ones go."""
        return self._once("POST", f"{_at(name, version)}/declare", json={"facts": dict(facts)})

    def approve(
        self, name: str, version: int, role: str, evidence: Mapping[str, str], *, note: str = ""
    ) -> dict[str, Any]:
        """Approve in `role` what was looked at: `evidence` as `model()` gave it."""
        body = {"role": role, "note": note, **evidence}
        return self._once("POST", f"{_at(name, version)}/approve", json=body)

    def withdraw(self, name: str, version: int, reason: str) -> dict[str, Any]:
        """Take back one's own approval."""
        return self._once("POST", f"{_at(name, version)}/withdraw", json={"reason": reason})

    def shadow(self, name: str, version: int, reason: str) -> dict[str, Any]:
        """Compare a version with the champion on every item."""
        return self._once("POST", f"{_at(name, version)}/shadow", json={"reason": reason})

    def canary(self, name: str, version: int, share: float, reason: str) -> dict[str, Any]:
        """Have a version answer for a share of the items."""
        return self._once("POST", f"{_at(name, version)}/canary", json={"share": share, "reason": reason})

    def promote(self, name: str, version: int, reason: str) -> dict[str, Any]:
        """Have a version answer for all items."""
        return self._once("POST", f"{_at(name, version)}/promote", json={"reason": reason})

    def retire(self, name: str, version: int, reason: str) -> dict[str, Any]:
        """Never let a version serve again."""
        return self._once("POST", f"{_at(name, version)}/retire", json={"reason": reason})

    def rollback(self, name: str, reason: str, *, to: int | None = None) -> dict[str, Any]:
        """Have an earlier champion (the last one before, or version `to`) serve again."""
        return self._once("POST", f"/v1/models/{part(name)}/rollback", json={"reason": reason, "to": to})

    def clear(self, name: str, slot: str, reason: str) -> dict[str, Any]:
        """End a shadow or a canary."""
        return self._once("POST", f"/v1/models/{part(name)}/clear", json={"slot": slot, "reason": reason})

    def stop(self, workload: str, reason: str) -> dict[str, Any]:
        """The kill switch: no model decides in this workload from now on."""
        return self._once("POST", f"/v1/workloads/{part(workload)}/stop", json={"reason": reason})

    def resume(self, workload: str, reason: str) -> dict[str, Any]:
        """Let a workload work with its models again."""
        return self._once("POST", f"/v1/workloads/{part(workload)}/resume", json={"reason": reason})

    def policies(self) -> list[dict[str, Any]]:
        """The gate policies in force."""
        return list(self._json("GET", "/v1/policies")["policies"])

    def adopt(self, policy: bytes) -> dict[str, Any]:
        """Put a gate policy (YAML) in force."""
        return self._once("POST", "/v1/policies", content=policy, headers={"Content-Type": "application/yaml"})

    def people(self) -> list[dict[str, Any]]:
        """Everybody who was appointed, by name."""
        return list(self._json("GET", "/v1/people")["people"])

    def appoint(
        self, subject: str, roles: Sequence[str], *, known_as: Sequence[str] = (), units: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Give somebody exactly these roles in exactly these units."""
        body = {"roles": list(roles), "known_as": list(known_as), "units": list(units)}
        return self._once("PUT", f"/v1/people/{part(subject)}", json=body)

    def alarms(self, *, open_only: bool = False) -> list[dict[str, Any]]:
        """Alarms, the newest first."""
        return list(self._json("GET", "/v1/alarms", params={"open_only": open_only})["alarms"])

    def settle(self, alarm_id: str, decision: str, reason: str) -> dict[str, Any]:
        """Say what was found when looking at an alarm."""
        body = {"decision": decision, "reason": reason}
        return self._once("POST", f"/v1/alarms/{part(alarm_id)}/settle", json=body)

    def record_truth(self, item_id: str, name: str, value: float, *, source: str, observed_at: str) -> dict[str, Any]:
        """Say what turned out to be true of a score of an item; `observed_at` is ISO 8601 with its offset."""
        body = {"name": name, "value": value, "source": source, "observed_at": observed_at}
        return self._once("POST", f"/v1/items/{part(item_id)}/truth", json=body)

    def add_objection(self, workload: str, identifier: str) -> dict[str, Any]:
        """Let no model see items of `workload` about a person; the answer lists what one has seen already."""
        return self._json("POST", "/v1/objections", json={"workload": workload, "identifier": identifier})

    def withdraw_objection(self, workload: str, identifier: str) -> dict[str, Any]:
        """Let models see later items about a person again."""
        return self._once("POST", "/v1/objections/withdraw", json={"workload": workload, "identifier": identifier})

    def objections(self) -> dict[str, int]:
        """Workload -> objections that stand."""
        return dict(self._json("GET", "/v1/objections")["standing"])

    def replay(self, item_id: str) -> dict[str, Any]:
        """One decision end to end; `mismatches` is empty when all that is kept is as it was recorded."""
        return self._json("GET", f"/v1/audit/items/{part(item_id)}")

    def records_of_use(
        self,
        *,
        workload: str | None = None,
        since: str | None = None,
        until: str | None = None,
        form: str = "csv",
    ) -> Iterator[bytes]:
        """Every decision, for the log of Article 12, piece by piece: `csv` or `jsonl`. Times are ISO 8601."""
        given = {"workload": workload, "since": since, "until": until, "format": form}
        params = {name: value for name, value in given.items() if value is not None}
        with self._stream("GET", "/v1/audit/records", params=params) as response:
            yield from response.iter_bytes()

    def catalogue(self) -> bytes:
        """Models, data sets and services as DCAT-AP-DK, in Turtle."""
        return self._repeatable("GET", "/v1/catalogue").content

    @abstractmethod
    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]: ...

    @abstractmethod
    def _once(self, method: str, path: str, **request: Any) -> dict[str, Any]: ...

    @abstractmethod
    def _repeatable(self, method: str, path: str, **request: Any) -> httpx.Response: ...

    @abstractmethod
    def _stream(self, method: str, path: str, **request: Any) -> AbstractContextManager[httpx.Response]: ...


def part(name: str) -> str:
    """One segment of a path."""
    return quote(name, safe=":")


def _at(name: str, version: int) -> str:
    return f"/v1/models/{part(name)}/versions/{version}"
