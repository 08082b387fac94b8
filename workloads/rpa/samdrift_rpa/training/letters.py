"""Letters for learning and judging: sentences that we wrote, put into frames. No real letter is among them.

Sentences are split before letters are made, so no sentence, opening or label of a judged letter was learnt from. Those
to judge by were written after the model's settings had been chosen on others, which are now among those to learn from.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Part = Literal["learn", "held_out"]

#: The class of letters about something else: a model must be able to say that it knows none of its subjects.
OTHER = "other"
SEED = 20261130
#: Letters made of each sentence.
FOR_LEARNING, FOR_JUDGING = 12, 4


@dataclass(frozen=True, kw_only=True)
class MadeLetter:
    """One letter."""

    #: KLE number, or `other`.
    subject: str
    text: str
    #: Which sentence it is about: letters of one sentence hang together.
    sentence: str


def subjects() -> Mapping[str, str]:
    """KLE number -> our own short title, of those that the model knows."""
    return {number: one["title"] for number, one in _phrases().items() if number not in (OTHER, "frames")}


def made_letters(part: Part) -> tuple[MadeLetter, ...]:
    """The letters of `part`, always the same."""
    chance = random.Random(f"{SEED} {part}")  # noqa: S311 - varies letters, guards nothing
    return tuple(_made(part, FOR_LEARNING if part == "learn" else FOR_JUDGING, chance))


def _made(part: Part, count: int, chance: random.Random) -> Iterator[MadeLetter]:
    phrases = _phrases()
    frames = phrases["frames"][part]
    for subject, one in phrases.items():
        if subject == "frames":
            continue
        for index, sentence in enumerate(one[part]):
            for _ in range(count):
                text = _framed(sentence, frames, chance)
                yield MadeLetter(subject=subject, text=text, sentence=f"{subject}/{index}")


def _framed(sentence: str, frames: Mapping[str, list[str]], chance: random.Random) -> str:
    """A label, an opening, the sentence, a filler, a closing."""
    parts = [
        chance.choice(frames["labels"]),
        f"{chance.choice(frames['openings'])},",
        sentence,
        chance.choice(frames["fillers"]),
        chance.choice(frames["closings"]),
    ]
    return "\n".join(part for part in parts if part)


@cache
def _phrases() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(resources.files(__package__).joinpath("phrases.json").read_text("utf-8"))
    return found
