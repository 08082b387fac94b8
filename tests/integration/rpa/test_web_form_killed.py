"""`kill -9` of the delivery process between what the register saved and what the ledger hears of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from samdrift_platform.contract import Effect, Item, Outcome, Priority, Verdict
from samdrift_platform.ledger import effects, endings, migrations, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.submissions import Request
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings
from samdrift_rpa.driving_licence.generator import Wanted
from samdrift_rpa.web.browser import CHROMIUM
from samdrift_testing.legacy_form import PASSWORD, USER, Register, chromium_below, started_register, stored
from samdrift_testing.personal_data import Scanner
from samdrift_testing.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.browser]

#: Of the effect, in seconds: so long nobody asks about it again.
LEASE_S = 8
ENDS_S = 120.0
SHARED = Path("/dev/shm")  # noqa: S108 - raw traces lie there while they are made


class Office:
    """A home folder with one decided application whose entry is planned."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder)
        migrations.upgrade(self.settings.ledger_url)
        self.ledger = Ledger(self.settings.ledger_url)
        request = stored(ObjectStore(self.settings.objects_url), Wanted(number="A-1"))
        self._plan(Effect(step="enter", receiver="licence_register", request=request))

    def _plan(self, effect: Effect) -> None:
        now = datetime.now(UTC)
        submitted = Request(
            workload="rpa",
            tenant="demo",
            reference="killed",
            document={},
            items=[Item(reference="driving_licence/A-1", payload={}, lane="driving_licence")],
            priority=Priority.ADMINISTRATIVE,
            submitted_by="test",
        )
        lease = timedelta(minutes=1)
        with self.ledger.write() as connection:
            submissions.submit(connection, submitted, now=now)
            (claim,) = queue.claim(connection, workload="rpa", worker="test", limit=1, lease=lease, now=now)
            self.item_id = claim.id
            outcome = Outcome(reference=claim.reference, verdict=Verdict.DONE)
            endings.complete(connection, "rpa", [(claim, Completion(outcome=outcome, effects=[effect]))], now=now)

    @property
    def effect(self) -> EffectRow:
        with self.ledger.read() as connection:
            (found,) = effects.of_item(connection, self.item_id)
        return found

    @contextmanager
    def delivery(self, register: Register) -> Iterator[psutil.Process]:
        """The platform's own, with short leases."""
        own = {
            "SAMDRIFT_HOME": str(self.settings.home),
            "SAMDRIFT_WORKLOADS": "rpa",
            "SAMDRIFT_RPA_LICENCE_FORM_URL": register.url,
            "SAMDRIFT_RPA_LICENCE_FORM_USER": USER,
            "SAMDRIFT_RPA_LICENCE_FORM_PASSWORD": "env:REGISTER_PASSWORD",
            "SAMDRIFT_RPA_EVIDENCE": "every",
            "REGISTER_PASSWORD": PASSWORD,
            "PYTHONPATH": str(Path(__file__).parents[2] / "support"),
        }
        with (self.settings.home / "delivery.log").open("ab") as log:
            argv = [sys.executable, "-m", "samdrift_testing.short_leases", str(LEASE_S)]
            process = psutil.Popen(argv, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(ENDS_S)


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing; install it with: apt-get install chromium")
def test_killed_after_the_register_saved_it_enters_nothing_twice_and_leaves_no_browser_behind(tmp_path: Path) -> None:
    office = Office(tmp_path / "home")
    before = set(SHARED.glob("samdrift-traces-*"))
    with started_register(tmp_path / "register", "slow-after-saving:1", slow_s=20.0) as register:
        with office.delivery(register) as process:
            wait_until("a case is saved", lambda: bool(register.references))
            assert len(chromium_below(process)) == 1
            tree = process.children(recursive=True)
            process.kill()
            _, alive = psutil.wait_procs(tree, timeout=ENDS_S)
            assert alive == []
        left = set(SHARED.glob("samdrift-traces-*")) - before
        assert len(left) == 1
        assert office.effect.state is EffectState.PLANNED
        with office.delivery(register):
            wait_until("the effect is delivered", lambda: office.effect.state is EffectState.DELIVERED)
            assert not (left & set(SHARED.glob("samdrift-traces-*")))  # swept by the next robot
    assert office.effect.attempt >= 2  # a busy machine may outlast so short a lease and ask again
    assert office.effect.answer == {"case_number": "KK-000001"}
    assert register.references == [str(office.effect.key)]
    assert register.log.requests().count("POST /ansoegning/gem") == 1
    assert set(SHARED.glob("samdrift-traces-*")) <= before  # what others left is swept too
    office.ledger.close()
    scanner = Scanner([PASSWORD, "Testperson Eksempel", "2211771212"])
    assert scanner.folder(tmp_path / "home", leave_out=["objects"]) == []
