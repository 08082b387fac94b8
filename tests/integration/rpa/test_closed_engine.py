"""Hostile stylesheets, schemas and documents reach no file, no network and no environment.

Canary files and a listener tell. Each way out is also tried on an open engine, where it works: so the tests can fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree

from samdrift_platform.errors import SamdriftError, SettingError
from samdrift_rpa.documents import UnreadableDocumentError, parse
from samdrift_rpa.rules import engine as engine_module
from samdrift_rpa.rules.engine import Engine, EvaluationError
from samdrift_rpa.rules.schemas import load_schema
from samdrift_rpa.rules.soundness import UnsoundRulesError, check_files
from samdrift_testing.listening import Listener, listening

pytestmark = pytest.mark.integration
SECRET = "FILE-CANARY"
DOCUMENT = etree.fromstring("<a/>")

#: What a stylesheet may try, with the canary's address, the listener's and a file to write; what shows that it worked.
READS = {
    "doc": "doc('{file}.xml')",
    "document": "document('{file}.xml')",
    "unparsed-text": "unparsed-text('{file}')",
    "unparsed-text-lines": "unparsed-text-lines('{file}')",
    "unparsed-text-available": "if (unparsed-text-available('{file}')) then 'FILE-CANARY' else ''",
    "doc-available": "if (doc-available('{file}.xml')) then 'FILE-CANARY' else ''",
    "collection": "collection('{folder}?select=*.xml')",
    "uri-collection": "string-join(uri-collection('{folder}') ! unparsed-text(string(.)))",
    "entity in parse-xml": "parse-xml('<!DOCTYPE a [<!ENTITY x SYSTEM \"{file}\">]><a>&x;</a>')",
    "transform": "transform(map{{'stylesheet-text':'{inner}','source-node':/}})?output",
    "environment": "if (environment-variable('PATH')) then 'FILE-CANARY' else ''",
    "network doc": "doc('{url}/doc')",
    "network text": "unparsed-text('{url}/text')",
}
INSTRUCTIONS = {
    "source-document": '<xsl:source-document href="{file}.xml"><xsl:value-of select="."/></xsl:source-document>',
    "evaluate": "<xsl:evaluate xpath=\"'doc(&quot;{file}.xml&quot;)'\"/>",
    "result-document": '<xsl:result-document href="{written}">FILE-CANARY</xsl:result-document>',
}
_SHEET = """<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:template match="/"><svrl:schematron-output>
<svrl:failed-assert id="told"><svrl:text>{body}</svrl:text></svrl:failed-assert></svrl:schematron-output></xsl:template>
</xsl:stylesheet>"""
_INNER = (
    '<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
    "<xsl:value-of select=\"unparsed-text(''{file}'')\"/></xsl:template></xsl:stylesheet>"
)


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with listening(tmp_path_factory.mktemp("listener")) as listener:
        yield listener


@pytest.fixture
def canary(tmp_path: Path, listener: Listener) -> dict[str, str]:
    """Addresses that a hostile file may name."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "canary").write_text(SECRET)
    (folder / "canary.xml").write_text(f"<c>{SECRET}</c>")
    file = (folder / "canary").as_uri()
    written = (tmp_path / "written").as_uri()
    names = {"file": file, "folder": folder.as_uri(), "url": listener.url, "written": written}
    return names | {"inner": _INNER.format(file=file)}


@pytest.fixture(scope="module")
def closed() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def opened() -> Engine:
    """The same engine without what shuts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module, "_CLOSED", {})
        return Engine()


def told(engine: Engine, sheet: str, folder: Path) -> str:
    path = folder / "sheet.xslt"
    path.write_text(sheet)
    engine._compiled.pop(path, None)
    try:
        return engine.violations(path, engine.node_of(DOCUMENT))
    except (EvaluationError, SettingError) as error:
        return f"refused: {error}"


def sheets(canary: dict[str, str]) -> dict[str, str]:
    values = {
        name: f"<xsl:value-of select={quoteattr(expression.format(**canary))}/>" for name, expression in READS.items()
    }
    instructions = {name: body.format(**canary) for name, body in INSTRUCTIONS.items()}
    return {name: _SHEET.format(body=body) for name, body in {**values, **instructions}.items()}


@pytest.mark.parametrize("way", [*READS, *INSTRUCTIONS])
def test_a_stylesheet_gets_out_of_an_open_engine_and_not_out_of_ours(
    way: str, canary: dict[str, str], closed: Engine, opened: Engine, tmp_path: Path, listener: Listener
) -> None:
    sheet, before = sheets(canary)[way], len(listener.asked())
    assert SECRET not in told(closed, sheet, tmp_path)
    assert not (tmp_path / "written").exists()
    assert len(listener.asked()) == before
    out = told(opened, sheet, tmp_path)
    assert SECRET in out or "NET-CANARY" in out or (tmp_path / "written").exists() or len(listener.asked()) > before


@pytest.mark.parametrize(
    "sheet",
    [
        '<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:import href="{url}/i"/>'
        "</xsl:stylesheet>",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "{file}">]><xsl:stylesheet version="2.0" '
        'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><o>&x;</o></xsl:template>'
        "</xsl:stylesheet>",
        '<!DOCTYPE a SYSTEM "{url}/dtd"><xsl:stylesheet version="2.0" '
        'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
    ],
    ids=["import", "entity", "external subset"],
)
def test_compiling_a_stylesheet_fetches_nothing(
    sheet: str, canary: dict[str, str], closed: Engine, tmp_path: Path, listener: Listener
) -> None:
    before = len(listener.asked())
    assert SECRET not in told(closed, sheet.format(**canary), tmp_path)
    assert len(listener.asked()) == before
    with pytest.raises(UnsoundRulesError):
        check_files([tmp_path / "sheet.xslt"])


@pytest.mark.parametrize("way", INSTRUCTIONS)
def test_a_stylesheet_with_such_an_instruction_is_not_installed(
    way: str, canary: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sheet.xslt").write_text(sheets(canary)[way])
    with pytest.raises(UnsoundRulesError, match=f"xsl:{way}"):
        check_files([tmp_path / "sheet.xslt"])


DOCUMENTS = {
    "entity of a file": '<!DOCTYPE a [<!ENTITY x SYSTEM "{file}">]><a>&x;</a>',
    "entity of the network": '<!DOCTYPE a [<!ENTITY x SYSTEM "{url}/entity">]><a>&x;</a>',
    "external subset": '<!DOCTYPE a SYSTEM "{url}/subset"><a/>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "{url}/parameter">%p;]><a/>',
    "file in a parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "{file}">%p;]><a/>',
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_with_a_document_type_is_refused_unread(
    document: str, canary: dict[str, str], listener: Listener
) -> None:
    before = len(listener.asked())
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(document.format(**canary).encode())
    assert SECRET not in str(caught.value)
    assert len(listener.asked()) == before


@pytest.mark.parametrize(
    "document",
    [
        '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{url}/x"/><xi:include href="{file}"/></a>',
        '<?xml-stylesheet type="text/xsl" href="{url}/style"?><a/>',
        '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a {url}/schema"/>',
        '<a xml:base="{url}/"><b href="c"/></a>',
    ],
    ids=["XInclude", "style sheet", "schema location", "base"],
)
def test_what_a_document_refers_to_is_not_fetched(
    document: str, canary: dict[str, str], closed: Engine, tmp_path: Path, listener: Listener
) -> None:
    before = len(listener.asked())
    root = parse(document.format(**canary).encode())
    schema = _schema('<xs:element name="a"><xs:complexType><xs:sequence/></xs:complexType></xs:element>')
    schema.validate(root)
    copies = _SHEET.format(body='<xsl:copy-of select="/"/>')
    path = tmp_path / "copies.xslt"
    path.write_text(copies)
    assert SECRET not in closed.violations(path, closed.node_of(root))
    assert len(listener.asked()) == before


@pytest.mark.parametrize(
    "body",
    [
        '<xs:import namespace="urn:b" schemaLocation="{url}/schema.xsd"/>',
        '<xs:include schemaLocation="{file}"/>',
        '<xs:include schemaLocation="../../secrets/canary"/>',
        '<xs:redefine schemaLocation="/etc/passwd"/>',
    ],
    ids=["network", "file address", "upwards", "absolute"],
)
def test_a_schema_that_refers_out_of_its_folder_is_not_installed(
    body: str, canary: dict[str, str], tmp_path: Path, listener: Listener
) -> None:
    before = len(listener.asked())
    path = tmp_path / "schema.xsd"
    path.write_text(_schema_text(body.format(**canary)))
    with pytest.raises(UnsoundRulesError, match="refers to"):
        check_files([path])
    assert SECRET not in _said(path)  # and if it were loaded, nothing would be asked or told
    assert len(listener.asked()) == before


def test_a_schema_with_an_entity_from_outside_is_not_installed(canary: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "schema.xsd"
    path.write_text(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{canary["file"]}">]>{_schema_text("")}')
    with pytest.raises(UnsoundRulesError, match="entity"):
        check_files([path])


def _said(path: Path) -> str:
    """What loading a schema says: an import that is not found is none to libxml2, the rest are errors."""
    try:
        load_schema(path)
    except SettingError as error:
        return error.message
    return ""


def _schema_text(body: str) -> str:
    return f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{body}</xs:schema>'


def _schema(body: str) -> Any:
    return etree.XMLSchema(etree.fromstring(_schema_text(body)))


def test_what_a_stylesheet_says_aside_reaches_no_log(
    closed: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sheet = _SHEET.format(body=f"<xsl:message>{SECRET}</xsl:message>")
    assert "told" in told(closed, sheet, tmp_path)
    with pytest.raises(UnsoundRulesError, match="xsl:message"):
        check_files([tmp_path / "sheet.xslt"])
    captured = capfd.readouterr()
    assert SECRET not in captured.out + captured.err


def test_all_of_these_are_errors_with_a_sentence() -> None:
    assert issubclass(UnsoundRulesError, SamdriftError)


def test_what_a_stylesheet_says_beside_its_report_is_written_nowhere(
    closed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    told(closed, _SHEET.format(body=f"<xsl:message>{SECRET}</xsl:message>"), tmp_path)
    assert list(here.iterdir()) == []
    assert SECRET not in "".join(capfd.readouterr())
