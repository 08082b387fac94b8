"""The templates of the portal and of every workload, one Jinja2 environment a language."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import CodeType
from typing import Any

from babel.support import NullTranslations
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from samdrift_platform.portal import formatting
from samdrift_platform.portal.folders import PORTAL, PageFolder
from samdrift_platform.portal.languages import LANGUAGES, locale_of, translations
from samdrift_platform.portal.phrases import phrases_of


class Templates:
    """Renders pages. A name that a template uses and nobody gave is an error, never an empty gap.

    Each workload has environments of its own, so that one workload's sentences and templates never reach another's
    pages: "Reading" is one thing to a radiologist and another to a facility manager.
    """

    def __init__(self, folders: Sequence[PageFolder]) -> None:
        """Read every catalogue; the portal's own templates and sentences cannot be replaced by a workload's."""
        self._catalogues = {
            (folder.name, language): translations(language, [folder.locales, PORTAL.locales])
            for folder in {PORTAL, *folders}
            for language in LANGUAGES
        }
        self._phrases = {language: phrases_of(self._catalogues[PORTAL.name, language]) for language in LANGUAGES}
        self._environments = {
            (folder.name, language): _environment(language, folder, self._catalogues[folder.name, language])
            for folder in {PORTAL, *folders}
            for language in LANGUAGES
        }

    def render(self, name: str, language: str, **values: Any) -> str:
        """The page `name` in `language`; a workload's pages begin with its name: `mammography/worklist.html`."""
        owner = name.partition("/")[0]
        key = (owner, language) if (owner, language) in self._environments else (PORTAL.name, language)
        return self._environments[key].get_template(name).render(language=language, **values)

    def translate(self, sentence: str, language: str, *, owner: str) -> str:
        """A `sentence` that code made, by its owner's catalogue; as it is where that does not hold it.

        Of the portal's own, sentences with parts that change are found too (`phrases`).
        """
        if owner == PORTAL.name:
            return self._phrases[language].translate(sentence)
        catalogue = self._catalogues.get((owner, language))
        return sentence if catalogue is None else catalogue.gettext(sentence)


class _Compiled(BytecodeCache):
    """Templates that were compiled in this process, so that each workload need not compile the portal's once more."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


@cache
def _compiled(language: str) -> _Compiled:
    """One for each language: compiling applies filters to constants, and filters write as the language does."""
    return _Compiled()


def _environment(language: str, folder: PageFolder, catalogue: NullTranslations) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([PORTAL.templates, folder.templates]),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(language),
    )
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    environment.filters.update(formatting.filters(locale_of(language)))
    environment.filters["machine_time"] = formatting.machine_time
    environment.filters["wbr"] = _with_break_opportunities
    return environment


def _with_break_opportunities(text: str) -> Markup:
    """Lets long identifiers break after punctuation, so that narrow screens need no sideways scrolling."""
    pieces = Markup("")
    for character in text:
        pieces += character
        if character in "/:@_.-":
            pieces += Markup("<wbr>")
    return pieces
