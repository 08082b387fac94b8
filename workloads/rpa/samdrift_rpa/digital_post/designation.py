"""What people call a letter: what it is and when it came in, not who wrote it or what about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from samdrift_rpa.digital_post.classifier import OTHER
from samdrift_rpa.sentence import moment_by_language

_LETTER: Mapping[str, str] = {"da": "Brev", "en": "Letter"}
_NOTIFICATION: Mapping[str, str] = {"da": "Forkyndelse", "en": "Legal notification"}
_CAME: Mapping[str, str] = {"da": "modtaget", "en": "received"}
_PROPOSED: Mapping[str, str] = {"da": "foreslået", "en": "proposed"}
_FILES: Mapping[str, str] = {"da": "filer", "en": "files"}


def designation(result: Mapping[str, Any], received: datetime | None) -> Mapping[str, str]:
    """`Letter, received 24 Nov 2026 09:12, KLE 27.18.02 proposed, 2 files`."""
    letter = result.get("letter") or {}
    moments = moment_by_language(received) if received else {}
    return {language: _said(language, letter, result, moments.get(language, "")) for language in _LETTER}


def _said(language: str, letter: Mapping[str, Any], result: Mapping[str, Any], moment: str) -> str:
    what = _NOTIFICATION if letter.get("legal_notification") else _LETTER
    files = int(letter.get("files") or 0)
    told = (
        what[language],
        f"{_CAME[language]} {moment}" if moment else "",
        _subject(language, letter, result),
        f"{files} {_FILES[language]}" if files > 1 else "",
    )
    return ", ".join(each for each in told if each)


def _subject(language: str, letter: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """What it was sorted as or says itself; else what is proposed: the model's first, otherwise the keywords'."""
    if stated := result.get("subject") or letter.get("kle"):
        return f"KLE {stated}"
    made = result.get("proposals") or {}
    guesses = [each["subject"] for each in (*(made.get("model") or ()), *(made.get("kle") or ()))]
    subject = next((each for each in guesses if each != OTHER), "")
    return f"KLE {subject} {_PROPOSED[language]}" if subject else ""
