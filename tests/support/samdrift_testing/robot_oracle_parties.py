"""The parties outside for the robots' oracle, each a process of its own with a log of its own: bad peers on purpose."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from samdrift_platform.contract import Receiver, Store
from samdrift_rpa.loopback.log import Kind, Log, read_log
from samdrift_rpa.receivers.access_point import AccessPointReceiver
from samdrift_rpa.receivers.case_system import CaseSystemReceiver
from samdrift_rpa.receivers.digital_post import DigitalPostReceiver
from samdrift_rpa.receivers.erp import ErpReceiver
from samdrift_rpa.web.browser import CHROMIUM, Browser
from samdrift_testing.case_systems import CaseSystem
from samdrift_testing.legacy_form import Register, robot
from samdrift_testing.party import until_it_answers
from samdrift_testing.ports import free_ports
from samdrift_testing.robot_oracle_cases import Done, Party

#: At every so many requests: done, and then an error, half an answer or a late one; or not done; or no word about it.
FAULTS = "error-after:13,drop-after:17,slow-after:400,error-before:11,error-on-find:29"
REGISTER_FAULTS = "error-after-saving:5,slow-after-saving:13,error-before-saving:11"
SLOW_S = 3.5
_KINDS = {
    Party.VOUCHER: Kind.VOUCHER,
    Party.ANSWER: Kind.DOCUMENT,
    Party.CASE: Kind.CASE,
    Party.ENTRY: Kind.ENTRY,
    Party.ASSIGNMENT: Kind.ASSIGNMENT,
    Party.MESSAGE: Kind.MESSAGE,
}


@dataclass(frozen=True)
class Parties:
    """Where they are, and what their logs say."""

    erp_url: str
    case_system: CaseSystem
    #: None: no browser to visit it.
    register: Register | None
    folder: Path

    def receivers(self, store: Store, *, timeout_s: float, form_timeout_s: float) -> Mapping[str, Receiver]:
        """The platform's own adapters to all of them, by the names that effects use."""
        erp, cases, way = self.erp_url, self.case_system.url, _transport()
        made: dict[str, Receiver] = {
            "erp": ErpReceiver(erp, store, timeout_s=timeout_s, transport=way),
            "access_point": AccessPointReceiver(erp, store, timeout_s=timeout_s, transport=way),
            "case_system": CaseSystemReceiver(cases, store, timeout_s=timeout_s, transport=way),
            "digital_post": DigitalPostReceiver(cases, store, timeout_s=timeout_s, transport=way),
        }
        if self.register is not None:
            browser = Browser(hosts=["127.0.0.1"])
            made["licence_register"] = robot(self.register, store, browser, timeout_s=form_timeout_s, quiet_s=10.0)
        return made

    def done(self) -> Counter[Done]:
        """What happened, and how often, by the parties' own logs."""
        found = Counter[Done]()
        for party, kind in _KINDS.items():
            found.update((party, entry.key) for entry in self._log(kind).entries(kind))
        if self.register is not None:
            found.update((Party.REGISTER, reference) for reference in self.register.references)
        return found

    def failed_after(self) -> int:
        """How often one of them failed after it had done the work."""
        faults = [fault for kind in _KINDS.values() for fault in self._log(kind).faults(kind)]
        faults += self.register.log.faults() if self.register is not None else []
        return sum("after" in fault for fault in faults)

    def _log(self, kind: Kind) -> Log:
        return read_log(self.folder / "erp" if kind in (Kind.VOUCHER, Kind.DOCUMENT) else self.folder / "cases")


def _transport() -> httpx.HTTPTransport:
    return httpx.HTTPTransport(verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    """Read once, before workers are forked: it takes longer than the rest of a worker's start."""
    return httpx.create_ssl_context(trust_env=False)


@contextmanager
def running_parties(folder: Path, *, with_register: bool) -> Iterator[Parties]:
    """All of them, until the end of the block; the register only where there is a browser."""
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "samdrift_rpa.loopback", "--folder", str(folder / "erp"), "--port", str(port)]
    erp = subprocess.Popen([*argv, "--faults", FAULTS, "--slow-s", str(SLOW_S)])
    case_system = CaseSystem(folder / "cases", FAULTS)
    register = Register(folder / "register", REGISTER_FAULTS) if with_register and CHROMIUM.exists() else None
    try:
        until_it_answers(f"http://127.0.0.1:{port}/health", erp)
        case_system.start()
        if register is not None:
            register.start()
        yield Parties(f"http://127.0.0.1:{port}", case_system, register, folder)
    finally:
        erp.kill()
        erp.wait()
        case_system.kill()
        if register is not None:
            register.kill()
