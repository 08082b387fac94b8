"""The templates of the portal and of every workload, one Jinja2 environment a language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from samdrift_platform.portal import formatting
from samdrift_platform.portal.folders import PageFolder
from samdrift_platform.portal.languages import LANGUAGES, locale_of, translations


class Templates:
    """Renders pages. A name that a template uses and nobody gave is an error, never an empty gap."""

    def __init__(self, folders: Sequence[PageFolder]) -> None:
        """Read every catalogue; templates are found in the order of `folders`, so the portal's cannot be shadowed."""
        self._environments = {language: _environment(language, folders) for language in LANGUAGES}

    def render(self, name: str, language: str, **values: Any) -> str:
        """The page `name` in `language`."""
        return self._environments[language].get_template(name).render(language=language, **values)


def _environment(language: str, folders: Sequence[PageFolder]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder.templates for folder in folders]),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(language, [folder.locales for folder in folders])
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
