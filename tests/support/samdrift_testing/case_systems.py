"""A case system and a sender of Digital Post as a process of its own, killed and started again as a test likes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from samdrift_platform.contract import Store
from samdrift_rpa.loopback.log import Kind, Log, read_log
from samdrift_rpa.receivers.case_system import CaseSystemReceiver
from samdrift_rpa.receivers.digital_post import DigitalPostReceiver
from samdrift_testing.party import Party


class CaseSystem(Party):
    """One loopback, with the receivers that reach it."""

    def __init__(self, folder: Path, faults: str, *options: str) -> None:
        super().__init__("samdrift_rpa.loopback.case_system", folder, faults, "--slow-s", "2.5", *options)

    @property
    def log(self) -> Log:
        return read_log(self.folder)

    def times(self, kind: Kind) -> Counter[str]:
        """How often each key was worked on."""
        return Counter(entry.key for entry in self.log.entries(kind))

    def receivers(self, store: Store, *, timeout_s: float = 1.5) -> dict[str, CaseSystemReceiver | DigitalPostReceiver]:
        return {
            "case_system": CaseSystemReceiver(self.url, store, timeout_s=timeout_s),
            "digital_post": DigitalPostReceiver(self.url, store, timeout_s=timeout_s),
        }
