"""Telling of overdue decisions as a schedule of the platform's own, where somebody is to be told."""

from __future__ import annotations

from collections.abc import Sequence

from samdrift_platform.overdue_settings import TO
from samdrift_platform.schedule import Schedule


def tell() -> Sequence[str]:
    """One run; a sentence for each open alarm about overdue decisions."""
    from samdrift_platform import overdue_mail

    return overdue_mail.tell()


#: Every ten minutes: an alarm is told of within that time, and a mail server that was away is asked again.
OVERDUE = Schedule(name="overdue", cron="*/10 * * * *", run=tell)


def schedules() -> list[Schedule]:
    """None where nobody is to be told."""
    return [OVERDUE] if TO.value() else []
