"""The sentences of result documents in Danish and English, by the workload's own catalogue.

`templates/mammography/documents.html` lists those that no page shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import samdrift_mammography
from samdrift_mammography import settings
from samdrift_mammography.reasons import BANNER, sentence
from samdrift_platform.errors import SettingError

_LOCALES = Path(samdrift_mammography.__file__).parent / "locales"


class Language(StrEnum):
    """What the text in documents is written in (RFC 5646)."""

    #: Danish.
    DANISH = "da"
    #: English, the language of the sentences in the code.
    ENGLISH = "en"


def language_of_setting() -> Language:
    """The language that the operator chose.

    Raises:
        SettingError: the setting names another one.
    """
    wanted = settings.RESULT_LANGUAGE.value()
    if wanted not in set(Language):
        raise SettingError(f"{settings.RESULT_LANGUAGE.name} is {wanted!r}. Set it to {' or '.join(Language)}.")
    return Language(wanted)


class Wording:
    """Sentences in one language."""

    def __init__(self, language: Language) -> None:
        """Read the catalogue of `language`."""
        from samdrift_platform.portal.languages import translations

        self.language = language
        self.say = translations(language, [_LOCALES]).gettext

    def banner(self) -> str:
        """The notice that stands in every document."""
        return self.say(BANNER)

    def series(self, kind: str) -> str:
        """The notice and the kind of document as the name of a series: at most 64 bytes in UTF-8."""
        return f"{self.say('AI research demonstrator, not a medical device')}: {self.say(_SERIES[kind])}"

    def result(self, result: Mapping[str, Any]) -> list[str]:
        """An exam's result in sentences: the notice, why it is read as it is, and what the score means."""
        said = [self.banner(), *(sentence(code, result, self.say) for code in result["reasons"])]
        return said + self._score(result) if result["score"] is not None else said

    def summary(self, result: Mapping[str, Any]) -> str:
        """A scored exam's result in one line."""
        marks = sum(len(view["marks"]) for view in result["views"])
        values = {"score": result["score"], "reading": self.reading(result), "marks": marks}
        return self.say("Score %(score)s of 10. Reading: %(reading)s. Marks: %(marks)s.") % values

    def reading(self, result: Mapping[str, Any]) -> str:
        """Who reads: as the pages say it."""
        return self.say(_READINGS[result["reading"]])

    def _score(self, result: Mapping[str, Any]) -> list[str]:
        meaning = (
            "The score 1-10 says in which tenth of the reference population the exam lies; "
            "it is not a probability of cancer."
        )
        population = f"{self.say('Reference population:')} {result['reference_population']}."
        density = [f"{self.say('Breast density')}: {result['density']['class']}."] if result["density"] else []
        mark = self.say("A mark shows where the score comes from. It is not a diagnosis.")
        return [self.say(meaning), population, *density, mark]


_SERIES = {
    "mammography-cad-sr": "CAD",
    "comprehensive-sr": "report",
    "secondary-capture": "picture",
    "presentation-state": "marks",
}
_READINGS = {"single": "Single", "double": "Double", "double, priority": "Double, priority"}
