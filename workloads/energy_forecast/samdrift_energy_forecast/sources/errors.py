"""What can go wrong when weather, prices or CO2 are asked for."""

from __future__ import annotations

from samdrift_platform.errors import SamdriftError, UnavailableError


class SourceUnavailableError(UnavailableError):
    """The source did not answer, also when asked again. Plans go on with what was fetched before; fetch again later."""


class SourcePausedError(SourceUnavailableError):
    """The source asked us to wait. Nobody here asks it before that time; plans go on with what was fetched before."""


class SourceAnswerError(SourceUnavailableError):
    """The source answered something else than it documents. Nothing of it was kept; report it if it goes on."""


class SourceRefusedError(SamdriftError):
    """The source refuses the question and will refuse it again. Its own words say which part; correct that."""
