"""What a replica is handed, and what it refuses to load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.errors import ChangedFileError, NotProvenError, UnknownKeyError, VerificationError
from samdrift_registry.proof import Proof, verified
from samdrift_registry.statements import Kind, SignedStatement
from samdrift_registry.store import ManifestStore
from samdrift_testing.governing import MODEL, Office, policy

DAY = timedelta(days=1)


def served(office: Office) -> tuple[Deployment, Proof]:
    deployment = office.governance.deployments()[MODEL, Slot.CHAMPION]
    return deployment, office.governance.proof(deployment)


def without(proof: Proof, *kinds: Kind) -> Proof:
    left = [text for text in proof.statements if SignedStatement.from_text(text).statement.kind not in kinds]
    return Proof(tuple(left))


def test_a_proven_version_is_loaded(office: Office) -> None:
    office.serve()
    deployment, proof = served(office)
    model = verified(office.home, deployment, proof, now=office.now + DAY)
    assert (model.name, model.version, model.digest) == (MODEL, 1, deployment.digest)


def test_what_happens_later_does_not_end_what_serves(office: Office) -> None:
    """A replica that is started again must not fail because a month has passed or an approver changed their mind."""
    office.serve()
    office.now += DAY
    office.governance.withdraw(MODEL, 1, "second thoughts", actor="tim", now=office.now)
    office.governance.adopt(policy(2, least=0.99), actor="operator", now=office.now)
    office.governance.appoint("clara", [], actor="operator", now=office.now)
    deployment, proof = served(office)
    assert verified(office.home, deployment, proof, now=office.now + 400 * DAY).digest == deployment.digest


def test_a_rollback_is_proven_by_the_first_deployment(office: Office) -> None:
    office.serve()
    office.serve(2)
    office.now += 90 * DAY
    office.governance.rollback(MODEL, "two is worse", actor="operator", now=office.now)
    deployment, proof = served(office)
    assert deployment.version == 1
    verified(office.home, deployment, proof, now=office.now + DAY)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind.EVALUATED, "has not been evaluated"),
        (Kind.APPROVED, "0 of 2 people"),
        (Kind.APPOINTED, "0 of 2 people"),
        (Kind.DECLARED, "is not declared"),
        (Kind.ADOPTED, "has not been evaluated"),
        (Kind.REGISTERED, "registered as None"),
        (Kind.DEPLOYED, "no signed statement deploys it"),
    ],
)
def test_every_part_of_the_evidence_is_needed(office: Office, kind: Kind, told: str) -> None:
    office.serve()
    deployment, proof = served(office)
    with pytest.raises(VerificationError, match=told):
        verified(office.home, deployment, without(proof, kind), now=office.now + DAY)


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"digest": "sha256:" + "0" * 64}, {"slot": Slot.SHADOW}, {"share": 0.5}, {"model": "other"}],
)
def test_another_deployment_than_the_signed_one(office: Office, change: dict[str, object]) -> None:
    office.serve()
    deployment, proof = served(office)
    with pytest.raises(NotProvenError, match="no signed statement deploys it"):
        verified(office.home, replace(deployment, **change), proof, now=office.now + DAY)  # type: ignore[arg-type] # any field


def test_from_the_future(office: Office) -> None:
    office.serve()
    deployment, proof = served(office)
    with pytest.raises(NotProvenError, match="only from"):
        verified(office.home, deployment, proof, now=office.now - DAY)


def _withdraw_key(office: Office) -> None:
    for public in (office.home / "keys" / "trusted").glob("*.pub"):
        public.unlink()


def _change_model(office: Office) -> None:
    path = ManifestStore(office.home).folder(served(office)[0].digest) / "model.safetensors"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\1")


def _remove_report(office: Office) -> None:
    for path in (office.home / "reports").glob("*.json"):
        path.unlink()


@pytest.mark.parametrize(
    ("change", "error"),
    [(_withdraw_key, UnknownKeyError), (_change_model, ChangedFileError), (_remove_report, NotProvenError)],
)
def test_what_lies_at_home_is_checked_each_time(
    office: Office, change: Callable[[Office], None], error: type[VerificationError]
) -> None:
    office.serve()
    deployment, proof = served(office)
    change(office)
    with pytest.raises(error):
        verified(office.home, deployment, proof, now=office.now + DAY)


def test_the_proof_of_another_version_proves_nothing(office: Office) -> None:
    office.serve()
    _, first = served(office)
    office.serve(2)
    deployment, _ = served(office)
    with pytest.raises(NotProvenError, match="no signed statement deploys it"):
        verified(office.home, deployment, first, now=office.now + DAY)
