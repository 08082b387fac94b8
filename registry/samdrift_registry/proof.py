"""What a replica checks before it loads: the whole evidence of one deployment, signed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from samdrift_evaluation.report import Report, ReportUnreadableError
from samdrift_registry.deployments import Deployment, deployment_of
from samdrift_registry.errors import NotProvenError
from samdrift_registry.inventory import content_digest
from samdrift_registry.keys import trusted_keys
from samdrift_registry.lifecycle import Standing, standing
from samdrift_registry.statements import Kind, SignedStatement, Statement, model_subject
from samdrift_registry.store import ManifestStore
from samdrift_registry.verified import VerifiedModel

#: How far the clocks of two machines may be apart.
CLOCKS = timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """The signed statements on which a deployment rests, as texts: it travels to a replica."""

    statements: tuple[str, ...]


def collect(signed: Sequence[SignedStatement], deployment: Deployment) -> Proof:
    """The part of the journal that `verified` needs for `deployment`; `signed` in the ledger's order."""
    subject = model_subject(deployment.model, deployment.version)
    return Proof(
        tuple(
            each.to_text()
            for each in signed
            if each.statement.made_at <= deployment.made_at and _matters(each.statement, subject)
        )
    )


def verified(home: Path, deployment: Deployment, proof: Proof, *, now: datetime) -> VerifiedModel:
    """The files of a deployed version, once everything about it has been checked, each time anew.

    Signatures of all statements; the deployment itself; at the moment of the deployment (of the first one, for a
    rollback) a passed evaluation under the policy in force, the facts it requires and the approvals it asks for; report
    and policy files by their digests; manifest, its signature and every file.

    Raises:
        NotProvenError: evidence is missing; the message names what.
        VerificationError: another child: something is not what was signed.
    """
    proven(home, deployment, proof, now=now)
    return ManifestStore(home).verified(deployment.model, deployment.version, deployment.digest)


def proven(home: Path, deployment: Deployment, proof: Proof, *, now: datetime) -> None:
    """All of `verified` but the model's own files. Raises as `verified` does."""
    trusted = trusted_keys(home / "keys")
    statements = [SignedStatement.from_text(text).check(trusted, now=now) for text in proof.statements]
    deployed = _deployed(statements, deployment)
    if deployed.made_at > now + CLOCKS:
        raise NotProvenError.about(f"{_told(deployment)} is deployed only from {deployed.made_at:%Y-%m-%d %H:%M} on")
    _check_files(home, _stood(statements, deployed, deployment))


def _matters(statement: Statement, subject: str) -> bool:
    if statement.kind in (Kind.ADOPTED, Kind.APPOINTED):
        return True
    of_model = statement.subject.startswith(subject.rpartition("/")[0] + "/")
    return statement.subject == subject or (of_model and statement.kind in (Kind.DEPLOYED, Kind.CLEARED))


def _deployed(statements: Sequence[Statement], deployment: Deployment) -> Statement:
    """The statement that says what `deployment` says."""
    for statement in statements:
        if statement.kind is Kind.DEPLOYED and deployment_of(statement) == deployment:
            return statement
    raise NotProvenError.about(f"{_told(deployment)}: no signed statement deploys it")


def _stood(statements: Sequence[Statement], deployed: Statement, deployment: Deployment) -> Standing:
    """How the version stood when it was deployed; NotProvenError unless it could be."""
    _check_not_retired(statements, deployed)
    first = _first(statements, deployed)
    stood = standing(statements, deployment.model, deployment.version, first.made_at)
    if stood.digest != deployment.digest:
        raise NotProvenError.about(f"{_told(deployment)}: it was registered as {stood.digest}")
    if stood.blocked:
        raise NotProvenError.about(f"{_told(deployment)}: {' '.join(stood.blocked)}")
    return stood


def _check_not_retired(statements: Sequence[Statement], deployed: Statement) -> None:
    """A rollback rests on old evidence, but never brings back what was retired since."""
    for statement in statements:
        if statement.kind is Kind.RETIRED and statement.subject == deployed.subject:
            raise NotProvenError.about(f"{deployed.subject} was retired on {statement.made_at:%Y-%m-%d}")


def _first(statements: Sequence[Statement], deployed: Statement) -> Statement:
    """The deployment whose evidence counts: the named earlier one of the same version, for a rollback."""
    named = deployed.facts.get("as_deployed")
    if named is None:
        return deployed
    for statement in statements:
        same = (statement.subject, statement.digest) == (deployed.subject, deployed.digest)
        if statement.id == named and same and statement.kind is Kind.DEPLOYED:
            return _first_of_its_own(statement)
    raise NotProvenError.about(f"{deployed.subject}: the earlier deployment that it rests on is not there")


def _first_of_its_own(statement: Statement) -> Statement:
    if statement.facts.get("as_deployed") is not None:
        raise NotProvenError.about(f"{statement.subject}: a rollback rests on another rollback")
    return statement


def _check_files(home: Path, stood: Standing) -> None:
    """The report and the policy that people relied on are there, and are about these files."""
    evaluated = stood.evaluated
    if evaluated is None:
        raise NotProvenError.about(str(stood))
    report = _read(report_path(home, evaluated.facts["report"]), evaluated.facts["report"])
    _read(policy_path(home, evaluated.facts["policy_digest"]), evaluated.facts["policy_digest"])
    manifest = ManifestStore(home).get(stood.name, stood.version).manifest
    try:
        subject = Report.from_bytes(report).subject
    except ReportUnreadableError as error:
        raise NotProvenError.about(f"{stood}: {error.message}") from error
    if subject != content_digest(manifest.files):
        raise NotProvenError.about(f"{stood}: the report is about {subject}, which are other files")


def _read(path: Path, digest: str) -> bytes:
    """The file's content, which must have `digest`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotProvenError.about(f"{path.name} is not there") from error
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise NotProvenError.about(f"{path.name} is not the file that was signed")
    return data


def report_path(home: Path, digest: str) -> Path:
    """Where the report of that digest is kept; its page stands beside it as `.html`."""
    return home / "reports" / f"{digest.removeprefix('sha256:')}.json"


def policy_path(home: Path, digest: str) -> Path:
    """Where the policy file of that digest is kept."""
    return home / "policies" / f"{digest.removeprefix('sha256:')}.yaml"


def _told(deployment: Deployment) -> str:
    return f"{deployment.model} version {deployment.version} as {deployment.slot}"
