from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_platform import plugins
from samdrift_platform.portal.catalogues import faults, sentences
from samdrift_platform.portal.folders import PORTAL, PageFolder, page_folders
from samdrift_water.workload import workload as water


def test_every_sentence_of_the_portals_pages_is_translated() -> None:
    assert list(faults(PORTAL)) == []


@pytest.mark.parametrize("name", plugins.workload_names())
def test_every_sentence_of_a_workloads_pages_is_translated(name: str) -> None:
    for folder in page_folders([plugins.workload(name)])[1:]:
        assert list(faults(folder)) == []


def test_every_sentence_of_the_tests_own_workload_is_translated() -> None:
    portals, waters = page_folders([water])
    assert portals is PORTAL
    assert waters.name == "water"
    assert list(faults(waters)) == []


def test_the_portal_has_sentences_to_translate() -> None:
    assert len(sentences(PORTAL)) > 100


def test_each_kind_of_fault_is_found(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        '{{ _("New") }} {{ _("Guess") }} {{ _("%(n)s of %(all)s", n=1, all=2) }} {{ _("Reference") }} {{ _("Fine") }}'
        "{% trans %}In a block{% endtrans %}"
    )
    catalogue = tmp_path / "locales" / "da" / "LC_MESSAGES" / "messages.po"
    catalogue.parent.mkdir(parents=True)
    pairs = [
        ("%(n)s of %(all)s", "%(n)s af %(alle)s"),
        ("Fine", "Fint"),
        ("Gone", "Væk"),
        ("New", ""),
        ("Reference", "Henvisning"),
    ]
    entries = [f'msgid "{sentence}"\nmsgstr "{translation}"\n' for sentence, translation in pairs]
    entries.append('#, fuzzy\nmsgid "Guess"\nmsgstr "Gæt"\n')
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    catalogue.write_text("\n".join([header, *entries]))
    found = list(faults(PageFolder(name="new", root=tmp_path)))
    assert len(found) == 6
    assert sum("not in da: 'New'" in fault for fault in found) == 1
    assert sum("not in da: 'Guess'" in fault for fault in found) == 1
    assert sum("not in da: 'In a block'" in fault for fault in found) == 1
    assert sum("placeholders differ" in fault for fault in found) == 1
    assert sum("no template uses 'Gone'" in fault for fault in found) == 1
    assert sum("the portal translates 'Reference' already" in fault for fault in found) == 1
