"""Why a person must decide about an invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from samdrift_rpa.sentence import Sentence


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A code, and a sentence that is a message id with `%(names)s`."""

    #: Counted in statistics: `limit`, `order_quantity`.
    code: str
    sentence: str
    #: What stands for the names; no personal data.
    values: Mapping[str, str] = field(default_factory=dict)
    #: How many different people must decide the same.
    people: int = 1
    #: A person may approve it, and the robot then posts it; otherwise it can only be posted by hand, or refused.
    postable: bool = True

    def to_json(self) -> dict[str, JsonValue]:
        """As it is kept in a result."""
        return {"code": self.code, "sentence": self.sentence, "values": dict(self.values)}

    def by_language(self) -> dict[str, str]:
        """The sentence in Danish and in English."""
        return Sentence(text=self.sentence, values=self.values).by_language()
