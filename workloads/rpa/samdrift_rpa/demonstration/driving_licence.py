"""Applications for driving licences, a robot in a real Chromium, and a register that fails after saving.

The demonstration plays the case worker: it decides two of them, and leaves one to whoever looks at the inbox.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_platform.demonstration import Finding, Service
from samdrift_platform.free_port import free_port
from samdrift_rpa import settings
from samdrift_rpa.demonstration.arrival import first_run
from samdrift_rpa.demonstration.each_once import each_once
from samdrift_rpa.web.browser import CHROMIUM

if TYPE_CHECKING:
    from samdrift_platform.client import Client

PROCESS = "driving_licence"
#: With every second application that is begun in the register.
FAULTS = "error-after-saving:2"
#: Application -> what the case worker decides; the other complete one waits.
DECISIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "DEMO-K1": ("issue", {}),
    "DEMO-K2": ("forward", {}),
}
#: The register's one user. It is made up and lives on the loopback address: no secret.
_USER, _PASSWORD = "robot", "loopback-only"
_PASSWORD_VARIABLE = "SAMDRIFT_DEMO_REGISTER_PASSWORD"  # noqa: S105 - a variable's name


def services(folder: Path) -> Iterator[Service]:
    """The register, whose log lies in `folder`; nobody where there is no browser to visit it."""
    if not CHROMIUM.exists():
        return
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "samdrift_rpa.loopback.legacy_form", "--folder", str(folder / "register")]
    yield Service(
        name="loopback-register",
        argv=[*argv, "--port", str(port), "--faults", FAULTS],
        ready_url=f"{url}/health",
        environment={
            settings.LICENCE_FORM_URL.name: url,
            settings.LICENCE_FORM_USER.name: _USER,
            settings.LICENCE_FORM_PASSWORD.name: f"env:{_PASSWORD_VARIABLE}",
            _PASSWORD_VARIABLE: _PASSWORD,
            "SAMDRIFT_LEGACY_FORM_USER": f"{_USER}:{_PASSWORD}",
        },
    )


def submit(client: Client, folder: Path) -> list[str]:
    """Send the applications, wait for the questions, and decide two of them."""
    if not CHROMIUM.exists():
        return []
    from samdrift_rpa.driving_licence.generator import photo

    picture = client.put_object(photo())
    documents = [client.put_object(content) for content in applications(picture)]
    digest = hashlib.sha256("".join(documents).encode()).hexdigest()
    document = {
        "process": PROCESS,
        "received_at": first_run(folder).isoformat(),
        "cases": [{"document": each} for each in documents],
    }
    submission = client.submit("rpa", document, reference=f"demonstration-licences-{digest[:12]}")
    client.wait(submission["id"], timeout_s=600.0)
    for item in client.items(submission_id=submission["id"]):
        choice = DECISIONS.get(item["reference"].removeprefix(f"{PROCESS}/"))
        if choice is not None and item["state"] == "waiting_for_person" and not _decided(client, item):
            client.decide(str(item["id"]), "decision", choice[0], fields=choice[1])
    return [str(submission["id"])]


def findings(client: Client, folder: Path) -> Iterator[Finding]:
    """What people decided, held against what the register's own log says."""
    if not CHROMIUM.exists():
        note = f"{CHROMIUM} is not there (Debian's package chromium)"
        yield Finding(what="Applications for driving licences", value="left out", ok=True, note=note)
        return
    from samdrift_rpa.loopback.legacy_form.log import Log

    log = Log(folder / "register")
    items = [item for item in client.items(workload="rpa") if item["reference"].startswith(f"{PROCESS}/")]
    entered = [item for item in items if item["state"] == "done" and "by_hand" not in item["result"]]
    note = f"in a real Chromium; the register failed {len(log.faults())} times after saving"
    what = "Decisions entered by a robot, each once by the register's own log"
    found = each_once(what, (case.reference for case in log.cases()), len(entered), note=note)
    yield replace(found, ok=found.ok and len(entered) >= len(DECISIONS))
    yield _decisions(items)


def applications(picture: str) -> Sequence[bytes]:
    """Two that are decided, one that waits, and one that lacks its certificate."""
    from samdrift_rpa.driving_licence.generator import BORN_1948, BORN_1977, BORN_2016, Wanted, write

    wanted = (
        Wanted(number="DEMO-K1", cpr=BORN_1977),
        Wanted(number="DEMO-K2", cpr=BORN_1948, kind="renewal", remarks=True),
        Wanted(number="DEMO-K3", cpr=BORN_2016),
        Wanted(number="DEMO-K4", cpr=BORN_1977, without=frozenset({"doctors_certificate"})),
    )
    return [write(each, picture) for each in wanted]


def _decided(client: Client, item: Mapping[str, Any]) -> bool:
    """Also one whose entry stopped waits for a person; that is another question."""
    asked = client.questions(str(item["id"]))
    return any(each["question"]["code"] == "decision" and not each["open"] for each in asked)


def _decisions(items: Sequence[Mapping[str, Any]]) -> Finding:
    decided = [item for item in items if item["result"].get("decision")]
    by_people = [item for item in decided if item["result"].get("decided_by")]
    waiting = sum(1 for item in items if item["state"] == "waiting_for_person")
    back = sum(1 for item in items if item["state"] == "rejected")
    return Finding(
        what="Applications decided by a person",
        value=f"{len(by_people)} of {len(decided)}",
        ok=len(by_people) == len(decided) and back >= 1,
        note=f"{waiting} wait for one, {back} went back incomplete; the robot decides none",
    )
