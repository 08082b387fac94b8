"""What a replica holds for letters: the routing policy, the schemas and, where they are there, tagger and model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post.classifier import MODEL, SubjectModel
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.digital_post.schema import Schemas
from samdrift_rpa.digital_post.tagger import Tagger

if TYPE_CHECKING:
    from samdrift_rpa.digital_post.memo import Letter


@dataclass(frozen=True, kw_only=True)
class PostEngine:
    """Read once a replica; the steps only use it."""

    policy: PostPolicy
    #: None: no schema is installed, and our own checks stand alone.
    schemas: Schemas | None
    #: None: OS2KLE is not installed.
    tagger: Tagger | None = None
    #: None: no version is deployed.
    model: SubjectModel | None = None

    def read(self, store: Store, reference: str) -> Letter:
        """The stored letter; MessageRefusedError says why it cannot be taken in."""
        from samdrift_rpa.digital_post.letter import read_letter

        return read_letter(store, reference, most_bytes=self.policy.most_bytes, schemas=self.schemas)

    def title(self, subject: str) -> str:
        """KLE's title of a subject, where KLE is installed, otherwise our own; the bare number where neither knows."""
        from samdrift_rpa.training.letters import subjects

        return (self.tagger.titles if self.tagger else {}).get(subject) or subjects().get(subject, "")

    def provenance(self) -> dict[str, JsonValue]:
        """Which policy, schemas and proposers decided."""
        return {
            "policy": {"version": self.policy.version, "digest": self.policy.digest},
            "schemas": "MeMo XSD" if self.schemas else "none: our own checks alone",
            "kle": f"{len(self.tagger.subjects)} subjects" if self.tagger else "not installed",
            "model": bool(self.model),
        }


def load(models: Mapping[str, Any]) -> PostEngine:
    """From the settings and the deployed models.

    Raises:
        SettingError: the policy cannot be used.
        NotKleError: what is installed is not OS2KLE's list.
    """
    from samdrift_rpa.digital_post.kle import installed_kle, read_kle

    kle = installed_kle()
    return replace(
        reading_alone(),
        tagger=Tagger(read_kle(kle.read_bytes())) if kle else None,
        model=SubjectModel.load(models[MODEL]) if MODEL in models else None,
    )


def reading_alone() -> PostEngine:
    """Without tagger and model: enough to read a letter. SettingError when the policy cannot be used."""
    from samdrift_rpa.digital_post.policy import read_post_policy
    from samdrift_rpa.digital_post.schema import installed_schemas

    return PostEngine(policy=read_post_policy(), schemas=installed_schemas())
