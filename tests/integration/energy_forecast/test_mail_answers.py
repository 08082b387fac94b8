"""Whatever a mail server answers, and wherever it breaks off: nobody gets a plan twice, and nothing else is raised."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from samdrift_energy_forecast.delivery.mail import PlanMailReceiver, journal
from samdrift_energy_forecast.plans.document import HOUR
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.mail.server import MailServer, Security
from samdrift_testing.estate import described, plan_of

TO = ("faye@example.org", "gus@example.org")
CUT = ""
BAD = ["450 later", "550 never", "421 bye", "999", "hm", CUT]
GOOD: dict[str, Any] = {
    "greeting": "220 ready",
    "EHLO": "250 ok",
    "MAIL": "250 ok",
    "RCPT": ["250 ok", "251 forwarded"],
    "DATA": "354 go",
    "message": "250 ok",
}
#: A session in which one answer is bad: to the greeting, EHLO, MAIL, DATA, the message, or one or both recipients.
SESSION = st.one_of(
    st.builds(
        lambda stage, answer: {**GOOD, stage: answer},
        st.sampled_from([stage for stage in GOOD if stage != "RCPT"]),
        st.sampled_from([*BAD, "250 ok"]),
    ),
    st.builds(
        lambda answers, answer: {**GOOD, "RCPT": answers, "message": answer},
        st.lists(st.sampled_from([*BAD, "250 ok"]), min_size=2, max_size=2),
        st.sampled_from([*BAD, "250 ok"]),
    ),
)


class _CutError(Exception):
    pass


@dataclass
class Scripted:
    """A mail server that follows a script, session by session."""

    sessions: list[dict[str, Any]]
    kept: Counter[str] = field(default_factory=Counter)
    port: int = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        outer = self

        class Session(StreamRequestHandler):
            def handle(self) -> None:
                script = outer.sessions.pop(0) if outer.sessions else dict(GOOD)
                with contextlib.suppress(_CutError, OSError):
                    outer.serve(self, script)

        with ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join(20)

    def serve(self, session: StreamRequestHandler, script: dict[str, Any]) -> None:
        say(session, script["greeting"])
        answers, recipients = list(script["RCPT"]), []
        while line := session.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "RCPT":
                answer = answers.pop(0) if answers else "250 ok"
                say(session, answer)
                if answer.startswith("25"):
                    recipients.append(line[line.index("<") + 1 : line.index(">")])
            elif verb == "DATA":
                say(session, script["DATA"])
                if str(script["DATA"]).startswith("354"):
                    self.take(session, script["message"], recipients)
            elif verb == "QUIT":
                say(session, "221 bye")
                return
            else:
                say(session, script.get(verb, "250 ok"))

    def take(self, session: StreamRequestHandler, answer: object, recipients: list[str]) -> None:
        while (line := session.rfile.readline()) != b".\r\n":
            if not line:
                raise _CutError
        if str(answer).startswith(("250", "251", "999", "hm")) or answer == CUT:
            self.kept.update(recipients)  # what says no clear no may have been kept
        say(session, answer)


def say(session: StreamRequestHandler, answer: object) -> None:
    if answer == CUT:
        raise _CutError
    session.wfile.write(f"{answer}\r\n".encode())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sessions=st.lists(SESSION, max_size=5))
def test_nobody_gets_a_plan_twice_and_only_the_contracts_errors_come(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, sessions: list[dict[str, Any]]
) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    server, store = Scripted(list(sessions)), MemoryStore()
    plan = plan_of(described("school-1", "Skolen"), now - HOUR)
    request: dict[str, JsonValue] = {"plan": store.put(plan.to_json()), "version": plan.version, "to": [*TO]}
    path = copy(sqlite_template, tmp_path_factory.mktemp("answers") / "ledger.db")
    with server.running(), contextlib.closing(Ledger(f"sqlite:///{path}")) as ledger:
        there = MailServer(host="127.0.0.1", port=server.port, sender="plans@example.org", security=Security.NONE)
        receiver = PlanMailReceiver(there, journal(ledger), store)
        answer: Any = None
        ended = ""
        for attempt in range(len(sessions) + 2):
            try:
                found = receiver.find(uuid4(), request) if attempt else None
                answer = found or receiver.deliver(uuid4(), request)
                break
            except TryAgainError:
                continue
            except ReceiverRefusedError:
                ended = "refused"
            except CannotTellError:
                ended = "unknown"
                break
        if ended == "unknown":
            with pytest.raises(CannotTellError):
                receiver.deliver(uuid4(), request)
    assert all(number == 1 for number in server.kept.values()), server.kept
    if answer is not None:
        assert answer["accepted"] == len(server.kept)
        assert sorted([*server.kept, *answer["refused"]]) == sorted(TO)
    if ended == "":
        assert answer is not None
