"""How reports become pages: templates, the two languages, and how a figure is written."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate

if TYPE_CHECKING:
    from babel import Locale
    from babel.support import NullTranslations
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent
#: Sentences in templates are English; the other languages have a catalogue in `locales/`.
LANGUAGES = ("da", "en")


def render(template: str, language: str, **values: Any) -> Markup:
    """`template` below `templates/`, filled in.

    Raises:
        EvaluationError: there is no such language.
    """
    from markupsafe import Markup

    if language not in LANGUAGES:
        raise EvaluationError(f"Reports exist in {' and '.join(LANGUAGES)}, not in {language!r}.", field="language")
    return Markup(_environment(language).get_template(template).render(language=language, **values))  # noqa: S704 - autoescaped


def slug(text: str) -> str:
    """`text` as part of an HTML id: letters, digits and hyphens."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def number(value: float, digits: int | None = None, *, language: str) -> str:
    """`1,234.5` as the language writes it, with `digits` decimals or as many as it needs, at most four."""
    from babel.numbers import format_decimal

    # Rounded as Python does, so that a page and the terminal never differ in a last digit.
    rounded = Decimal(f"{value:.{4 if digits is None else digits}f}")
    pattern = "#,##0.####" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(rounded + 0, pattern, locale=locale_of(language))).replace("-", "\N{MINUS SIGN}")


def locale_of(language: str) -> Locale:
    """The locale that writes numbers and dates: English as in the United Kingdom, day before month."""
    from babel import Locale

    return Locale.parse({"da": "da_DK", "en": "en_GB"}[language])


@cache
def _environment(language: str) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sentences = _catalogue(language)
    environment.install_gettext_translations(sentences, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    environment.filters |= {
        "number": partial(number, language=language),
        "value": partial(_value, language=language),
        "bound": partial(_bound, language=language),
        "percent": partial(_percent, language=language),
        "moment": partial(_moment, language=language),
        "said": partial(_said, sentences, language),
        "slug": slug,
        "breakable": _breakable,
    }
    return environment


def _value(figure: Estimate, *, language: str) -> str:
    return number(figure.value, figure.decimals, language=language)


def _bound(figure: Estimate, which: str, *, language: str) -> str:
    return number(getattr(figure, which), figure.decimals, language=language)


def _percent(share: float, *, language: str) -> str:
    from babel.numbers import format_percent

    return str(format_percent(share, "#,##0.##%", locale=locale_of(language))).replace("%", "\N{NO-BREAK SPACE}%")


def _moment(moment: datetime, *, language: str) -> str:
    from babel.dates import format_datetime

    pattern = {"da": "d. MMMM y 'kl.' HH.mm 'UTC'", "en": "d MMMM y HH:mm 'UTC'"}[language]
    return str(format_datetime(moment.astimezone(UTC), pattern, locale=locale_of(language)))


def _said(sentences: NullTranslations, language: str, text: str) -> Markup:
    """What a suite says in English: translated where the catalogue holds it, else marked as English."""
    from markupsafe import Markup, escape

    translated = sentences.gettext(text) if text else ""
    if language == "en" or translated != text or not text:
        return escape(translated)
    return Markup('<span lang="en">{}</span>').format(text)


def _breakable(text: str) -> Markup:
    """Lets long names break after punctuation, so that a narrow screen needs no sideways scrolling."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(?<=[/:@_.=|\-])(?=\w)", "<wbr>", str(escape(text))))  # noqa: S704 - escaped first


def _catalogue(language: str) -> NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    source = FOLDER / "locales" / language / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return Translations()
    compiled = io.BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return Translations(compiled)
