"""The nightly retention run as a schedule of the platform's own; `samdrift retention run` does it at any time."""

from __future__ import annotations

from collections.abc import Sequence

from samdrift_platform.schedule import Schedule


def erase() -> Sequence[str]:
    """One run over everything; a sentence for each lane of which something was taken away."""
    from samdrift_platform import retaining

    return list(retaining.run().sentences())


#: After the nightly plans, before the day's work.
RETENTION = Schedule(name="retention", cron="30 3 * * *", run=erase)
