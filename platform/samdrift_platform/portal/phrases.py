"""Sentences whose parts change, as code makes them in English, by the catalogue's sentences with placeholders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from babel.support import NullTranslations
from jinja2.ext import GETTEXT_FUNCTIONS, babel_extract

from samdrift_platform.portal.folders import PORTAL

#: The template that lists what code says.
LISTED = PORTAL.templates / "sentences.html"
#: Placeholder of what a person wrote: never translated.
_WRITTEN = "reason"
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One sentence with placeholders, and its translation."""

    pattern: re.Pattern[str]
    translation: str


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """All of a language."""

    sentences: NullTranslations
    phrases: tuple[Phrase, ...]

    def translate(self, sentence: str) -> str:
        """By the catalogue; else by the phrase that it fits, its parts translated likewise; else as it is."""
        found = self.sentences.gettext(sentence) if sentence else ""
        if found != sentence:
            return found
        for phrase in self.phrases:
            if match := phrase.pattern.fullmatch(sentence):
                return phrase.translation % {name: self._part(name, part) for name, part in match.groupdict().items()}
        return sentence

    def _part(self, name: str, part: str) -> str:
        return part if name == _WRITTEN else self.translate(part)


def phrases_of(sentences: NullTranslations) -> Phrases:
    """The listed sentences with placeholders as a catalogue of the portal translates them, the longest first."""
    listed = {sentence for sentence in _listed() if _PLACEHOLDER.search(sentence)}
    translated = {sentence: sentences.gettext(sentence) for sentence in listed}
    found = [Phrase(pattern=_pattern(english), translation=said) for english, said in translated.items()]
    return Phrases(sentences=sentences, phrases=tuple(sorted(found, key=lambda each: -len(each.pattern.pattern))))


@cache
def _listed() -> frozenset[str]:
    with LISTED.open("rb") as source:
        found = babel_extract(source, GETTEXT_FUNCTIONS, [], {"trim_blocks": "true"})
        return frozenset(message for _, _, message, _ in found if isinstance(message, str))


def _pattern(sentence: str) -> re.Pattern[str]:
    literal, names = _PLACEHOLDER.split(sentence)[::2], _PLACEHOLDER.findall(sentence)
    parts = [re.escape(literal[0].replace("%%", "%"))]
    for name, after in zip(names, literal[1:], strict=True):
        parts.append(f"(?P<{name}>.+?)" + re.escape(after.replace("%%", "%")))
    return re.compile("".join(parts), re.DOTALL)
