"""Judges a subject model on letters whose sentences it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_rpa.digital_post.classifier import OTHER, SubjectModel
from samdrift_rpa.digital_post.tagger import Tagger
from samdrift_rpa.training.letters import MadeLetter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_evaluation.estimate import Figure

#: Proposals among which a subject counts as found.
FIRST_FEW = 5
_LEAST = 10


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Letters beside what the model said of them; all shapes `(n,)`."""

    subject: NDArray[np.str_]
    #: The sentence of each letter: letters of one sentence are resampled together.
    sentence: NDArray[np.str_]
    guessed: NDArray[np.str_]
    confidence: NDArray[np.float64]
    #: Whether the subject is among the model's first five.
    among_first_few: NDArray[np.bool_]
    #: Whether the tagger names what the model guessed; all false where KLE is not installed.
    tagged: NDArray[np.bool_]

    def figures(self, threshold: float, *, with_tagger: bool) -> Mapping[str, Figure]:
        """Each figure over all letters, with its interval over whole sentences.

        `wrong_alone`: share of all letters that would be sorted without a person, and wrongly. `handed_over`: share
        that goes to a person. Both by the model alone, and where KLE is installed also where the tagger must agree.
        """
        right, known = self.guessed == self.subject, self.subject != OTHER
        alone = (self.confidence >= threshold) & (self.guessed != OTHER)
        found = {
            "accuracy": self._share(right, np.ones_like(right)),
            "accuracy_known": self._share(right, known),
            "among_first_five": self._share(self.among_first_few, known),
            **self._alone("", alone, right),
        }
        return found | (self._alone("_both", alone & self.tagged, right) if with_tagger else {})

    def of(self, subject: str) -> Judged:
        """Only the letters about `subject`."""
        which = self.subject == subject
        return Judged(**{name: values[which] for name, values in vars(self).items()})

    def _alone(self, suffix: str, alone: NDArray[np.bool_], right: NDArray[np.bool_]) -> dict[str, Figure]:
        everything = np.ones_like(right)
        return {
            f"precision_alone{suffix}": self._share(right, alone),
            f"wrong_alone{suffix}": self._share(alone & ~right, everything),
            f"handed_over{suffix}": self._share(~alone, everything),
        }

    def _share(self, hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Figure:
        from samdrift_evaluation.estimate import when_enough
        from samdrift_evaluation.shares import share

        return when_enough(int(among.sum()), _LEAST, lambda: share(hits[among], self.sentence[among]))


def judge(model: SubjectModel, letters: Sequence[MadeLetter], tagger: Tagger | None) -> Judged:
    """What `model` says of each letter."""
    guesses = [model.guesses(letter.text) for letter in letters]
    known = [[each.subject for each in one if each.subject != OTHER][:FIRST_FEW] for one in guesses]
    tags = [{tag.number for tag in tagger.tags(letter.text, FIRST_FEW)} if tagger else set() for letter in letters]
    return Judged(
        subject=np.array([letter.subject for letter in letters]),
        sentence=np.array([letter.sentence for letter in letters]),
        guessed=np.array([one[0].subject for one in guesses]),
        confidence=np.array([one[0].confidence for one in guesses]),
        among_first_few=np.array([letter.subject in few for letter, few in zip(letters, known, strict=True)]),
        tagged=np.array([one[0].subject in numbers for one, numbers in zip(guesses, tags, strict=True)]),
    )
