"""The evaluator: the process that has every registered version evaluated and judged by the policy in force.

It remembers nothing that the journal does not say: killed at any moment, the next one finds what is still to be done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import structlog

from samdrift_platform import evaluation_run, plugins, process
from samdrift_platform.contract import ModelUse
from samdrift_platform.errors import SamdriftError, UnavailableError
from samdrift_platform.evaluation_run import EvaluationEndedError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load
from samdrift_registry.errors import RegistryError
from samdrift_registry.inventory import EVALUATION, content_digest, inventory
from samdrift_registry.lifecycle import TRANSITIONS, Act, Standing
from samdrift_registry.rules import Rules
from samdrift_registry.store import ManifestStore

if TYPE_CHECKING:
    from samdrift_evaluation.report import Report

log = structlog.get_logger(__name__)

#: Seconds between two looks for versions to evaluate.
PAUSE_S = 1.0
#: Seconds until an evaluation that ended without a report is tried again: the first time, and how often at most.
FIRST_RETRY_S, MOST_ATTEMPTS = 30.0, 3
#: How often it says that it is there while an evaluation runs, seconds.
REPORT_S = 5.0

#: Evaluates a folder by a suite: `evaluation_run.evaluate`.
Run: TypeAlias = Callable[[str, Path], "Report"]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A version to be evaluated, by which suite and which policy."""

    standing: Standing
    suite: str
    rules: Rules

    def __str__(self) -> str:
        return f"{self.standing.name}/{self.standing.version}"


@dataclass(kw_only=True)
class Trouble:
    """A version whose evaluation ended without a report."""

    why: str
    attempts: int = 0
    #: Monotonic seconds.
    again_s: float = 0.0


@dataclass(kw_only=True)
class Evaluator:
    """Finds what is due, and has it done, one version after the other."""

    governance: Governance
    home: Path
    #: Registered model -> the suite and the policy that govern it.
    uses: Mapping[str, ModelUse]
    run: Run
    #: Versions that have no answer yet -> why.
    waiting: Mapping[str, str] = field(default_factory=dict)
    _troubles: dict[str, Trouble] = field(default_factory=dict)
    #: The journal's length when there was nothing to do.
    _idle_at: int | None = None

    def turn(self) -> bool:
        """Evaluate the first version that is due and not put off; whether there was one."""
        newest = self.governance.newest()
        if newest == self._idle_at and not self._troubles:
            return False
        policies, standings = self.governance.policies(), self.governance.standings()
        self.waiting = dict(self._waits(standings, policies))
        for due in self._due(standings, policies):
            trouble = self._troubles.get(str(due))
            if trouble is None or time.monotonic() >= trouble.again_s:
                self._do(due)
                return True
        self._idle_at = newest
        return False

    def _due(self, standings: Iterable[Standing], policies: Mapping[str, Rules]) -> Iterator[Due]:
        """Versions without an answer by the policy in force."""
        for standing in standings:
            use = self.uses.get(standing.name)
            rules = policies.get(use.policy) if use else None
            if use and rules and _admits(standing) and not _settled(standing, rules):
                yield Due(standing=standing, suite=use.suite, rules=rules)

    def _waits(self, standings: Iterable[Standing], policies: Mapping[str, Rules]) -> Iterator[tuple[str, str]]:
        """Versions that cannot be evaluated now, and why."""
        for standing in standings:
            key = f"{standing.name}/{standing.version}"
            use = self.uses.get(standing.name)
            if not _admits(standing):
                continue
            if use is None:
                yield key, "No installed workload uses this model, so no suite and no policy govern it."
            elif use.policy not in policies:
                yield key, f"No policy {use.policy!r} is in force. Adopt one."
            elif key in self._troubles:
                yield key, self._troubles[key].why

    def _do(self, due: Due) -> None:
        """One version: judged, refused, or put off with the reason."""
        self.waiting = {**self.waiting, str(due): f"It is being evaluated by the suite {due.suite}."}
        log.info("evaluating", version=str(due), suite=due.suite, policy=str(due.rules))
        try:
            report, evidence = self._report(due)
            self._state(due, report, evidence)
        except (EvaluationEndedError, RegistryError) as error:
            self._put_off(due, error)
        except UnavailableError:
            raise
        except SamdriftError as error:
            self._refuse(due, error.message)
        else:
            self._troubles.pop(str(due), None)

    def _report(self, due: Due) -> tuple[Report, str]:
        """The supplier's report where the policy accepts it and it is about these files; otherwise our own."""
        standing = due.standing
        folder = ManifestStore(self.home).verified(standing.name, standing.version, str(standing.digest)).folder
        content = content_digest(inventory(folder))
        supplied = _supplied(folder) if due.rules.evidence == "supplier" else None
        if supplied is not None and supplied.subject == content:
            return supplied, "supplier"
        if supplied is not None:
            log.warning("the supplier's report is about other files", version=str(due), about=supplied.subject)
        return replace(self.run(due.suite, folder), subject=content), "own"  # we know what it was run on

    def _state(self, due: Due, report: Report, evidence: str) -> None:
        name, version, policy = due.standing.name, due.standing.version, due.rules.name
        stated = self.governance.evaluated(
            name, version, report, policy=policy, evidence=evidence, now=datetime.now(UTC)
        )
        log.info("evaluated", version=str(due), passed=stated.facts["passed"], report=report.digest)

    def _put_off(self, due: Due, error: SamdriftError) -> None:
        """Not the version's fault, so far as is known: try again, but not for ever."""
        before = self._troubles.get(str(due), Trouble(why=""))
        attempts = before.attempts + 1
        log.warning("no report", version=str(due), attempt=attempts, why=error.message)
        if attempts >= MOST_ATTEMPTS and isinstance(error, EvaluationEndedError):
            self._refuse(due, f"{error.message} {attempts} attempts were made.")
            return
        again_s = time.monotonic() + FIRST_RETRY_S * 2**attempts
        self._troubles[str(due)] = Trouble(why=error.message, attempts=attempts, again_s=again_s)

    def _refuse(self, due: Due, why: str) -> None:
        name, version = due.standing.name, due.standing.version
        reason = f"{why} It is evaluated again when it is logged anew, or under a new version of {due.rules.name}."
        log.warning("refused", version=str(due), why=reason)
        self.governance.refuse(name, version, reason, policy=str(due.rules), actor="evaluator", now=datetime.now(UTC))
        self._troubles.pop(str(due), None)


class Reporting:
    """Says that the evaluator is there, also while an evaluation runs."""

    def __init__(self, ledger: Ledger, stopping: threading.Event) -> None:
        """Report to `ledger` until `stopping` is set."""
        self._ledger, self._stopping = ledger, stopping
        self._told: tuple[float, object] = (0.0, None)

    def going_on(self, evaluator: Evaluator) -> bool:
        """Report what `evaluator` is at; whether to go on."""
        self.tell(ready=True, detail={"waiting": dict(evaluator.waiting)})
        return not self._stopping.is_set()

    def tell(self, *, ready: bool, detail: Mapping[str, object]) -> None:
        """Report what is new at once, and the same now and then."""
        now_s, news = time.monotonic(), (ready, detail)
        if news == self._told[1] and now_s - self._told[0] < REPORT_S:
            return
        with self._ledger.write() as connection:
            processes.report(connection, "evaluator", ready=ready, detail=detail, now=datetime.now(UTC))
        self._told = (now_s, news)


def run(evaluator: Evaluator, reporting: Reporting, stopping: threading.Event) -> None:
    """Evaluate what is due until `stopping` is set; not ready while the journal does not hold."""
    while not stopping.is_set():
        try:
            busy = _turn(evaluator, reporting)
        except UnavailableError as error:
            log.warning("the ledger does not answer", why=error.message)
            busy = False
        if not busy:
            stopping.wait(PAUSE_S)


def _turn(evaluator: Evaluator, reporting: Reporting) -> bool:
    try:
        busy = evaluator.turn()
    except RegistryError as error:
        log.warning("cannot evaluate", why=error.message)
        reporting.tell(ready=False, detail={"why": error.message})
        return False
    reporting.tell(ready=True, detail={"waiting": dict(evaluator.waiting)})
    return busy


def _supplied(folder: Path) -> Report | None:
    """The report that the supplier sent along, about whichever files; raises SamdriftError when it is none."""
    from samdrift_evaluation.report import Report

    path = folder / EVALUATION
    return Report.from_bytes(path.read_bytes()) if path.exists() else None


def _admits(standing: Standing) -> bool:
    return standing.digest is not None and standing.state in TRANSITIONS[Act.EVALUATE]


def _settled(standing: Standing, rules: Rules) -> bool:
    """Whether the policy in force has its answer: a judgement, or that no report can be made."""
    done, refused = standing.evaluated, standing.refused
    if done is not None and (done.facts["policy"], done.facts["policy_digest"]) == (str(rules), rules.digest):
        return True
    return refused is not None and refused.facts["policy"] == str(rules)


def main() -> None:
    """Evaluate until told to stop."""
    settings = load()
    stopping = process.begin("evaluator")
    ledger = Ledger(settings.ledger_url)
    reporting = Reporting(ledger, stopping)
    output = settings.home / "evaluation" / "report.json"

    def going_on() -> bool:
        return reporting.going_on(evaluator)

    evaluator = Evaluator(
        governance=Governance(ledger, settings.home),
        home=settings.home,
        uses=plugins.model_uses(plugins.workload_names(settings.workloads)),
        run=lambda suite, folder: evaluation_run.evaluate(suite, folder, output, going_on=going_on),
    )
    run(evaluator, reporting, stopping)


if __name__ == "__main__":
    main()
