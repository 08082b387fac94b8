"""Plans to real mail servers: whatever happens on the way, each recipient gets a plan once, or a person looks."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from icalendar import Calendar
from pydantic import JsonValue

from samdrift_energy_forecast.delivery import MAIL
from samdrift_energy_forecast.delivery.mail import PlanMailReceiver, journal, message_of
from samdrift_energy_forecast.delivery.planned import planned
from samdrift_energy_forecast.hours import SECONDS
from samdrift_energy_forecast.plans.document import Entry, Notice, Plan, PlannedFor, Summary
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.tables import mail
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Outcome, Store, Verdict
from samdrift_platform.credentials import Credential, Reference
from samdrift_platform.delivery import LEASE, MOST_ATTEMPTS, Delivery
from samdrift_platform.ledger import effects, endings
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.mail.journal import MailJournal
from samdrift_platform.mail.server import MailServer, Security
from samdrift_platform.objects import ObjectStore
from samdrift_testing.certificates import Authority
from samdrift_testing.mail_servers import PASSWORD, USER, Cut, CuttingServer, mail_server
from samdrift_testing.work import WORKLOAD, claim_one, item, look, submit

FAYE, GUS = "faye@example.org", "gus@example.dk"
PATIENCE_S = 120.0
#: Moments after which nobody can tell; after every other cut it is sent again.
CANNOT_TELL = (Cut.LOST, Cut.KEPT)
#: How far the message was is a matter of buffers: it is sent again, or left to a person.
EITHER = Cut.BODY


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    with contextlib.closing(Ledger(sqlite_url)) as opened:
        yield opened


def plan_of(**changes: object) -> Plan:
    """A plan that holds now."""
    begins = datetime.fromtimestamp(datetime.now(UTC).timestamp() // SECONDS * SECONDS, tz=UTC)
    plan = Plan(
        building=PlannedFor(id="school-1", name="Skolen ved Søen", time_zone="Europe/Copenhagen", language="da"),
        issue_time=begins,
        safe_state=None,
        attention=(),
        entries=tuple(
            Entry(begins=begins + timedelta(hours=k), set_point_c=celsius, reason=Reason.SET_BACK, facts={})
            for k, celsius in ((0, 16.0), (6, 21.0), (16, 16.0))
        ),
        series={},
        binding=(None,) * 72,
        summary=Summary(currency="DKK", method="made up", saved_kwh=1234.0),
        thermal_model=None,
        forecast_check={},
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # one field at a time


@dataclass
class Post:
    """A delivery of plans over one ledger, and a clock that only the test moves."""

    ledger: Ledger
    server: MailServer
    store: Store = field(default_factory=MemoryStore)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def order(self, plan: Plan, *to: str, reference: str = "school-1/1") -> UUID:
        """An item whose effect is the plan to these; its id."""
        submit(self.ledger, reference, [item(reference)], now=self.now)
        claimed = claim_one(self.ledger, now=self.now)
        kept = self.store.put(plan.to_json())
        result: dict[str, JsonValue] = {
            "plan": kept,
            "version": plan.version,
            "delivery": {"email": [*to], "folder": False},
        }
        outcome = Outcome(reference=reference, verdict=Verdict.DONE, result=result)
        completion = Completion(outcome=outcome, effects=list(planned(result)))
        with self.ledger.write() as connection:
            endings.complete(connection, WORKLOAD, [(claimed, completion)], now=self.now)
        return claimed.id

    @property
    def receiver(self) -> PlanMailReceiver:
        return PlanMailReceiver(self.server, journal(self.ledger), self.store)

    def all_steps(self) -> None:
        """Until nothing is left to do, however long the back-off; the plan's own end is never reached."""
        delivery = Delivery(self.ledger, {WORKLOAD: {MAIL: self.receiver}})
        for _ in range(3 * MOST_ATTEMPTS):
            if not delivery.step(now=self.now):
                self.now += timedelta(hours=1)
                if not delivery.step(now=self.now):
                    return
        raise AssertionError("the delivery does not come to an end")

    def steps(self, number: int) -> None:
        delivery = Delivery(self.ledger, {WORKLOAD: {MAIL: self.receiver}})
        for _ in range(number):
            self.now += timedelta(hours=1)
            delivery.step(now=self.now)

    def ended(self, identifier: UUID) -> tuple[str, list[str]]:
        with self.ledger.read() as connection:
            found = effects.of_item(connection, identifier)
        return str(look(self.ledger, identifier).state), [str(effect.state) for effect in found]

    def error(self, identifier: UUID) -> str:
        with self.ledger.read() as connection:
            (effect,) = effects.of_item(connection, identifier)
        return effect.error or ""

    def answer(self, identifier: UUID) -> object:
        with self.ledger.read() as connection:
            (effect,) = effects.of_item(connection, identifier)
        return effect.answer

    def retry(self, identifier: UUID) -> None:
        with self.ledger.write() as connection:
            endings.retry(connection, identifier, actor="faye", now=self.now)


def credential(folder: Path, password: str) -> Credential:
    path = folder / "password"
    path.touch(mode=0o600)
    path.write_text(password)
    reference = Reference.of(f"file:{path}", setting="SMTP_PASSWORD")
    return Credential(reference, reader="test", purpose="test", journal=lambda event: None)


def plain(port: int) -> MailServer:
    return MailServer(host="127.0.0.1", port=port, sender="plans@example.org", security=Security.NONE)


def test_everybody_gets_the_plan_with_its_files_once(ledger: Ledger) -> None:
    plan = plan_of()
    with mail_server() as (port, kept):
        post = Post(ledger, plain(port))
        identifier = post.order(plan, FAYE, GUS)
        post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert post.answer(identifier) == {
        "message": str(message_of(plan.version, [FAYE, GUS])),
        "accepted": 2,
        "refused": [],
    }
    assert kept.recipients == {FAYE: 1, GUS: 1}
    (message,) = kept.parsed
    assert message["Subject"].startswith("Varmeplan for Skolen ved Søen fra ")
    assert message["Message-ID"] == f"<{message_of(plan.version, [GUS, FAYE])}@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    files = {str(part.get_filename()).partition("Z-")[2][13:]: part for part in message.iter_attachments()}
    assert set(files) == {"csv", "ics", "bacnet.json"}
    rows = csv.DictReader(io.StringIO(files["csv"].get_content()))
    assert [float(row["set_point_c"]) for row in rows] == list(plan.set_points_c())
    events = Calendar.from_ical(files["ics"].get_content()).walk("VEVENT")
    assert len(events) == 3
    assert json.loads(files["bacnet.json"].get_content())["version"] == plan.version
    body = message.get_body().get_content()  # type: ignore[union-attr]  # plans have a text part
    assert "21,0 °C" in body
    assert "planlagt, ikke målt" in body


def test_a_safe_state_and_what_needs_a_look_come_first(ledger: Ledger) -> None:
    stopped = Notice(code="stopped", da="Varmeplanlægningen er stoppet.", en="Heat planning is stopped.")
    dead = Notice(code="meter_dead", da="Måleren er død.", en="The meter is dead.")
    with mail_server() as (port, kept):
        post = Post(ledger, plain(port))
        post.order(plan_of(safe_state=stopped, attention=(dead,)), FAYE)
        post.all_steps()
    (message,) = kept.parsed
    assert message["Subject"].startswith("Se efter: Fast natsænkning: Skolen ved Søen")
    lines = message.get_body().get_content().splitlines()  # type: ignore[union-attr]  # plans have a text part
    assert [lines[0], lines[2]] == ["Varmeplanlægningen er stoppet.", "Måleren er død."]
    assert "planlagt, ikke målt" not in "\n".join(lines)


def test_a_name_makes_no_header_of_its_own(ledger: Ledger) -> None:
    named = PlannedFor(id="x", name="Skolen\r\nBcc: eve@example.org", time_zone="Europe/Copenhagen", language="en")
    with mail_server() as (port, kept):
        post = Post(ledger, plain(port))
        post.order(plan_of(building=named), FAYE)
        post.all_steps()
    (message,) = kept.parsed
    assert message["Bcc"] is None
    assert kept.recipients == {FAYE: 1}


def test_two_orders_of_the_same_plan_are_one_message(ledger: Ledger) -> None:
    plan = plan_of()
    with mail_server() as (port, kept):
        post = Post(ledger, plain(port))
        first = post.order(plan, FAYE)
        second = post.order(plan, FAYE, reference="school-1/2")
        other = post.order(plan_of(attention=(Notice(code="x", da="x", en="x"),)), FAYE, reference="school-1/3")
        post.all_steps()
    assert [post.ended(each)[0] for each in (first, second, other)] == ["done"] * 3
    assert kept.recipients == {FAYE: 2}
    assert len({message["Message-ID"] for message in kept.parsed}) == 2


def test_a_refused_recipient_stops_no_other(ledger: Ledger) -> None:
    with mail_server() as (port, kept):
        kept.standing[GUS] = "550 no such user"
        post = Post(ledger, plain(port))
        identifier = post.order(plan_of(), FAYE, GUS)
        post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert kept.recipients == {FAYE: 1}
    answer = post.answer(identifier)
    assert isinstance(answer, dict)
    assert (answer["accepted"], answer["refused"]) == (1, [GUS])


def test_refused_by_all_it_waits_for_a_person_and_goes_once_the_server_is_right(ledger: Ledger) -> None:
    with mail_server() as (port, kept):
        kept.standing[FAYE] = "550 no such user"
        post = Post(ledger, plain(port))
        identifier = post.order(plan_of(), FAYE)
        post.all_steps()
        assert post.ended(identifier) == ("waiting_for_person", ["refused"])
        kept.standing.clear()
        post.retry(identifier)
        post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert kept.recipients == {FAYE: 1}


def test_who_is_postponed_gets_it_later_and_the_others_not_twice(ledger: Ledger) -> None:
    with mail_server() as (port, kept):
        kept.answers[GUS] = ["450 grey list"] * 3
        post = Post(ledger, plain(port))
        identifier = post.order(plan_of(), FAYE, GUS)
        post.steps(1)
        assert kept.recipients == {FAYE: 1}
        assert post.ended(identifier) == ("running", ["planned"])
        post.steps(4)
    assert post.ended(identifier) == ("done", ["delivered"])
    assert kept.recipients == {FAYE: 1, GUS: 1}


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        (["451 try later"] * 2, ("done", ["delivered"])),
        (["554 no plans here"], ("waiting_for_person", ["refused"])),
    ],
)
def test_an_answer_to_the_message_itself_is_certain(
    ledger: Ledger, answers: list[str], ended: tuple[str, list[str]]
) -> None:
    with mail_server() as (port, kept):
        kept.data.extend(answers)
        post = Post(ledger, plain(port))
        identifier = post.order(plan_of(), FAYE)
        post.all_steps()
    assert post.ended(identifier) == ended
    assert sum(kept.recipients.values()) == (1 if ended[0] == "done" else 0)


@pytest.mark.parametrize("cut", [cut for cut in Cut if cut not in (*CANNOT_TELL, EITHER)])
def test_cut_off_before_the_message_is_whole_it_is_sent_again(ledger: Ledger, cut: Cut) -> None:
    with CuttingServer(cuts=[cut, cut]).running() as server:
        post = Post(ledger, plain(server.port))
        identifier = post.order(plan_of(), FAYE, GUS)
        post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert server.kept.recipients == {FAYE: 1, GUS: 1}
    assert server.sessions == 3


@pytest.mark.parametrize("cut", CANNOT_TELL)
def test_cut_off_after_the_message_it_is_never_sent_blindly(ledger: Ledger, cut: Cut) -> None:
    plan = plan_of()
    with CuttingServer(cuts=[cut]).running() as server:
        post = Post(ledger, plain(server.port))
        identifier = post.order(plan, FAYE)
        post.all_steps()
        assert post.ended(identifier) == ("waiting_for_person", ["unknown"])
        assert str(message_of(plan.version, [FAYE])) in post.error(identifier)
        assert server.sessions == 1
        post.receiver.journal.settle(message_of(plan.version, [FAYE]), arrived=cut is Cut.KEPT, now=post.now)
        post.retry(identifier)
        post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert server.kept.recipients == {FAYE: 1}


def test_cut_off_within_the_message_it_arrives_once(ledger: Ledger) -> None:
    plan = plan_of()
    with CuttingServer(cuts=[EITHER]).running() as server:
        post = Post(ledger, plain(server.port))
        identifier = post.order(plan, FAYE)
        post.all_steps()
        if post.ended(identifier) == ("waiting_for_person", ["unknown"]):
            post.receiver.journal.settle(message_of(plan.version, [FAYE]), arrived=False, now=post.now)
            post.retry(identifier)
            post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert server.kept.recipients == {FAYE: 1}


def test_a_server_that_is_away_is_waited_for(ledger: Ledger) -> None:
    with CuttingServer().running() as server:
        port = server.port
    post = Post(ledger, plain(port))
    identifier = post.order(plan_of(), FAYE)
    post.steps(2 * MOST_ATTEMPTS)
    assert post.ended(identifier) == ("running", ["planned"])
    assert "nothing was sent" in post.error(identifier)
    assert FAYE not in post.error(identifier)


def test_a_plan_that_is_over_is_not_sent(ledger: Ledger) -> None:
    old = plan_of()
    over = replace(old, issue_time=old.issue_time - timedelta(days=4))
    with mail_server() as (port, kept):
        post = Post(ledger, plain(port))
        identifier = post.order(over, FAYE)
        post.all_steps()
    assert post.ended(identifier) == ("waiting_for_person", ["refused"])
    assert not kept.recipients


@pytest.mark.parametrize("implicit", [False, True])
def test_signed_in_over_tls(ledger: Ledger, tmp_path: Path, implicit: bool) -> None:
    authority = Authority(tmp_path)
    with mail_server(tls=authority.server(), implicit=implicit, auth=not implicit) as (port, kept):
        server = MailServer(
            host="127.0.0.1",
            port=port,
            sender="plans@example.org",
            security=Security.TLS if implicit else Security.STARTTLS,
            user="" if implicit else USER,
            credential=None if implicit else credential(tmp_path, PASSWORD),
            ca_file=authority.file,
        )
        post = Post(ledger, server)
        identifier = post.order(plan_of(), FAYE)
        post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert kept.recipients == {FAYE: 1}
    assert PASSWORD not in repr(server)


@pytest.mark.parametrize("fault", ["another authority", "no STARTTLS", "wrong password"])
def test_a_server_that_cannot_be_trusted_gets_nothing(ledger: Ledger, tmp_path: Path, fault: str) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    tls = None if fault == "no STARTTLS" else authority.server()
    with mail_server(tls=tls, auth=tls is not None) as (port, kept):
        server = MailServer(
            host="127.0.0.1",
            port=port,
            sender="plans@example.org",
            user=USER if tls else "",
            credential=credential(tmp_path, "wrong" if fault == "wrong password" else PASSWORD),
            ca_file=(stranger if fault == "another authority" else authority).file,
        )
        post = Post(ledger, server)
        identifier = post.order(plan_of(), FAYE)
        post.steps(2)
    assert post.ended(identifier) == ("running", ["planned"])
    assert not kept.recipients
    assert PASSWORD not in post.error(identifier)


class _DyingJournal(MailJournal):
    """Dies where the test says, as a power cut does."""

    def begin(self, message: UUID, recipients: object, *, now: datetime) -> bool:
        begun = super().begin(message, recipients, now=now)  # type: ignore[arg-type]  # passed on as it came
        if os.environ["DIES"] == "begun":
            os.kill(os.getpid(), signal.SIGKILL)
        return begun

    def accepted(self, message: UUID, recipients: object, *, now: datetime) -> None:
        if os.environ["DIES"] == "taken":
            os.kill(os.getpid(), signal.SIGKILL)
        super().accepted(message, recipients, now=now)  # type: ignore[arg-type]  # passed on as it came
        os.kill(os.getpid(), signal.SIGKILL)  # "recorded"


def _deliver(ledger_url: str, objects: str, port: int, dies: str) -> None:
    os.environ["DIES"] = dies
    opened = Ledger(ledger_url)
    receiver = PlanMailReceiver(plain(port), _DyingJournal(opened, mail), ObjectStore(objects))
    Delivery(opened, {WORKLOAD: {MAIL: receiver}}).step(now=datetime.now(UTC))


@pytest.mark.parametrize(("dies", "certain"), [("begun", False), ("taken", False), ("recorded", True)])
def test_killed_on_the_way_each_message_is_sent_once(
    ledger: Ledger, sqlite_url: str, tmp_path: Path, dies: str, certain: bool
) -> None:
    plan, objects = plan_of(), f"file://{tmp_path / 'objects'}"
    with CuttingServer().running() as server:
        post = Post(ledger, plain(server.port), ObjectStore(objects))
        identifier = post.order(plan, FAYE)
        process = multiprocessing.get_context("forkserver").Process(
            target=_deliver, args=(sqlite_url, objects, server.port, dies), daemon=True
        )
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode == -signal.SIGKILL
        post.now += LEASE + timedelta(seconds=PATIENCE_S)
        post.all_steps()
        if not certain:
            assert post.ended(identifier) == ("waiting_for_person", ["unknown"])
            arrived = bool(server.kept.recipients)
            post.receiver.journal.settle(message_of(plan.version, [FAYE]), arrived=arrived, now=post.now)
            post.retry(identifier)
            post.all_steps()
    assert post.ended(identifier) == ("done", ["delivered"])
    assert server.kept.recipients == {FAYE: 1}


def test_a_silent_server_does_not_hold_the_delivery(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samdrift_platform.mail.handing_over.CALL_S", 0.3)
    with CuttingServer(cuts=[Cut.MAIL], silent=True).running() as server:
        post = Post(ledger, plain(server.port))
        identifier = post.order(plan_of(), FAYE)
        post.steps(1)
        assert post.ended(identifier) == ("running", ["planned"])
        post.steps(1)
    assert post.ended(identifier) == ("done", ["delivered"])
    assert server.kept.recipients == {FAYE: 1}


def test_nobody_is_in_the_journal(ledger: Ledger) -> None:
    from samdrift_testing.personal_data import Scanner

    with mail_server() as (port, _):
        post = Post(ledger, plain(port))
        post.order(plan_of(), FAYE)
        post.all_steps()
    found = {find.where for find in Scanner([FAYE]).ledger(ledger.engine)}
    assert not {where for where in found if where.startswith(("energy_forecast_mail.", "audit_events."))}
