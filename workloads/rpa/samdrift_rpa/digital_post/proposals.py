"""What tagger and model propose for a letter whose metadata are silent, and whether that decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from samdrift_rpa.digital_post.classifier import OTHER, Guess, SubjectModel
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.digital_post.reading import Reading
from samdrift_rpa.digital_post.tagger import Tag, Tagger
from samdrift_rpa.digital_post.text import LetterText


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """Subjects that a letter may be about."""

    #: Of the model, the most probable first, `other` among them; empty: no model is deployed.
    guesses: Sequence[Guess] = ()
    #: Of the tagger, the strongest first; empty: KLE is not installed, or no keyword was found.
    tags: Sequence[Tag] = ()
    #: How each file of the main document was read; empty: there is none.
    main: Sequence[Reading] = ()

    @property
    def unread(self) -> Reading | None:
        """Why nothing of the main document was read; None: some of it was, or there is none."""
        return self.main[0] if self.main and Reading.READ not in self.main else None

    @property
    def confidence(self) -> float:
        """The model's own of its first guess; 0 without a model."""
        return self.guesses[0].confidence if self.guesses else 0.0

    def decided(self, policy: PostPolicy) -> str:
        """The subject that needs no person; empty: a person decides, as of any letter that could not be read."""
        return "" if self.unread else self.agreed(policy)

    def agreed(self, policy: PostPolicy) -> str:
        """The subject on which both agree; empty: there is none.

        The model must be as sure as the policy asks, of a subject that it knows, and the tagger, which learnt nothing
        from the same letters, must name that subject too. Where KLE is not installed a person always decides.
        """
        first = self.guesses[0] if self.guesses else None
        if first is None or first.subject == OTHER or first.confidence < policy.least_confidence:
            return ""
        return first.subject if first.subject in {tag.number for tag in self.tags} else ""

    def subjects(self, most: int) -> tuple[str, ...]:
        """What a person is shown: the model's and the tagger's in turn, each once."""
        guessed = [guess.subject for guess in self.guesses if guess.subject != OTHER]
        tagged = [tag.number for tag in self.tags]
        turns = [name for pair in zip_all(guessed, tagged) for name in pair]
        return tuple(dict.fromkeys(turns))[:most]

    def to_json(self) -> dict[str, JsonValue]:
        """As it is kept in the item's result: subjects, how sure, and what was read; nothing of the letter."""
        return {
            "model": [{"subject": each.subject, "confidence": round(each.confidence, 4)} for each in self.guesses[:5]],
            "kle": [{"subject": each.number, "score": round(each.score, 2)} for each in self.tags],
            "main_document": [each.value for each in self.main],
        }


def propose(said: LetterText, model: SubjectModel | None, tagger: Tagger | None, policy: PostPolicy) -> Proposals:
    """What both say about what a letter says."""
    return Proposals(
        guesses=model.guesses(said.text) if model else (),
        tags=tagger.tags(said.text, policy.proposals) if tagger else (),
        main=said.main,
    )


def zip_all(first: Sequence[str], second: Sequence[str]) -> list[list[str]]:
    """Pairs of both; where one has ended, the other alone."""
    longest = max(len(first), len(second))
    return [[*first[index : index + 1], *second[index : index + 1]] for index in range(longest)]
