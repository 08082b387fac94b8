"""Who is asked, and how often they allow it."""

from __future__ import annotations

from dataclasses import dataclass

from samdrift_energy_forecast import settings


@dataclass(frozen=True, kw_only=True)
class Source:
    """One service outside, with the limits that its own pages state."""

    name: str
    base_url: str
    #: At most so many calls in so many seconds, over all our processes together.
    calls: int
    within_s: float
    #: After an answer 429 nobody here asks for so long, in seconds; 0: only the one who was told waits.
    ban_s: float
    #: How often one question is asked before it is given up.
    attempts: int = 3
    timeout_s: float = 10.0


def dmi() -> Source:
    """DMI's open data: 500 calls in 5 s; 429 means that the server is busy, and a second try often works."""
    return Source(
        name="dmi",
        base_url=settings.DMI_URL.value(),
        calls=500,
        within_s=5.0,
        ban_s=0.0,
        attempts=4,
        timeout_s=settings.source_timeout_s(),
    )


def energi_data_service() -> Source:
    """Energi Data Service: 40 calls in 10 s, then 429 and five minutes of silence for the whole address."""
    return Source(
        name="energi-data-service",
        base_url=settings.EDS_URL.value(),
        calls=40,
        within_s=10.0,
        ban_s=300.0,
        timeout_s=settings.source_timeout_s(),
    )
