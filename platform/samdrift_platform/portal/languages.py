"""The portal's languages: which one a request gets, and the catalogues of its sentences."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

#: Every page exists in these. The first is for those who do not say what they read; sentences in templates are English.
LANGUAGES = ("da", "en")
#: Remembers the reader's choice.
LANGUAGE_COOKIE = "samdrift_language"


def negotiate(request: Request) -> str:
    """`?lang=`, else the cookie, else Accept-Language (RFC 9110, 12.5.4), else Danish."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    for wanted in _accepted(request.headers.get("accept-language", "")):
        if wanted in LANGUAGES:
            return wanted
    return LANGUAGES[0]


def locale_of(language: str) -> Locale:
    """The locale that formats numbers and dates: English as in the United Kingdom, day before month."""
    return Locale.parse({"da": "da_DK", "en": "en_GB"}[language])


def translations(language: str, folders: Iterable[Path]) -> NullTranslations:
    """The catalogues of `language` in `folders` (`locales/` of packages), read from their .po files; the last wins."""
    merged = Translations()
    for folder in folders:
        catalogue = folder / language / "LC_MESSAGES" / "messages.po"
        if catalogue.is_file():
            merged.merge(_compiled(catalogue.read_bytes(), language))
    return merged


def _accepted(header: str) -> list[str]:
    """Primary subtags of an Accept-Language header, best first; what cannot be read counts for nothing."""
    weighted = []
    for position, part in enumerate(header.split(",")):
        name, _, weight = part.partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if quality > 0:
            weighted.append((-quality, position, name.strip().partition("-")[0].lower()))
    return [name for _, _, name in sorted(weighted)]


@lru_cache(maxsize=32)
def _compiled(catalogue: bytes, language: str) -> Translations:
    """Kept: the portal's own is merged into that of every workload, which changes only what it is merged into."""
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(catalogue), locale=language))
    compiled.seek(0)
    return Translations(compiled)
