"""The official MeMo schemas and samples of both versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from lxml import etree

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Verdict
from samdrift_rpa.digital_post.dossier import ReplyDossier
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import Attachment, Written, write
from samdrift_rpa.digital_post.letter import read_letter
from samdrift_rpa.digital_post.policy import read_post_policy
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.digital_post.reply import reply_memo, reply_uuid
from samdrift_rpa.digital_post.schema import CORE, Schemas
from samdrift_rpa.testing import try_case

pytestmark = pytest.mark.data
VERSIONS = ("1.1", "1.2")
NAMES = ("MeMo_Full_Example", "MeMo_Minimum_Example", "MeMo_NemSMS", "MeMo_with_attachment")


@pytest.fixture
def schemas(memo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Schemas:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    return Schemas(folder=memo.parent)


def official(memo: Path, version: str) -> Any:
    """The schema, loaded by lxml alone."""
    return etree.XMLSchema(etree.parse(memo.parent / {str(key): path for key, path in CORE.items()}[version]))


def read(content: bytes, schemas: Schemas) -> Any:
    store = MemoryStore()
    return read_letter(store, store.put(content), most_bytes=1_000_000, schemas=schemas)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_sample_is_read_by_its_own_schema(memo: Path, schemas: Schemas, version: str, name: str) -> None:
    content = (memo / f"samples-{version}" / f"{name}.xml").read_bytes()
    letter = read(content, schemas)
    assert letter.version == version
    tree = etree.fromstring(content)
    assert len(letter.files) == len(tree.findall(".//{*}File"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_sample_that_claims_the_other_version_is_refused(
    memo: Path, schemas: Schemas, version: str, name: str
) -> None:
    other = {"1.1": "1.2", "1.2": "1.1"}[version]
    content = (memo / f"samples-{version}" / f"{name}.xml").read_bytes()
    lying = content.replace(f'memoVersion="{version}"'.encode(), f'memoVersion="{other}"'.encode())
    with pytest.raises(MessageRefusedError) as refused:
        read(lying, schemas)
    assert refused.value.code == "schema"


@pytest.mark.parametrize("version", VERSIONS)
def test_our_own_letters_and_replies_are_valid(memo: Path, schemas: Schemas, version: str) -> None:
    letter = Written(
        number=1,
        title="Carport",
        text="Må jeg?",
        version=version,
        kle="02.34.00",
        task="11.22",
        case_id="S-1",
        case_system="X",
        about_cpr="0001010000",
        contact_point="241d39f6-998e-4929-b198-ccacbbf4b330",
        reply_by="2026-12-01T12:00:00Z",
        do_not_deliver_until="2026-11-01",
        replies=[(Written(number=2, title="", text="").message_uuid, "", "c", "g")],
        attachments=[Attachment(filename="a.pdf", content=b"%")],
    )
    content, schema = write(letter), official(memo, version)
    schema.assertValid(etree.fromstring(content))
    store = MemoryStore()
    engine = PostEngine(policy=read_post_policy(), schemas=schemas)
    trial = try_case(process, {"message": store.put(content)}, store=store, engine=engine)
    assert trial.verdict is Verdict.DONE
    dossier = ReplyDossier.of(store, str(trial.effects[3].request["dossier"]))
    key = uuid5(NAMESPACE_OID, "any key")
    reply = etree.fromstring(reply_memo(dossier, reply_uuid(key)))
    schema.assertValid(reply)
    assert reply.get("memoVersion") == version
    assert reply.findtext(".//{*}Recipient/{*}recipientID") == letter.sender
    assert reply.findtext(".//{*}Sender/{*}ContactPoint/{*}contactPointID") == letter.contact_point
    assert reply_memo(dossier, reply_uuid(key)) == reply_memo(dossier, reply_uuid(key))


def test_the_full_sample_goes_all_the_way_with_one_decision(memo: Path, schemas: Schemas) -> None:
    store = MemoryStore()
    content = (memo / "samples-1.2" / "MeMo_Full_Example.xml").read_bytes()
    engine = PostEngine(policy=read_post_policy(), schemas=schemas)
    trial = try_case(process, {"message": store.put(content)}, store=store, engine=engine)
    trial = trial.decide("route", {"unit": "children"})
    assert trial.verdict is Verdict.DONE
    assert trial.effects[2].request["due_on"] == "2025-09-30"
    for personal in ("2512169996", "2211771212", "Emilie", "Mette", "SAG-"):
        assert personal not in str((trial.item, trial.rounds))
