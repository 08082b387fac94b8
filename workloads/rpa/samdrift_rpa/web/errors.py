"""What may go wrong between a robot and a web form."""

from __future__ import annotations

from samdrift_platform.errors import SamdriftError


class FormError(SamdriftError):
    """The web form did not go on as it should."""


class ChangedFormError(FormError):
    """The form is not the one that this robot knows, so nothing more was filled in. Mend the robot's page object."""


class PageObjectError(FormError):
    """The robot's page object failed, not the form. Mend it."""


class SessionEndedError(FormError):
    """The form asks to sign in again: the session ended in the middle."""


class FormRefusedError(FormError):
    """The form itself does not take what was filled in."""


class FormFailedError(FormError):
    """The form answered with an error of its own."""


class OutOfTimeError(FormError):
    """The form took too long."""


class BrowserError(SamdriftError):
    """The browser could not be started, or ended. It is started again at the next call."""


class NoTurnError(SamdriftError):
    """Another form is being filled in there, and its turn did not come in time. Nothing was done."""
