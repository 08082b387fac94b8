"""The one base of all errors that Samdrift raises.

It stands in the lowest package of the import order, so that every other package can build on it.
"""

from __future__ import annotations

from typing import ClassVar


class SamdriftError(Exception):
    """Something in Samdrift went wrong; no more is known. Look at the log of the process that said so."""

    #: HTTP status with which the control plane answers when this error reaches it.
    status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        """Say `message`, or the class's docstring; `field` names the part of the input that is at fault."""
        self.message = message or (self.__doc__ or "").strip()
        self.field = field
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling between Ray's processes with message and field."""
        return (_rebuild, (type(self), self.message, self.field))


def _rebuild(kind: type[SamdriftError], message: str, field: str | None) -> SamdriftError:
    return kind(message, field=field)


class EvaluationError(SamdriftError):
    """The numbers do not allow this statistic. Check that both classes are present and lengths agree."""

    status = 422


class TooFewCasesError(EvaluationError):
    """There are too few cases for this statistic. Collect more; until then the report says so."""
