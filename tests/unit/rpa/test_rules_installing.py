"""Installing rules, with tiny ones of our own in the shape of the official ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from samdrift_platform.errors import InputError, SettingError
from samdrift_rpa.commands.rules import app
from samdrift_rpa.documents import read_document
from samdrift_rpa.invoices.generator import Sale, write
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.rules import choose, official_folder
from samdrift_rpa.rules.installing import install
from samdrift_rpa.rules.location import installed_folder, store
from samdrift_rpa.rules.receipt import read_receipt

_SHEET = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:svrl="http://purl.oclc.org/dsdl/svrl"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<xsl:variable name="uri" select="document-uri(/)"/>
<xsl:template match="/"><svrl:schematron-output>{rule}</svrl:schematron-output></xsl:template></xsl:stylesheet>"""
_OIOUBL_RULE = """<xsl:if test="string-length(/*/cbc:ID) gt 9"><svrl:successful-report><svrl:text>[F-INV001] Long:
<xsl:value-of select="/*/cbc:ID"/></svrl:text></svrl:successful-report></xsl:if>"""
_PEPPOL_RULE = """<svrl:failed-assert id="PEPPOL-X" flag="warning"><svrl:text>[PEPPOL-X]-Mind.</svrl:text>
</svrl:failed-assert><svrl:successful-report id="NOT-COUNTED"/>"""
_SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  targetNamespace="{namespace}" elementFormDefault="qualified"{more}>
<xs:element name="{name}"><xs:complexType><xs:sequence><xs:any processContents="skip" maxOccurs="unbounded"
  namespace="##any"/></xs:sequence></xs:complexType></xs:element></xs:schema>"""
_OIOUBL_TYPES = ("Invoice", "CreditNote", "Reminder", "ApplicationResponse")


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMDRIFT_RPA_RULES", raising=False)
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))


def unpack_oioubl(folder: Path, version: str = "9.9.9", rule: str = _OIOUBL_RULE) -> Path:
    place = folder / "from" / "their" / "page" / version / "xslt"
    place.mkdir(parents=True)
    for kind in _OIOUBL_TYPES:
        (place / f"OIOUBL_{kind}_Schematron.xslt").write_text(_SHEET.format(rule=rule))
    return folder


def unpack_billing(folder: Path) -> Path:
    place = folder / "peppol" / "2099.1"
    place.mkdir(parents=True)
    (place / "CEN-EN16931-UBL.xslt").write_text(_SHEET.format(rule=""))
    (place / "PEPPOL-EN16931-UBL.xslt").write_text(_SHEET.format(rule=_PEPPOL_RULE))
    return folder


def unpack_ubl_20(folder: Path) -> Path:
    main, common = folder / "ubl" / "maindoc", folder / "ubl" / "common"
    main.mkdir(parents=True)
    common.mkdir()
    for kind in _OIOUBL_TYPES:
        namespace = f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"
        (main / f"UBL-{kind}-2.0.xsd").write_text(_SCHEMA.format(namespace=namespace, name=kind, more=""))
    (common / "none.xsd").write_text(_SCHEMA.format(namespace="urn:none", name="none", more=""))
    return folder


INVOICE_20 = write(Sale(number="T-1")).replace(b">2.1</cbc:UBLVersionID>", b">2.0</cbc:UBLVersionID>")


def test_what_was_installed_is_in_use_and_says_so(tmp_path: Path) -> None:
    source = unpack_ubl_20(unpack_billing(unpack_oioubl(tmp_path / "source")))
    installed = install(source, store())
    assert official_folder() == installed_folder() == installed.folder
    assert [(c.title, c.version, c.known) for c in installed.receipt.components] == [
        ("OIOUBL schematron", "9.9.9", False),
        ("EN 16931 and Peppol BIS Billing", "2099.1", False),
        ("UBL schemas", "2.0", False),
    ]
    rules = choose()
    assert rules.official
    assert rules.name == "OIOUBL schematron 9.9.9, EN 16931 and Peppol BIS Billing 2099.1, UBL schemas"


def test_a_report_counts_in_oioubl_and_not_in_peppol(tmp_path: Path) -> None:
    install(unpack_ubl_20(unpack_billing(unpack_oioubl(tmp_path / "source"))), store())
    rules = choose()
    found = rules.validate(read_document(INVOICE_20.replace(b">T-1<", b">T-12345678<")))
    assert [(rule.code, rule.say()) for rule in found.failed_rules] == [("F-INV001", "Long: T-12345678")]
    assert (found.schema_valid, found.official, found.held_to) == (True, True, ("OIOUBL schematron 9.9.9",))
    found = rules.validate(read_document(write_peppol(Sale(number="T-1"))))
    assert [(rule.code, str(rule.severity), rule.say()) for rule in found.failed_rules] == [
        ("PEPPOL-X", "warning", "Mind.")
    ]


def test_an_invoice_whose_rules_were_not_there_is_held_to_ours(tmp_path: Path) -> None:
    install(unpack_oioubl(tmp_path / "source"), store())
    found = choose().validate(read_document(write_peppol(Sale(number="T-1"))))
    assert (found.official, found.held_to) == (False, ("Samdrift's own small rule set (not official)",))
    assert [rule.code for rule in found.failed_rules] == ["SD-M11"]  # no lines


def test_a_rule_that_cannot_be_evaluated_is_the_documents_fault_and_fatal(tmp_path: Path) -> None:
    rule = "<xsl:value-of select=\"if (/*/cbc:ID = 'T-1') then 1 idiv 0 else 1\"/>"
    install(unpack_oioubl(tmp_path / "source", rule=rule), store())
    rules = choose()
    assert rules.check(read_document(write(Sale(number="T-2")))) == ()
    (found,) = rules.check(read_document(write(Sale(number="T-1"))))
    assert (found.code, str(found.severity)) == ("XSLT", "fatal")


def test_what_the_engine_quotes_is_not_said(tmp_path: Path) -> None:
    rule = '<xsl:value-of select="number(1) + xs:integer(/*/cbc:ID)" xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'
    install(
        unpack_oioubl(
            tmp_path / "source",
            rule=rule.replace("xs:integer(", "(if (/*/cbc:ID = 'TRY-1') then 1 else xs:integer(").replace(
                ":ID)", ":ID))", 1
            ),
        ),
        store(),
    )
    (found,) = choose().check(read_document(write(Sale(number="Jens Hansen"))))
    assert "FORG0001" in found.say()
    assert "Hansen" not in found.say()


def _two_versions(folder: Path) -> Path:
    unpack_oioubl(folder, "1.1.1", rule="")
    unpack_oioubl(folder / "again", "2.2.2")
    return folder


def _half(folder: Path) -> Path:
    unpack_oioubl(folder)
    next(folder.rglob("OIOUBL_Reminder_Schematron.xslt")).unlink()
    return folder


def _schemas_alone(folder: Path) -> Path:
    return unpack_ubl_20(folder)


def _broken(folder: Path) -> Path:
    return unpack_oioubl(folder, rule="<xsl:if test='1 +'/>")


def _no_answer(folder: Path) -> Path:
    return unpack_oioubl(folder, rule='<xsl:value-of select="1 idiv 0"/>')


def _hostile(folder: Path) -> Path:
    return unpack_oioubl(folder, rule='<xsl:result-document href="file:///tmp/x">x</xsl:result-document>')


def _no_xml(folder: Path) -> Path:
    return unpack_oioubl(folder, rule="<")


def _broken_schema(folder: Path) -> Path:
    unpack_ubl_20(unpack_oioubl(folder))
    schema = next(folder.rglob("UBL-Invoice-2.0.xsd"))
    schema.write_text(schema.read_text().replace("xs:any ", "xs:anything "))
    return folder


@pytest.mark.parametrize(
    ("unpack", "said"),
    [
        (_two_versions, "several versions of OIOUBL"),
        (_half, "lack OIOUBL_Reminder_Schematron.xslt"),
        (_schemas_alone, "no official rules"),
        (_broken, "cannot be used"),
        (_no_answer, "do not answer"),
        (_hostile, "xsl:result-document"),
        (_no_xml, "not well-formed"),
        (_broken_schema, "cannot be used"),
    ],
)
def test_what_cannot_be_used_leaves_everything_as_it_was(tmp_path: Path, unpack: object, said: str) -> None:
    before = install(unpack_oioubl(tmp_path / "good"), store()).folder
    (tmp_path / "bad").mkdir()
    with pytest.raises((InputError, SettingError), match=said):
        install(unpack(tmp_path / "bad"), store())  # type: ignore[operator]  # one of the functions above
    assert installed_folder() == before
    assert sorted(path.name for path in store().iterdir()) == sorted(["current", before.name])


def test_two_versions_in_one_set_are_told_from_the_same_twice(tmp_path: Path) -> None:
    source = unpack_oioubl(tmp_path / "source")
    unpack_oioubl(source / "copy")
    assert install(source, store()).receipt.components[0].version == "9.9.9"


def test_the_same_again_is_the_same_set_and_another_takes_its_place(tmp_path: Path) -> None:
    first = install(unpack_oioubl(tmp_path / "one"), store()).folder
    assert install(tmp_path / "one", store()).folder == first
    second = install(unpack_oioubl(tmp_path / "two", "9.9.10", rule=""), store()).folder
    assert (installed_folder(), first.is_dir()) == (second, True)


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*.xslt")))


def test_a_file_that_was_changed_or_removed_since_is_an_error_and_not_a_weaker_check(tmp_path: Path) -> None:
    folder = install(unpack_oioubl(tmp_path / "source"), store()).folder
    changed, removed, *_ = _files(folder)
    content = changed.read_bytes()
    changed.write_bytes(content.replace(b"gt 9", b"gt 99"))
    with pytest.raises(SettingError, match="not the file that was installed"):
        choose()
    changed.write_bytes(content)
    removed.unlink()
    with pytest.raises(SettingError, match="cannot be read"):
        choose()
    install(tmp_path / "source", store())  # puts it right
    assert choose().official


def test_a_set_that_is_gone_is_an_error(tmp_path: Path) -> None:
    folder = install(unpack_oioubl(tmp_path / "source"), store()).folder
    (folder / "receipt.json").unlink()
    with pytest.raises(SettingError, match="Install them again"):
        choose()


def test_a_named_folder_comes_before_what_was_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(unpack_oioubl(tmp_path / "source"), store())
    named = tmp_path / "named"
    (named / "oioubl").mkdir(parents=True)
    unpack_oioubl(tmp_path / "other")
    next((tmp_path / "other").rglob("xslt")).rename(named / "oioubl" / "xslt-8.8.8")
    monkeypatch.setenv("SAMDRIFT_RPA_RULES", str(named))
    assert choose().name == "OIOUBL schematron 8.8.8"


def test_the_command_says_what_it_found_and_what_not(tmp_path: Path) -> None:
    unpack_oioubl(tmp_path / "source")
    done = CliRunner().invoke(app, ["install", str(tmp_path / "source"), "--json"])
    told = json.loads(done.stdout)
    assert [part["version"] for part in told["components"]] == ["9.9.9"]
    assert told["missing"] == [
        "EN 16931 and Peppol BIS Billing",
        "UBL schemas 2.0",
        "UBL schemas 2.1",
        "MeMo schemas 1.1",
        "MeMo schemas 1.2",
    ]
    shown = CliRunner().invoke(app, ["show"]).stdout
    assert "its folder's name" in shown
    assert "In use: OIOUBL schematron 9.9.9" in shown


def test_without_rules_the_command_says_how_to_get_them() -> None:
    assert "samdrift rpa rules install DIR" in CliRunner().invoke(app, ["show"]).stdout


def test_the_receipt_has_every_file(tmp_path: Path) -> None:
    folder = install(unpack_ubl_20(unpack_oioubl(tmp_path / "source")), store()).folder
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"receipt.json"}
    assert set(read_receipt(folder).digests) == there
