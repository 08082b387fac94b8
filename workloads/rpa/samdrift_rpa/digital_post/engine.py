"""What a replica holds for letters: the routing policy, the schemas and, where they are there, the proposers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.digital_post.schema import Schemas

if TYPE_CHECKING:
    from samdrift_rpa.digital_post.memo import Letter


@dataclass(frozen=True, kw_only=True)
class PostEngine:
    """Read once a replica; the steps only use it."""

    policy: PostPolicy
    #: None: no schema is installed, and our own checks stand alone.
    schemas: Schemas | None

    def read(self, store: Store, reference: str) -> Letter:
        """The stored letter; MessageRefusedError says why it cannot be taken in."""
        from samdrift_rpa.digital_post.letter import read_letter

        return read_letter(store, reference, most_bytes=self.policy.most_bytes, schemas=self.schemas)

    def provenance(self) -> dict[str, JsonValue]:
        """Which policy and which schemas decided."""
        return {
            "policy": {"version": self.policy.version, "digest": self.policy.digest},
            "schemas": "MeMo XSD" if self.schemas else "none: our own checks alone",
        }


def load(models: Mapping[str, Any]) -> PostEngine:
    """From the settings; SettingError when the policy cannot be used."""
    from samdrift_rpa.digital_post.policy import read_post_policy
    from samdrift_rpa.digital_post.schema import installed_schemas

    return PostEngine(policy=read_post_policy(), schemas=installed_schemas())
