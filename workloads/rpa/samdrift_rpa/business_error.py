"""A business exception: the input is at fault, and trying again would not help."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from samdrift_platform.errors import SamdriftError


class BusinessError(SamdriftError):
    """The case cannot be handled as it came. It is rejected with this reason; correct it and send it again.

    Anything else that a step raises is a system exception: ours, and the item is tried again.
    """

    def __init__(self, code: str, sentence: str, **values: str) -> None:
        """`code` is counted in the statistics; `sentence` is a message id with `%(names)s` that `values` fill."""
        super().__init__(sentence % values)
        self.code, self.sentence, self.values = code, sentence, values

    def to_json(self) -> dict[str, JsonValue]:
        """As it is kept in an item's result."""
        values: Mapping[str, JsonValue] = self.values
        return {"code": self.code, "sentence": self.sentence, "values": dict(values)}
