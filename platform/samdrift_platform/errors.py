"""Errors of the platform: what happened, to which thing, and what to do."""

from __future__ import annotations

from samdrift_evaluation.errors import SamdriftError

__all__ = [
    "BodyTooLargeError",
    "CannotTellError",
    "ConflictError",
    "InputError",
    "LeaseLostError",
    "NotFoundError",
    "ReceiverRefusedError",
    "SamdriftError",
    "SettingError",
    "SignInError",
    "TryAgainError",
    "UnavailableError",
]


class InputError(SamdriftError):
    """The input cannot be accepted as it is. Correct the named field and send it again."""

    status = 422


class NotFoundError(SamdriftError):
    """There is no such thing here. Check the name or the identifier."""

    status = 404


class ConflictError(SamdriftError):
    """This contradicts what is already recorded. Use another reference, or send the same content as before."""

    status = 409


class BodyTooLargeError(SamdriftError):
    """The body is larger than the limit. Send it in smaller parts or raise `max_body_mib`."""

    status = 413


class SignInError(SamdriftError):
    """You are not signed in. Open a fresh sign-in link (`samdrift sign-in`) or send a bearer token."""

    status = 401


class UnavailableError(SamdriftError):
    """A part that is needed does not answer now. Nothing was recorded; send the same again in a moment."""

    status = 503


class SettingError(SamdriftError):
    """A setting has a value that cannot be used. See `samdrift settings` for what it means."""


class LeaseLostError(SamdriftError):
    """The lease on this work passed to another worker, so this late write is refused. Nothing to do."""

    status = 409


class TryAgainError(SamdriftError):
    """The other side did not answer as it should. The platform asks whether it happened, then tries again."""


class CannotTellError(SamdriftError):
    """The receiver cannot say whether the effect happened. A person must look and decide."""


class ReceiverRefusedError(SamdriftError):
    """The receiver refused the effect and will refuse it again. A person must look and decide."""
