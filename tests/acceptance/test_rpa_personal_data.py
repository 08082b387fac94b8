"""All processes on a whole installation, with people in every document and everything going wrong: nothing written
names one of them, but for the stored objects.

The search is `samdrift_testing.personal_data`, which knows nothing of the code that masks.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from samdrift_platform import plugins
from samdrift_platform.client import Client
from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.retaining import Retaining
from samdrift_platform.settings import load
from samdrift_rpa.demonstration import driving_licence
from samdrift_rpa.digital_post.generator import Attachment, Written, write_container
from samdrift_rpa.digital_post.generator import write as write_letter
from samdrift_rpa.digital_post.pdf.writing import write_pdf
from samdrift_rpa.driving_licence.generator import BORN_1948, BORN_1977, BORN_2016, Wanted, photo
from samdrift_rpa.driving_licence.generator import write as write_application
from samdrift_testing.personal_data import PUBLISHED, Scanner, written_in
from samdrift_testing.ports import free_ports
from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.quoting_party import QuotingParty, quoting_party
from samdrift_testing.trees import Tree, samdrift

pytestmark = pytest.mark.timeout(1200)

READY_S, PATIENCE_S = 400.0, 300.0
#: Published as fictitious.
PERSON, DASHED, SPACED = "2512489996", "251248-9996", "010858 9995"
NAME, MAIL = "Nancy Ann Test Berggren", "nancy.citizen@example.org"
KNOWN = (*PUBLISHED, NAME, MAIL, *(each.replace("-", "") for each in (BORN_1948, BORN_1977, BORN_2016)))
SAID = f"{NAME} {DASHED} {SPACED} {PERSON} 251248\N{EN DASH}9996 {MAIL}"
#: What a person writes beside a decision is kept, but for numbers and addresses: names are not recognised.
WRITTEN = f"{DASHED}, {SPACED}, {PERSON}, 251248\N{EN DASH}9996"
#: Ten digits may be anything in files that others write: there only what is known of our people is looked for.
OTHERS = ("prefect", "mlflow", "ray")


@dataclass(kw_only=True)
class Municipality:
    """What a test does with it."""

    tree: Tree
    client: Client
    folder: Path
    ray: Path
    database_url: str
    party: QuotingParty

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def send(self, process: str, field: str, documents: Sequence[bytes]) -> list[dict[str, Any]]:
        """Submit a case for each document; its items once none is queued or running with nothing outside left."""
        cases = [{field: self.client.put_object(each)} for each in documents]
        document = {"process": process, "received_at": "2026-11-24T08:15:00+01:00", "cases": cases}
        sent = self.client.submit("rpa", document, reference=f"{process}-{len(documents)}")

        def settled() -> bool:
            return all(item["state"] != "queued" for item in self.items(sent["id"]))

        self.tree.wait_until(f"{process} is worked on", settled, timeout_s=PATIENCE_S)
        return self.items(sent["id"])

    def items(self, submission: str) -> list[dict[str, Any]]:
        return list(self.client.items(submission_id=submission))

    def http(self, method: str, path: str, **options: Any) -> httpx.Response:
        token = (self.home / "token").read_text()
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return httpx.request(method, f"{self.tree.url}{path}", headers=headers, timeout=120, **options)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "SAMDRIFT_HOME": str(self.home),
            "SAMDRIFT_URL": self.tree.url,
            "SAMDRIFT_DATABASE_URL": self.database_url,
            "SAMDRIFT_WORKLOADS": "rpa",
            "PATH": "/usr/bin:/bin",
        }
        return subprocess.run(
            samdrift(*words), env=environment, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def municipality(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Municipality]:
    folder = tmp_path_factory.mktemp("municipality")
    url = ""
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.create()
    ray = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    try:
        with quoting_party(WRITTEN) as party, _register(folder) as register, ExitStack() as stack:
            environment = {**_environment(folder, ray, url), **register, **_quoted_by(party.url)}
            tree = stack.enter_context(Tree(samdrift("up", "--json"), environment, folder / "up.json"))
            tree.url = f"http://127.0.0.1:{environment['SAMDRIFT_PORT']}"
            tree.wait_until("the platform is ready", lambda: _ready(tree), timeout_s=READY_S)
            client = stack.enter_context(Client(tree.url, (folder / "home" / "token").read_text()))
            yield Municipality(tree=tree, client=client, folder=folder, ray=ray, database_url=url, party=party)
    finally:
        shutil.rmtree(ray, ignore_errors=True)


def _environment(folder: Path, ray: Path, database_url: str) -> dict[str, str]:
    port, prefect = free_ports(2)
    return {
        "RAY_TMPDIR": str(ray),
        "SAMDRIFT_HOME": str(folder / "home"),
        "SAMDRIFT_PORT": str(port),
        "SAMDRIFT_PREFECT_PORT": str(prefect),
        "SAMDRIFT_DATABASE_URL": database_url,
        "SAMDRIFT_WORKLOADS": "rpa",
        "SAMDRIFT_RPA_EVIDENCE": "every",
    }


def _quoted_by(url: str) -> dict[str, str]:
    names = ("ERP", "ACCESS_POINT", "CASE_SYSTEM", "DIGITAL_POST")
    return {f"SAMDRIFT_RPA_{name}_URL": url for name in names}


@contextmanager
def _register(folder: Path) -> Iterator[dict[str, str]]:
    """The register of driving licences, which fails after saving; what its user finds in the environment."""
    with ExitStack() as stack:
        environment: dict[str, str] = {}
        for service in driving_licence.services(folder / "parties"):
            environment |= service.environment
            tree = stack.enter_context(Tree(service.argv, service.environment, folder / "register.out"))
            tree.wait_until("the register answers", partial(_answers, service.ready_url), timeout_s=READY_S)
        yield environment


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=20).is_success
    except httpx.HTTPError:
        return False


def _ready(tree: Tree) -> bool:
    return _answers(f"{tree.url}/readyz")


def test_letters_about_people_go_to_a_party_that_quotes_them(municipality: Municipality) -> None:
    def letter(number: int, **more: Any) -> bytes:
        return write_letter(
            Written(number=number, title=f"Om {SAID}", text=SAID, sender=PERSON, sender_name=NAME, **more)
        )

    attached = (Attachment(filename=f"{PERSON}.pdf", content=SAID.encode()),)
    letters = [
        letter(1),
        letter(2, version="1.1"),
        letter(3, about_cpr=PERSON),
        letter(4, attachments=attached),
        letter(5, kle="02.34.00"),
        letter(7, kle="05.01.00", attachments=attached),
        letter(6, version="9"),
        letter(8, main=Attachment(filename=f"{NAME}.pdf", content=write_pdf(SAID))),
        letter(9, main=Attachment(filename=f"{NAME}.pdf", content=write_pdf(SAID)[:400] + SAID.encode())),
        write_container({f"{NAME} {number}.xml": letter(number) for number in (10, 11)}),
    ]
    cut, wrong = letters[0][:400], letters[1].replace(b"<memo:label>", b"<x>", 1)
    bad = [cut, wrong, SAID.encode(), b"\xff\xfe" + SAID.encode("utf-16-le")]
    items = municipality.send("digital_post", "message", [*letters, *bad])
    assert len(items) >= 12
    municipality.tree.wait_until("the party was asked", lambda: municipality.party.asked > 3, timeout_s=PATIENCE_S)


def test_applications_are_broken_in_every_way(municipality: Municipality) -> None:
    picture = municipality.client.put_object(photo())
    whole = write_application(Wanted(number="P-1", cpr=BORN_1948, name=NAME), picture)
    wrong = [
        whole.replace(b'"first"', f'"{SAID}"'.encode()),
        whole.replace(BORN_1948.encode(), b"251248-9996 eller 2512489996"),
        whole.replace(b'"person": {', b'"person": {"extra": "' + SAID.encode() + b'", '),
        json.dumps([SAID]).encode(),
        SAID.encode(),
        whole.replace(picture.encode(), PERSON.encode()),
    ]
    items = municipality.send("driving_licence", "document", [whole, *wrong])
    assert sum(item["state"] != "done" for item in items) >= len(wrong) - 1


def test_invoices_are_no_invoices(municipality: Municipality) -> None:
    ubl = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    wrong = [f"<Invoice xmlns='{ubl}'><ID>{SAID}</ID>", f"<Invoice xmlns='{ubl}'><ID>{SAID}</ID></Invoice>", SAID]
    items = municipality.send("invoices", "document", [each.encode() for each in wrong])
    assert "done" not in {item["state"] for item in items}


def test_people_and_programs_put_numbers_where_none_belong(municipality: Municipality) -> None:
    submit = "/v1/workloads/rpa/submissions"
    case = {"document": DASHED}
    document = {"process": "invoices", "received_at": SAID, "cases": [case], PERSON: SAID}
    for body in (
        {"reference": "r", "document": document},
        {"reference": f"case {DASHED}", "document": {}},
        {"reference": "r", "document": {"process": DASHED}},
        [SAID],
    ):
        assert municipality.http("POST", submit, json=body).status_code == 422
    for path in (
        f"/v1/items/{DASHED}",
        f"/items/{PERSON}",
        f"/rpa/{DASHED}",
        f"/v1/objects/{PERSON}",
        f"/{SPACED}?q={PERSON}",
    ):
        answer = municipality.http("GET", path)
        assert answer.is_error
        assert Scanner(KNOWN).text(path, answer.text) == []
    broken = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + SAID.encode() + b"\r\n--y" + PERSON.encode()
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for path in ("/sign-in", "/v1/objects", submit):
        municipality.http("POST", path, content=broken, headers=form)
    municipality.http("POST", submit, content=b"\xff" + SAID.encode(), headers={"Content-Type": "application/json"})


def test_people_decide_and_write_about_people(municipality: Municipality) -> None:
    waiting = [item for item in municipality.client.items(workload="rpa") if item["state"] == "waiting_for_person"]
    said = [_decide(municipality, str(item["id"])) for item in waiting]
    assert said.count("") >= 2
    assert Scanner(KNOWN).text("errors", " ".join(said)) == []
    assert {"decisions.comment", "decisions.fields"} <= _masked(municipality)


def _decide(municipality: Municipality, item: str) -> str:
    """Decide what is asked first, writing about people wherever one may write; what was said against it."""
    asked = municipality.client.questions(item)[0]["question"]
    choice = asked["choices"][0]
    options = {each["name"]: next(iter(each["options"])) for each in choice["fields"] if each["kind"] == "one_of"}
    fields = options | {each["name"]: WRITTEN for each in choice["fields"] if each["kind"] == "text"}
    try:
        municipality.client.decide(item, asked["code"], choice["code"], fields=fields, comment=f"{WRITTEN}, {MAIL}")
    except SamdriftError as error:  # decided already, or a field of another kind
        return error.message
    return ""


def test_nothing_that_was_exported_names_a_person(municipality: Municipality) -> None:
    scanner = Scanner(KNOWN)
    exports = [("audit", "records"), ("audit", "log"), ("items",), ("submissions",), ("inbox", "list")]
    exports += [("rpa", "stats")]
    exports += [("retention", "show"), ("retention", "run", "--dry-run"), ("schedules", "run", "retention")]
    for words in exports:
        said = municipality.command(*words, *([] if words[-1] == "stats" else ["--json"]))
        assert said.returncode == 0, (words, said.stderr)
        assert scanner.text(" ".join(words), said.stdout + said.stderr) == []
    for path in ("/rpa/", "/inbox", "/v1/items?limit=200", "/v1/audit/events?limit=500", "/metrics"):
        assert scanner.text(path, municipality.http("GET", path, headers={"Accept": "text/html,*/*"}).text) == []
    for item in islice(municipality.client.items(workload="rpa"), 20):
        for path in (f"/v1/items/{item['id']}", f"/items/{item['id']}", f"/items/{item['id']}/evidence"):
            answer = municipality.http("GET", path, headers={"Accept": "text/html,*/*"})
            assert scanner.text(path, answer.text) == []


def test_what_is_over_its_time_is_gone_and_its_pages_say_so(
    municipality: Municipality, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMDRIFT_HOME", str(municipality.home))
    monkeypatch.setenv("SAMDRIFT_DATABASE_URL", municipality.database_url)
    objects = municipality.home / "objects"
    before = sum(path.is_file() for path in objects.rglob("*"))
    with closing(Ledger(load().ledger_url)) as ledger:
        erased = Retaining(
            ledger=ledger,
            store=ObjectStore(load().objects_url),
            workloads=plugins.workloads(["rpa"]),
            now=datetime.now(UTC) + timedelta(days=999),
            grace=timedelta(0),
        ).run()
    assert erased.total["items"] >= 5
    assert erased.total["objects"] >= 5
    assert sum(path.is_file() for path in objects.rglob("*")) < before
    gone = [item for item in municipality.client.items(workload="rpa") if item["erased_at"]]
    assert len(gone) == erased.total["items"]
    for item in gone:
        assert (item["payload"], item["result"], item["reason"]) == ({}, {}, None)
        process = item["reference"].partition("/")[0]
        for path in (f"/items/{item['id']}", f"/items/{item['id']}/evidence", f"/inbox/{item['id']}"):
            answer = municipality.http("GET", f"{path}?lang=en", headers={"Accept": "text/html"})
            assert answer.status_code in (200, 404), (path, answer.status_code)
        assert "was erased" in municipality.http("GET", f"/items/{item['id']}?lang=en").text
        for path in (f"/rpa/{process}/{item['id']}", f"/rpa/cases/{item['id']}"):
            answer = municipality.http("GET", path, headers={"Accept": "text/html"})
            assert answer.status_code == 200, (path, answer.status_code)
        assert municipality.command("audit", "replay", str(item["id"])).returncode == 0
    for path in ("/rpa/", "/rpa/invoices", "/rpa/digital_post", "/rpa/driving_licence", "/rpa/statistics", "/inbox"):
        assert municipality.http("GET", path, headers={"Accept": "text/html"}).status_code == 200, path
    assert municipality.command("audit", "verify").returncode == 0


def test_nothing_that_was_written_names_a_person(municipality: Municipality) -> None:
    """Last: it looks at everything that the tests above made the installation write, object store aside."""
    municipality.tree.kill()
    whole, known = Scanner(KNOWN), _OnlyKnown(KNOWN)
    others = [name.name for name in municipality.home.iterdir() if name.name.startswith(OTHERS)]
    assert whole.folder(municipality.home, leave_out=["objects", *others]) == []
    for name in others:
        path = municipality.home / name
        assert (known.folder(path, leave_out=[]) if path.is_dir() else known.file(path)) == []
    logs = list(municipality.ray.rglob("*.log")) + list(municipality.ray.rglob("*.err"))
    assert logs
    assert known.folder(municipality.ray, leave_out=[]) == []
    assert whole.file(municipality.tree.output) == []
    assert whole.file(municipality.tree.output.with_suffix(".err")) == []
    with _engine(municipality) as engine:
        assert whole.ledger(engine) == []


def _masked(municipality: Municipality) -> set[str]:
    """Columns in which something was masked: it had been said there."""
    with _engine(municipality) as engine:
        return {where for where, text in written_in(engine) if "-xxxx" in str(text)}


@contextmanager
def _engine(municipality: Municipality) -> Iterator[sa.Engine]:
    engine = sa.create_engine(municipality.database_url or f"sqlite:///{municipality.home / 'ledger.db'}")
    try:
        yield engine
    finally:
        engine.dispose()


class _OnlyKnown(Scanner):
    """Looks for what is known of our people, not for what merely has the shape of a number."""

    def _found(self, where: str, data: bytes) -> Iterator[Any]:
        return (each for each in super()._found(where, data) if each.kind == "known value")
