"""Letters that came in, to a case system and a sender of Digital Post that fail after doing the work.

Some name their subject, one answers another, one is a legal notification, one cannot be read, and some say nothing of
what they are about: a person sorts those, unless model and KLE's keywords agree.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_platform.demonstration import Finding, Service, ShippedModel
from samdrift_platform.free_port import free_port
from samdrift_rpa import settings
from samdrift_rpa.demonstration.arrival import first_run
from samdrift_rpa.demonstration.each_once import logged_once
from samdrift_rpa.digital_post.classifier import MODEL
from samdrift_rpa.loopback.log import Kind, Log, read_log

if TYPE_CHECKING:
    from samdrift_platform.client import Client

PROCESS = "digital_post"
#: Both parties misbehave at every n-th request, each kind counted by itself.
FAULTS = "error-after:3,drop-after:5"
#: Official messages below `$SAMDRIFT_DATA/rpa/memo`. They name no subject that exists: a person sorts them.
OFFICIAL_EXAMPLES = ("samples-1.1/MeMo_Full_Example.xml", "samples-1.2/MeMo_with_attachment.xml")
#: How many of the letters that we write cannot be read, and how many go the whole way by their sender's words alone.
REFUSED, STATED = 1, 5


def models() -> Iterator[ShippedModel]:
    """The one that proposes subjects."""
    yield ShippedModel(name=MODEL, folder=Path(__file__).parent.parent / "shipped" / MODEL)


def services(folder: Path) -> Iterator[Service]:
    """The case system, whose log lies in `folder`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "samdrift_rpa.loopback.case_system", "--folder", str(folder / "case-system")]
    yield Service(
        name="loopback-case-system",
        argv=[*argv, "--port", str(port), "--faults", FAULTS],
        ready_url=f"{url}/health",
        environment={settings.CASE_SYSTEM_URL.name: url, settings.DIGITAL_POST_URL.name: url},
    )


def submit(client: Client, folder: Path) -> list[str]:
    """Send all letters, the first of them twice."""
    messages = [client.put_object(content) for content in letters()]
    digest = hashlib.sha256("".join(messages).encode()).hexdigest()
    cases = [{"message": message} for message in messages]
    received_at = first_run(folder).isoformat()
    return [
        str(
            client.submit(
                "rpa",
                {"process": PROCESS, "received_at": received_at, "cases": chosen},
                reference=f"demonstration-{name}-{digest[:12]}",
            )["id"]
        )
        for name, chosen in (("letters", cases), ("letter-again", cases[:1]))
    ]


def findings(client: Client, folder: Path) -> Iterator[Finding]:
    """What the platform says, held against what the case system's own log says."""
    log = read_log(folder / "case-system")
    items = [item for item in client.items(workload="rpa") if item["reference"].startswith(f"{PROCESS}/")]
    done = [item for item in items if item["state"] == "done" and "by_hand" not in item["result"]]
    answered = [item for item in done if any(each["step"] == "acknowledge" for each in item["result"]["effects"])]
    yield logged_once("Letters journalised, each once by the case system's own log", log, Kind.ENTRY, len(done))
    yield logged_once("Acknowledgements sent, each once", log, Kind.MESSAGE, len(answered))
    yield _threads(log, done)
    yield _exceptions(items)
    yield _sorted_out(items)


def letters() -> list[bytes]:
    """Letters that we write, and official messages where the data are."""
    data = settings.DATA.value()
    folder = Path(data) / "rpa" / "memo"
    official = [folder / name for name in OFFICIAL_EXAMPLES] if data else []
    return [*_fictitious(), *(path.read_bytes() for path in official if path.is_file())]


def _fictitious() -> Iterator[bytes]:
    from samdrift_rpa.digital_post.generator import Attachment, Written, write

    plan = Attachment(filename="Tegning (opdigtet).pdf", content=b"%PDF-1.4 fictitious")
    carport = Written(number=9001, title="Carport", text="Må jeg bygge en carport?", kle="02.34.02", attachments=[plan])
    yield write(carport)
    yield write(Written(number=9002, title="Rotter", text="Se her.", kle="09.13.01", version="1.1"))
    more = [(carport.message_uuid, "", "", "")]
    yield write(Written(number=9003, title="Sv: Carport", text="Den manglende tegning.", kle="02.34.02", replies=more))
    yield write(Written(number=9004, title="Vuggestue", text="Tak.", kle="28.09.40", reply_by="2026-12-18T11:00:00Z"))
    yield write(
        Written(number=9005, title="Forkyndelse", text="Se bilag.", legal_notification=True, attachments=[plan])
    )
    rats = "Jeg har set en rotte i haven og vil gerne anmelde den. Hvornår kommer rottefængeren?"
    yield write(Written(number=9006, title="Rotte", text=rats))
    yield write(Written(number=9007, title="Hej", text="Jeg har et spørgsmål. Vil I ringe til mig om husleje og skat?"))
    broken = Written(number=9008, title="Bilag", text="Se bilag.", kle="02.34.02", attachments=[plan])
    yield write(broken).replace(b"JVBERi0x", b"%%%%%%%%")


def _threads(log: Log, done: Sequence[Mapping[str, Any]]) -> Finding:
    """An answer comes to the case of what it answers."""
    wanted, made = {item["result"]["case"] for item in done}, [entry.key for entry in log.entries(Kind.CASE)]
    same = [json.loads(entry.body)["external_id"] for entry in log.entries(Kind.ENTRY)]
    ok = sorted(wanted) == sorted(made) and len(made) < len(same)
    return Finding(what="Cases found or created", value=f"{len(made)} for {len(same)} letters", ok=ok)


def _exceptions(items: Sequence[Mapping[str, Any]]) -> Finding:
    refused = [item for item in items if item["state"] == "rejected"]
    codes = sorted({item["result"]["exception"]["code"] for item in refused if "exception" in item["result"]})
    ok = len(refused) >= REFUSED and all(item["reason"] for item in refused)
    return Finding(what="Letters refused, with reasons", value=str(len(refused)), ok=ok, note=", ".join(codes))


def _sorted_out(items: Sequence[Mapping[str, Any]]) -> Finding:
    """By whom or what each letter was sorted; nothing is sorted by a model that is not sure."""
    by = Counter(_by(item["result"]) for item in items if item["state"] in ("done", "waiting_for_person"))
    stated = by["subject"] + by["legal_notification"]
    value = ", ".join(f"{name}: {count}" for name, count in sorted(by.items()))
    return Finding(what="Letters sorted by", value=value.replace("_", " "), ok=stated >= STATED)


def _by(result: Mapping[str, Any]) -> str:
    if "route" not in result:
        return "waits for a person"
    by = str(result["route"]["by"])
    return "model and KLE" if by != "person" and "proposals" in result else by
