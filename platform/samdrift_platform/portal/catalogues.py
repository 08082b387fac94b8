"""Finds what is wrong with a package's catalogues: `python -m samdrift_platform.portal.catalogues` lists it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2.ext import GETTEXT_FUNCTIONS, babel_extract

from samdrift_platform.portal.folders import PORTAL, PageFolder, page_folders
from samdrift_platform.portal.languages import LANGUAGES

_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def sentences(folder: PageFolder) -> dict[str, Path]:
    """Every sentence that a template of `folder` marks for translation, and one template that holds it."""
    found = {}
    for template in sorted(folder.templates.rglob("*.html")):
        with template.open("rb") as source:
            for _, _, message, _ in babel_extract(source, GETTEXT_FUNCTIONS, [], {"trim_blocks": "true"}):
                singular = message[0] if isinstance(message, tuple) else message
                if singular is not None:
                    found[singular] = template
    return found


def faults(folder: PageFolder) -> Iterator[str]:
    """What is wrong, a sentence each: not translated, placeholders differ, not used any more, translated twice.

    A sentence that the portal's own catalogue translates is translated so everywhere: pages show no other translation.
    """
    used = sentences(folder)
    for language in LANGUAGES[:-1]:  # the last one is English, the language of the sentences
        own, inherited = _catalogue(folder, language), _catalogue(PORTAL, language)
        for sentence, template in used.items():
            translation = _translation(own, sentence) or _translation(inherited, sentence)
            if not translation:
                yield f"{template}: not in {language}: {sentence!r}"
            elif sorted(_PLACEHOLDER.findall(sentence)) != sorted(_PLACEHOLDER.findall(translation)):
                yield f"{template}: placeholders differ in {language}: {sentence!r} and {translation!r}"
        for message in own:
            if message.id and message.id not in used:
                yield f"{folder.name}: no template uses {message.id!r} any more ({language})"
            elif message.id and folder != PORTAL and _translation(inherited, str(message.id)):
                yield f"{folder.name}: the portal translates {message.id!r} already ({language})"


def main() -> int:
    """Say what is wrong with the catalogues of the portal and of every installed workload; the exit status."""
    from samdrift_platform import plugins

    installed = plugins.workloads(plugins.workload_names())
    found = [fault for folder in page_folders(installed.values()) for fault in faults(folder)]
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


def _catalogue(folder: PageFolder, language: str) -> Catalog:
    path = folder.locales / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def _translation(catalogue: Catalog, sentence: str) -> str:
    """The translation; empty where there is none or where it is only a guess (`fuzzy`), which pages do not show."""
    message = catalogue.get(sentence)
    return "" if message is None or message.fuzzy or not isinstance(message.string, str) else message.string


if __name__ == "__main__":
    raise SystemExit(main())
