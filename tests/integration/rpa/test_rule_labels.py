"""Every label of the open data: which rules fire on fragments and on whole documents, and what the schemas say."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from samdrift_rpa.commands import app
from samdrift_rpa.commands.rules import app as rules_commands
from samdrift_rpa.rules import choose
from samdrift_rpa.rules.labelled import labelled_below
from samdrift_rpa.rules.official import OfficialRules
from samdrift_rpa.rules.validation import validate_file

pytestmark = pytest.mark.data
#: How many tests the open part of each suite has, counted in the files without our reader.
SUITES = {
    "peppol/unit-UBL-DK": 104,
    "peppol/unit-UBL-PEPPOL": 142,
    "en16931/test/Invoice-unit-UBL": 590,
    "en16931/test/CreditNote-unit-UBL": 140,
}
DOCUMENTS = 109


@pytest.fixture(autouse=True)
def _rules_of_the_data(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_RPA_RULES", str(data))


@pytest.fixture(scope="module")
def rules(data: Path) -> OfficialRules:
    return OfficialRules(data)


@pytest.mark.parametrize("suite", SUITES)
def test_every_labelled_fragment_does_what_its_label_says(data: Path, rules: OfficialRules, suite: str) -> None:
    tests = list(labelled_below(data / suite))
    assert len(tests) == SUITES[suite]
    assert all(test.expected for test in tests)
    assert {test.name: wrong for test in tests if (wrong := test.disagreements(rules))} == {}


def test_a_label_that_is_turned_round_disagrees(data: Path, rules: OfficialRules) -> None:
    (first, *_) = labelled_below(data / "peppol/unit-UBL-DK")
    turned = first.__class__(
        name=first.name,
        core=first.core,
        expected=tuple((rule, not fires) for rule, fires in first.expected),
        root=first.root,
    )
    assert turned.disagreements(rules) == [rule for rule, _ in first.expected]


def test_the_publishers_tests_are_a_command_too(data: Path) -> None:
    done = CliRunner().invoke(rules_commands, ["test", str(data / "peppol/unit-UBL-DK")])
    assert (done.exit_code, done.stdout) == (0, "104 of 104 tests agree.\n")
    done = CliRunner().invoke(rules_commands, ["test", str(data / "peppol/unit-UBL-DK"), "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"tests": 104, "disagree": {}})


def test_the_official_files_are_known_whole_and_give_the_same_verdicts_when_installed(
    data: Path, rules: OfficialRules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAMDRIFT_RPA_RULES")
    monkeypatch.delenv("SAMDRIFT_DATA")
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path))
    done = CliRunner().invoke(rules_commands, ["install", str(data), "--json"])
    told = json.loads(done.stdout)
    assert told["missing"] == []
    assert [(part["version"], part["known"]) for part in told["components"]] == [
        ("1.17.2", True),
        ("2026.5", True),
        ("2.0", True),
        ("2.1", True),
        ("1.1", True),
        ("1.2", True),
    ]
    installed = choose()
    assert installed.name == rules.name
    names = ("oioubl/gobl/parse/credit-note.xml", "oioubl/gobl/parse/negative-rounding_real.xml")
    for name in (*names, "en16931/test/testfiles/BIS_Billing_30-Inkopskort.xml", "memo/samples-1.2/MeMo_NemSMS.xml"):
        assert validate_file(str(data / name), installed) == validate_file(str(data / name), rules)


def labelled(data: Path) -> Iterator[dict[str, str]]:
    with (data / "labels.tsv").open(encoding="utf-8", newline="") as table:
        yield from (row for row in csv.DictReader(table, delimiter="\t") if "snippets" not in row["note"])


def schema_label(row: dict[str, str], content: bytes) -> bool | None:
    """By UBLVersionID, as the table does not choose: told here from the bytes and not by our reader."""
    says_21 = b"UBLVersionID>2.1<" in content or row["note"].startswith("CEN")
    label = row["xsd21_valid"] if says_21 and row["xsd21_valid"] else row["xsd20_valid"]
    return {"True": True, "False": False, "": None}[label]


def test_the_command_says_of_every_document_what_its_row_says(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(labelled(data))
    assert len(rows) == DOCUMENTS
    monkeypatch.chdir(data)
    done = CliRunner().invoke(app, ["validate", "--json-lines", *(row["file"] for row in rows)])
    assert done.exit_code == 1  # some break fatal rules
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.pop("profile").split("-")[0].split("#")[0] for line in lines] == [
        "urn:cen.eu:en16931:2017" if row["note"].startswith("CEN") else "OIOUBL" for row in rows
    ]
    assert lines == [
        {
            "file": row["file"],
            "document_type": row["root"],
            "schema_valid": schema_label(row, (data / row["file"]).read_bytes()),
            "failed_rules": row["failed_rules"].split(),
        }
        for row in rows
    ]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_digital_post_holds_by_its_own_version_and_by_no_other(
    data: Path, rules: OfficialRules, version: str, tmp_path: Path
) -> None:
    other = {"1.1": "1.2", "1.2": "1.1"}[version]
    samples = sorted((data / f"memo/samples-{version}").glob("*.xml"))
    assert len(samples) == 4
    for sample in samples:
        told = validate_file(str(sample), rules)
        assert (told.document_type, told.profile, told.findings.schema_valid) == ("Message", f"MeMo {version}", True)
        claims = tmp_path / sample.name
        content = sample.read_bytes()
        claims.write_bytes(content.replace(f'memoVersion="{version}"'.encode(), f'memoVersion="{other}"'.encode()))
        assert claims.read_bytes() != content
        assert validate_file(str(claims), rules).findings.schema_valid is False
