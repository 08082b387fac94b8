"""Tags a text with KLE subjects by OS2KLE's weighted keywords. Nothing is learnt: what was found can be shown."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from samdrift_rpa.digital_post.kle import KleSubject

Stems: TypeAlias = tuple[str, ...]

_WORD = re.compile(r"[^\W_]+")
#: Words of one keyword that are looked for, at most; longer ones are sentences that nobody writes again.
_LONGEST = 8
#: Words of a letter that are looked at.
_MOST_WORDS = 20_000


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A subject that the text may be about."""

    number: str
    #: The sum of its keywords' weights; comparable within one text only.
    score: float


class Tagger:
    """The keywords of all subjects, indexed by their stems.

    A keyword that is found counts `ln(1 + weight) * ln(N / n)`: N subjects in all, n of which have it. So a word that
    many subjects share says little, and a weight of 1,000 is a strong sign and not the only one.
    """

    def __init__(self, subjects: Sequence[KleSubject]) -> None:
        """Index `subjects`; OS2KLE's 32,295 keywords take about a fifth of a second."""
        self.subjects = tuple(subjects)
        self._index: dict[Stems, dict[str, int]] = defaultdict(dict)
        for subject in subjects:
            for word, weight in subject.keywords:
                if stems := stems_of(word):
                    weights = self._index[stems]
                    weights[subject.number] = max(weight, weights.get(subject.number, 0))

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """Number -> title."""
        return {subject.number: subject.title for subject in self.subjects}

    def tags(self, text: str, most: int, *, without: tuple[Stems, str] | None = None) -> tuple[Tag, ...]:
        """The subjects with the highest scores, highest first; the lower number first where they are equal.

        Args:
            text: any text.
            most: so many subjects at most.
            without: a keyword of one subject that does not count: for leaving it out of its own test.
        """
        scores: Counter[str] = Counter()
        for stems in _phrases(stems_of(text)[:_MOST_WORDS]):
            weights = self._index.get(stems, {})
            if without is not None and without[0] == stems:
                weights = {number: weight for number, weight in weights.items() if number != without[1]}
            for number, weight in weights.items():
                scores[number] += math.log1p(weight) * math.log(len(self.subjects) / len(weights))  # type: ignore[assignment]  # a Counter of floats
        best = sorted(scores.items(), key=lambda each: (-each[1], each[0]))
        return tuple(Tag(number=number, score=score) for number, score in best[:most] if score > 0)


def stems_of(text: str) -> Stems:
    """The words of a text, without their Danish endings (Snowball)."""
    stem = _stemmer()
    return tuple(stem(word) for word in _WORD.findall(text.casefold()))


def _phrases(stems: Stems) -> Iterator[Stems]:
    """Each run of up to eight words, once."""
    seen = set()
    for start in range(len(stems)):
        for end in range(start + 1, min(len(stems), start + _LONGEST) + 1):
            if (phrase := stems[start:end]) not in seen:
                seen.add(phrase)
                yield phrase


@lru_cache(maxsize=1)
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer

    stem: Callable[[str], str] = snowballstemmer.stemmer("danish").stemWord
    return lru_cache(maxsize=100_000)(stem)
