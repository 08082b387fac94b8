"""What the registry and the evaluator state about a version: that it is there, refused, or judged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_platform.governance.approving import plain
from samdrift_platform.governance.journal import Turn
from samdrift_platform.governance.policies import kept_policy
from samdrift_registry.durable import replace, write_new
from samdrift_registry.errors import TransitionError, VersionUnknownError
from samdrift_registry.inventory import content_digest
from samdrift_registry.lifecycle import Act
from samdrift_registry.proof import report_path
from samdrift_registry.rules import Rules, in_force
from samdrift_registry.statements import Kind, Statement, model_subject
from samdrift_registry.store import ManifestStore

if TYPE_CHECKING:
    from samdrift_evaluation.gate import Judgement
    from samdrift_evaluation.report import Report


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A report and what the gate made of it."""

    report: Report
    rules: Rules
    #: `own` or `supplier`: who made the report.
    evidence: str
    judgement: Judgement

    @property
    def reasons(self) -> list[str]:
        """What failed, by how much, and what would change it; of a report that passed, what it passed."""
        return [str(reason) for reason in self.judgement.refusals or self.judgement.reasons]


def register(
    turn: Turn, name: str, version: int, digest: str, *, run_id: str | None, registered_by: str | None, by: str
) -> Statement:
    """A version has a signed manifest."""
    there = turn.newest(Kind.REGISTERED, model_subject(name, version))
    if there is not None and there.digest != digest:
        raise TransitionError(f"{name} version {version} was registered as {there.digest}, not as {digest}.")
    facts = {"run_id": run_id, "registered_by": registered_by}
    return there or turn.keep(Kind.REGISTERED, model_subject(name, version), facts, by=by, digest=digest)


def declare_first(turn: Turn, registered: Statement, declared: Mapping[str, str], *, by: str) -> None:
    """Take over what MLflow's tags declare; what people have declared here stands above it."""
    if plain(declared) and turn.newest(Kind.DECLARED, registered.subject) is None:
        turn.keep(Kind.DECLARED, registered.subject, plain(declared), by=by, digest=registered.digest)


def refuse(turn: Turn, name: str, version: int, reason: str, *, policy: str | None, by: str) -> Statement:
    """A version cannot be taken in, or not be evaluated by `policy` (with its version)."""
    subject, facts = model_subject(name, version), {"reason": reason, "policy": policy}
    there = turn.newest(Kind.REFUSED, subject)
    if there is not None and there.facts == facts and turn.standing(name, version).blocked == (reason,):
        return there
    return turn.keep(Kind.REFUSED, subject, facts, by=by)


def judged(home: Path, name: str, version: int, report: Report, rules: Rules, evidence: str) -> Judged:
    """Judge a report by the policy of `rules`, after seeing that it may be."""
    from samdrift_evaluation.gate import judge

    if evidence == "supplier" and rules.evidence != "supplier":
        raise TransitionError(f"Policy {rules} does not accept a supplier's evaluation. Have it evaluated here.")
    signed = ManifestStore(home).find(name, version)
    if signed is None:
        raise VersionUnknownError.about(f"{name} version {version}")
    content = content_digest(signed.manifest.files)
    if report.subject != content:
        raise TransitionError(f"The report is about {report.subject}; {name} version {version} is {content}.")
    judgement = judge(report, kept_policy(home, rules))
    return Judged(
        report=report,
        rules=rules,
        evidence=evidence,
        judgement=judgement,
    )


def keep_report(home: Path, judged: Judged) -> None:
    """Store the report under its digest, where it stays as it is, and beside it the page with the newest judgement."""
    from samdrift_evaluation.report_page import report_page

    path = report_path(home, judged.report.digest)
    with suppress(FileExistsError):
        write_new(path, judged.report.to_bytes(), mode=0o444)
    replace(path.with_suffix(".html"), report_page(judged.report, judged.judgement).encode(), mode=0o444)


def evaluated(turn: Turn, name: str, version: int, judged: Judged, *, by: str) -> Statement:
    """State what came of it; the same once more is stated once."""
    stands = turn.registered(name, version)
    stands.admit(Act.EVALUATE)
    rules = judged.rules
    if in_force(turn.statements)[rules.name].digest != rules.digest:
        raise TransitionError(f"Policy {rules} was replaced meanwhile. Evaluate again.")
    facts = {
        "report": judged.report.digest,
        "suite": judged.report.suite,
        "policy": str(rules),
        "policy_digest": rules.digest,
        "passed": judged.judgement.passed,
        "reasons": judged.reasons,
        "evidence": judged.evidence,
    }
    if stands.evaluated is not None and stands.evaluated.facts == facts:
        return stands.evaluated
    return turn.keep(Kind.EVALUATED, model_subject(name, version), facts, by=by, digest=stands.digest)
