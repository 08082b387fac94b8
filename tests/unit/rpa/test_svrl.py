"""Reports read back from the engine, with stylesheets that say what a test wants said."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from samdrift_rpa.rules.engine import Engine
from samdrift_rpa.rules.findings import Severity, codes
from samdrift_rpa.rules.svrl import NAMELESS, Dialect, read_violations

_SHEET = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:template match="/"><svrl:schematron-output><svrl:fired-rule/>
<xsl:for-each select="/said/one"><xsl:element name="svrl:{@kind}"><xsl:copy-of select="@id, @flag"/>
<svrl:text><xsl:value-of select="."/></svrl:text></xsl:element></xsl:for-each></svrl:schematron-output></xsl:template>
</xsl:stylesheet>"""
#: What XML can hold, without the controls.
MESSAGES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20)
FAILED, REPORT = "failed-assert", "successful-report"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "sheet.xslt"
    path.write_text(_SHEET)
    return path


def lines(engine: Engine, sheet: Path, *said: tuple[str, dict[str, str], str]) -> str:
    ones = "".join(
        f"<one kind='{kind}' {' '.join(f'{name}={quoteattr(value)}' for name, value in attributes.items())}>"
        f"{escape(message)}</one>"
        for kind, attributes, message in said
    )
    return engine.violations(sheet, engine.node_of(etree.fromstring(f"<said>{ones}</said>")))


def test_no_violation_is_no_line(engine: Engine, sheet: Path) -> None:
    assert read_violations(lines(engine, sheet), Dialect.OIOUBL) == ()


@pytest.mark.parametrize("kind", [FAILED, REPORT])
def test_in_oioubl_the_message_has_the_code_and_reports_count(engine: Engine, sheet: Path, kind: str) -> None:
    said = lines(engine, sheet, (kind, {}, "\n [F-INV001]  Wrong\n\t version "), (kind, {}, "[W-INV322] Mind"))
    fatal, warning = read_violations(said, Dialect.OIOUBL)
    assert (fatal.code, fatal.severity, fatal.sentence) == ("F-INV001", Severity.FATAL, "Wrong version")
    assert (warning.code, warning.severity) == ("W-INV322", Severity.WARNING)


def test_in_en_16931_the_attributes_have_code_and_severity_and_reports_do_not_count(
    engine: Engine, sheet: Path
) -> None:
    said = lines(
        engine,
        sheet,
        (FAILED, {"id": "BR-01", "flag": "fatal"}, "[BR-01]-An invoice shall"),
        (FAILED, {"id": "DK-R-002", "flag": "warning"}, "Danish"),
        (FAILED, {"id": "NO-FLAG"}, "…"),
        (FAILED, {}, "without a name"),
        (REPORT, {"id": "BR-02", "flag": "fatal"}, "a report"),
    )
    found = read_violations(said, Dialect.EN16931)
    assert [(rule.code, str(rule.severity)) for rule in found] == [
        ("BR-01", "fatal"),
        ("DK-R-002", "warning"),
        ("NO-FLAG", "fatal"),
        (NAMELESS, "fatal"),
    ]
    assert found[0].sentence == "An invoice shall"


def test_the_same_violation_again_is_one(engine: Engine, sheet: Path) -> None:
    same = (FAILED, {"id": "BR-01"}, "the same")
    assert len(read_violations(lines(engine, sheet, same, same, same), Dialect.EN16931)) == 1


@pytest.mark.parametrize("dialect", Dialect)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20))
)
def test_any_message_is_one_finding_with_its_code(
    engine: Engine, sheet: Path, dialect: Dialect, messages: list[str]
) -> None:
    said = [(FAILED, {"id": f"R-{n}"}, f"[F-LIB{n}] {text}\u2028\u0085\u2029") for n, text in enumerate(messages)]
    found = read_violations(lines(engine, sheet, *said), dialect)
    name = "F-LIB" if dialect is Dialect.OIOUBL else "R-"
    assert codes(found) == sorted(f"{name}{n}" for n in range(len(messages)))
