"""Escalation: decisions that wait for longer than they may open an alarm about their workload."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import structlog

from samdrift_platform.errors import SamdriftError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import escalating
from samdrift_platform.ledger.database import Ledger

log = structlog.get_logger(__name__)

ACTOR = "samdrift"
CODE = "decisions overdue"
#: Shown on the page of alarms, where it is translated.
REASON = "Decisions wait for longer than they may. They stand on top of the inbox."


class Escalation:
    """Looks for overdue questions; cheap while there are none."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        """Alarms are signed with the keys below `home`."""
        self._ledger = ledger
        self._governance = Governance(ledger, home)

    def look(self, now: datetime) -> int:
        """Escalate what is overdue; how many questions that were.

        The alarm comes first: should this process die in between, the next look finds the questions again and the alarm
        there already.
        """
        with self._ledger.read() as connection:
            found = escalating.overdue(connection, now=now)
        if not found:
            return 0
        for workload, number in Counter(each.workload for each in found).items():
            self._alarm(workload, number, now)
        with self._ledger.write() as connection:
            return escalating.escalate(connection, found, now=now)

    def _alarm(self, workload: str, number: int, now: datetime) -> None:
        """One open alarm a workload, however many decisions are late."""
        log.warning("decisions are overdue", workload=workload, number=number)
        subject = f"workload:{workload}"
        try:
            alarms = self._governance.alarms()
            if not any((a.subject, a.code, a.settled) == (subject, CODE, None) for a in alarms):
                self._governance.alarm(subject, CODE, REASON, {"decisions": number}, actor=ACTOR, now=now)
        except SamdriftError as error:  # the journal does not hold: the inbox still puts them on top
            log.warning("no alarm could be raised", workload=workload, error=error.message)
