"""Signed statements: the evidence of governance, one sentence each, never changed.

Who registered a version, what an evaluation found, who approved it, what is deployed, who has which role: each is a
statement. Everything else (a version's state, what is served) is a fold over statements (`lifecycle`), so there is no
row that could be edited to change it. The shape follows in-toto's attestations: a subject, a kind, and the facts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from samdrift_registry.errors import StatementUnreadableError
from samdrift_registry.inventory import canonical_json
from samdrift_registry.keys import SigningKey, TrustedKeys

#: Stands inside what is signed, so that a later format cannot be taken for this one.
FORMAT = "samdrift-statement/1"


class Kind(StrEnum):
    """What is stated, and about which subject."""

    #: A version was found in MLflow and has a signed manifest. Facts: run_id, registered_by.
    REGISTERED = "registered"
    #: A version cannot be taken in, or evaluated by a policy. Facts: reason, policy (None: not taken in).
    REFUSED = "refused"
    #: An evaluation and the gate's judgement. Facts: report, suite, policy, policy_digest, passed, reasons, evidence
    #: (own, supplier).
    EVALUATED = "evaluated"
    #: What people must say before a version may decide anything. Facts: legal_basis, purpose and so on.
    DECLARED = "declared"
    #: One person's approval. Facts: report, declaration, role, expires_at, note.
    APPROVED = "approved"
    #: An approval taken back by who gave it. Facts: statement (its id), reason.
    WITHDRAWN = "withdrawn"
    #: A version serves from now on. Facts: slot, share, reason, previous (id of the slot's last deployment or None);
    #: for a rollback also as_deployed (id of the earlier deployment on whose evidence it rests).
    DEPLOYED = "deployed"
    #: A slot serves nothing from now on. Facts: slot, reason, previous.
    CLEARED = "cleared"
    #: A version may not serve any more. Facts: reason.
    RETIRED = "retired"
    #: A policy is in force. Subject `policy:NAME/VERSION`, digest: of the file. Facts: as `rules.Rules.facts`.
    ADOPTED = "adopted"
    #: A person's roles, replacing earlier ones. Subject `person:NAME`. Facts: roles, known_as (MLflow user names),
    #: and units where there are any.
    APPOINTED = "appointed"
    #: A workload is in its safe state. Subject `workload:NAME`. Facts: reason.
    STOPPED = "stopped"
    #: It works with its models again. Subject `workload:NAME`. Facts: reason.
    RESUMED = "resumed"
    #: Something that a person must look at. Facts: code, reason, figures.
    ALARM = "alarm"
    #: A person has looked at an alarm. Facts: statement (its id), decision, reason.
    SETTLED = "settled"
    #: The audit chain's head as it was. Subject `audit:chain`. Facts: seq, hash.
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence of evidence. Personal data stay out; people are named by their sign-in subject."""

    kind: Kind
    #: "model:mammography-triage/3", "person:…", "workload:mammography", "policy:reader-study/1"
    subject: str
    #: Of what is spoken of, where it has content: the manifest's digest, the policy file's.
    digest: str | None = None
    #: JSON values.
    facts: Mapping[str, Any] = field(default_factory=dict)
    #: Aware, UTC.
    made_at: datetime
    #: Sign-in subject, or "registry", "evaluator", "watch".
    made_by: str
    format: str = FORMAT

    def canonical(self) -> bytes:
        """The bytes that are signed."""
        return self._bytes

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**named, "made_at": self.made_at.isoformat()}

    @classmethod
    def from_text(cls, text: str) -> Statement:
        """Read what `canonical` wrote; another byte anywhere is an error.

        Raises:
            StatementUnreadableError: it is not a statement in canonical form.
        """
        try:
            statement = cls._of(json.loads(text))
            same = statement.canonical().decode() == text
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StatementUnreadableError from error
        if not same or statement.format != FORMAT:
            raise StatementUnreadableError
        return statement

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> Statement:
        made_at = datetime.fromisoformat(document["made_at"])
        return cls(**{**document, "kind": Kind(document["kind"]), "made_at": made_at})

    @cached_property
    def id(self) -> str:
        """`sha256:` over the signed bytes: names this statement and no other, whoever signed it."""
        return "sha256:" + hashlib.sha256(self.canonical()).hexdigest()

    @cached_property
    def _bytes(self) -> bytes:
        """Once: every fold and every check asks for them."""
        return canonical_json(self.document())


@dataclass(frozen=True, kw_only=True)
class SignedStatement:
    """A statement, the key that signed it, and the signature over `statement.canonical()`."""

    statement: Statement
    key_id: str
    signature: bytes

    def to_text(self) -> str:
        """Canonical JSON: what the ledger keeps and a replica is handed."""
        document = {"statement": self.statement.document(), "key_id": self.key_id, "signature": self.signature.hex()}
        return canonical_json(document).decode()

    @classmethod
    def from_text(cls, text: str) -> SignedStatement:
        """Read what `to_text` wrote; another byte anywhere is an error.

        Raises:
            StatementUnreadableError: it is not a signed statement in canonical form.
        """
        try:
            document = json.loads(text)
            statement = Statement.from_text(canonical_json(document["statement"]).decode())
            signature = bytes.fromhex(document["signature"])
            signed = cls(statement=statement, key_id=document["key_id"], signature=signature)
            same = signed.to_text() == text
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StatementUnreadableError from error
        if not same:
            raise StatementUnreadableError
        return signed

    def check(self, trusted: TrustedKeys, *, now: datetime | None = None) -> Statement:
        """The statement, once its signature holds at `now` (by default the clock's): keys end.

        Raises:
            UnknownKeyError, BadSignatureError, ExpiredKeyError: as `TrustedKeys.check` does.
        """
        trusted.check(self.key_id, self.signature, self.statement.canonical(), now=now)
        return self.statement


def sign_statement(statement: Statement, key: SigningKey) -> SignedStatement:
    """`statement` with the signature of `key`."""
    return SignedStatement(statement=statement, key_id=key.key_id, signature=key.sign(statement.canonical()))


def model_subject(name: str, version: int) -> str:
    """`model:NAME/VERSION`."""
    return f"model:{name}/{version}"
