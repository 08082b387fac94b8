"""Cards and technical files: what is known stands there, what is not is marked as missing and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from samdrift_platform.contract import ModelUse, Workload
from samdrift_platform.evidence.files import catalogue, model_card, technical_documentation
from samdrift_registry import annex_iv, card
from samdrift_registry.annex_iv import TechnicalDocumentation, points
from samdrift_registry.annex_iv_recorded import RECORDED
from samdrift_registry.card import ModelCard
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import ChangedFileError, VersionUnknownError
from samdrift_registry.lifecycle import FACTS
from samdrift_registry.organisation import ConfigurationError
from samdrift_registry.outline import Language
from samdrift_registry.proof import report_path
from samdrift_registry.store import ManifestStore
from samdrift_registry.words import _words
from samdrift_testing import work
from samdrift_testing.governing import FACTS as DECLARED
from samdrift_testing.governing import MODEL, Office
from samdrift_testing.models import take_in, write_number
from samdrift_testing.tallying import Tallying

HOSTILE = "<script>alert(1)</script> | [x](javascript:y) `z`"


class Governed(Tallying):
    """The tallying workload, as one that a governed model decides in."""

    models: Mapping[str, ModelUse] = {MODEL: ModelUse(suite="guesses", policy="guessing")}


WORKLOADS: Mapping[str, Workload] = {"tallying": Governed()}


def made(office: Office, version: int = 1) -> ModelCard:
    with office.ledger.read() as connection:
        return model_card(connection, office.home, MODEL, version, now=office.now + timedelta(hours=1))


def filed(office: Office, version: int = 1) -> TechnicalDocumentation:
    now = office.now + timedelta(hours=1)
    with office.ledger.read() as connection:
        return technical_documentation(connection, office.home, MODEL, version, workloads=WORKLOADS, now=now)


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href")]


def test_a_card_of_a_served_version_tells_what_is_known(office: Office) -> None:
    office.serve(1)
    found = made(office)
    assert found.missing == ("supplied",)  # the tests' models have no card.md
    document = json.loads(found.to_bytes())
    assert document["declared"] == DECLARED
    assert document["state"] == "champion"
    assert [each["person"] for each in document["approvals"]] == ["clara", "tim"]
    assert document["evaluation"]["passed"] is True


def test_a_card_of_a_fresh_version_marks_everything_else_as_missing(office: Office) -> None:
    office.register(1, by=None)
    found = made(office)
    assert found.missing == (
        "registered_by",
        *(f"declared.{name}" for name in FACTS),
        "evaluation",
        "approvals",
        "supplied",
    )
    assert card.to_markdown(found, "en").count("**missing**") >= len(found.missing)
    assert "mangler" in card.to_html(found, "da")


@pytest.mark.parametrize(("language", "heading"), [("en", "What is declared"), ("da", "Det, der er erklæret")])
def test_headings_are_in_the_readers_language(office: Office, language: Language, heading: str) -> None:
    office.serve(1)
    found = made(office)
    assert f"<h2>{heading}</h2>" in card.to_html(found, language)
    assert f"## {heading}" in card.to_markdown(found, language)
    assert f'<html lang="{language}">' in card.to_html(found, language)


def test_figures_have_their_interval_and_n(office: Office) -> None:
    office.serve(1)
    assert "0.70 (95 %: 0.60 to 0.80), n = 100, exact" in card.to_html(made(office), "en")
    assert "0,70 (95 %: 0,60 til 0,80), n = 100, exact" in card.to_markdown(made(office), "da")


def test_what_people_write_is_never_markup(office: Office) -> None:
    office.register(1)
    office.evaluate(1)
    office.declare(1, {**DECLARED, "purpose": HOSTILE, "training_data": HOSTILE})
    for page in (card.to_html(made(office), "en"), annex_iv.to_html(filed(office), "en")):
        tags = Tags(page)
        assert "script" not in tags.seen
        assert tags.addresses == []
    for text in (card.to_markdown(made(office), "en"), annex_iv.to_markdown(filed(office), "en")):
        assert "<script>" not in text.replace("\\<", "")
        assert not re.search(r"(?<!\\)\]\(", text)


def described(office: Office, **facts: object) -> None:
    """A version whose folder has a `model.json` and a card."""
    folder = write_number(office.home / "origin" / "described", 5)
    (folder / "model.json").write_text(json.dumps(facts))
    (folder / "card.md").write_text(f"# A card\n\n{HOSTILE}\n")
    digest = take_in(office.home, MODEL, 5, folder)
    office.governance.register(MODEL, 5, digest, run_id="run", registered_by="dora", now=office.now)


def test_what_nobody_may_miss_stands_below_the_title(office: Office) -> None:
    described(office, notice="Not a medical device.", architecture={"layers": 2})
    for text in (card.to_markdown(made(office, 5), "da"), annex_iv.to_markdown(filed(office, 5), "en")):
        assert text.splitlines()[2] == "**Not a medical device.**"
    assert "<p><strong>Not a medical device.</strong></p>" in card.to_html(made(office, 5), "en")
    assert filed(office, 5).answers["2(c) recorded.architecture"] is True


def test_the_suppliers_card_is_quoted_and_never_markup(office: Office) -> None:
    described(office)
    found = made(office, 5)
    assert found.supplied is not None
    assert "supplied" not in found.missing
    assert f"    {HOSTILE}" in card.to_markdown(found, "en")  # indented: a code block
    assert "script" not in Tags(card.to_html(found, "en")).seen
    path = ManifestStore(office.home).folder(str(found.standing.digest)) / "card.md"
    path.chmod(0o600)
    path.write_text("# Another card")
    with pytest.raises(ChangedFileError):
        made(office, 5)


def test_every_fact_that_can_be_declared_is_in_the_reference() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "evidence-files.md").read_text()
    names = {e.removeprefix("declared.") for point in points() for e in point.entries if e.startswith("declared.")}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_a_report_that_was_edited_makes_no_card(office: Office) -> None:
    office.serve(1)
    path = report_path(office.home, made(office).standing.evaluated.facts["report"])  # type: ignore[union-attr]  # served
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"0.6", b"0.9"))
    with pytest.raises(ChangedFileError):
        made(office)


def test_a_version_of_which_nothing_was_stated_has_no_card(office: Office) -> None:
    with pytest.raises(VersionUnknownError):
        made(office, 7)


def test_the_technical_file_has_the_nine_points_and_counts_what_is_missing(office: Office) -> None:
    office.serve(1)
    found = filed(office)
    assert [point.number[0] for point in points()] == sorted(point.number[0] for point in points())
    assert {point.number[0] for point in points()} == set("123456789")
    by_hand = [entry for entry, answered in found.answers.items() if not answered]
    assert found.missing == len(by_hand) > 0
    text = annex_iv.to_markdown(found, "en")
    assert f"{found.missing} of {len(found.answers)} entries are missing" in text
    assert text.count("**missing**") == found.missing
    assert "Regulation (EU) 2024/1689, Annex IV, point 2(g)" in text
    assert f"{found.missing} af {len(found.answers)} oplysninger mangler" in annex_iv.to_html(found, "da")


def test_what_is_declared_is_no_longer_missing(office: Office) -> None:
    office.serve(1)
    before = filed(office)
    assert before.answers["5 declared.risk_management"] is False
    office.declare(1, {**DECLARED, "risk_management": "Risk file 12", "standards": " "})
    after = filed(office)
    assert after.answers["5 declared.risk_management"] is True
    assert after.answers["7 declared.standards"] is False  # blanks say nothing
    assert "Risk file 12" in annex_iv.to_html(after, "en")


def test_use_stops_and_alarms_come_from_the_ledger(office: Office) -> None:
    office.serve(1)
    champion = office.governance.deployments()[MODEL, Slot.CHAMPION]
    for number in range(3):
        work.submit(office.ledger, f"r{number}", now=office.now)
        claimed = work.claim_one(office.ledger, now=office.now)
        work.complete(office.ledger, claimed, now=office.now, decided_by=[champion] if number else [])
    office.governance.stop("tallying", "odd numbers", actor="clara", now=office.now)
    raised = office.governance.alarm(f"model:{MODEL}/1", "drift", "scores moved", {}, actor="watch", now=office.now)
    found = filed(office).use
    assert (found.decisions, found.verdicts, found.first_at) == (2, {"done": 2}, office.now)
    assert [(stop.reason, stop.until) for stop in found.stops] == [("odd numbers", None)]
    assert (found.alarms, found.open_alarms) == (1, 1)
    office.governance.settle(raised.id, "nothing", "a new scanner", actor="clara", now=office.now)
    assert filed(office).use.open_alarms == 0


def test_the_provider_and_the_dates_of_the_law_are_configuration(office: Office) -> None:
    office.serve(1)
    assert filed(office).answers["1(a) recorded.provider"] is False
    assert "2027-12-02" in annex_iv.to_markdown(filed(office), "en").replace("\\", "")
    (office.home / "organisation.yaml").write_text("name: Region Nowhere\ncvr: '12345678'\n")
    (office.home / "ai_act.yaml").write_text(
        "high_risk_duties:\n  - {group: Annex III, since: 2031-01-01, source: a later act}\n"
    )
    text = annex_iv.to_markdown(filed(office), "en")
    assert "Region Nowhere, CVR 12345678" in text
    assert "2031-01-01" in text
    assert "2027-12-02" not in text


@pytest.mark.parametrize("wrong", ["name: [", "- name", "nome: x", "homepage: not an address"])
def test_a_wrong_configuration_is_named(office: Office, wrong: str) -> None:
    office.serve(1)
    (office.home / "organisation.yaml").write_text(wrong)
    with pytest.raises(ConfigurationError, match=r"organisation\.yaml"):
        filed(office)


def test_every_entry_is_answered_by_something_and_has_a_name_in_both_languages() -> None:
    words = _words()
    entries = {entry for point in points() for entry in point.entries}
    recorded = {entry.removeprefix("recorded.") for entry in entries if entry.startswith("recorded.")}
    assert recorded == set(RECORDED) == set(words["recorded"])
    declared = {entry.removeprefix("declared.") for entry in entries if entry.startswith("declared.")}
    assert declared | set(FACTS) == set(words["facts"])
    for group in (
        words["facts"],
        words["recorded"],
        {k: v for k, v in words.items() if k not in ("facts", "recorded")},
    ):
        assert [name for name, texts in group.items() if set(texts) != {"da", "en"}] == []
    assert all(set(point.asks) == {"da", "en"} for point in points())


def test_the_catalogue_lists_versions_data_and_workloads(office: Office) -> None:
    from rdflib import DCTERMS, Graph

    office.serve(1)
    office.register(2)
    now = office.now + timedelta(hours=1)
    with office.ledger.read() as connection:
        turtle = catalogue(connection, office.home, workloads=WORKLOADS, address="https://a.example", now=now)
    titles = {str(title) for title in Graph().parse(data=turtle, format="turtle").objects(None, DCTERMS.title)}
    assert {"oracle version 1", "guesses"} <= titles
