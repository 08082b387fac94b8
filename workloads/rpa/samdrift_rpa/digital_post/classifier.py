"""The registered classifier: which of the subjects that it learnt a letter is about, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samdrift_registry.verified import VerifiedModel

#: Its registered name.
MODEL = "digital-post-subject"
MODEL_FILE = "model.skops"
#: The class of letters about something else: it is never proposed.
OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Guess:
    """One subject, and the model's own probability of it (0 to 1)."""

    subject: str
    confidence: float


class SubjectModel:
    """A scikit-learn classifier of texts."""

    def __init__(self, estimator: Any) -> None:
        """`estimator` has `predict_proba` for texts and `classes_`: KLE numbers, and `other`."""
        self._estimator = estimator
        self.subjects: tuple[str, ...] = tuple(str(each) for each in estimator.classes_)

    @classmethod
    def load(cls, model: VerifiedModel) -> SubjectModel:
        """The verified model; errors as `load_skops` raises them."""
        from samdrift_registry.loaders.skops import load_skops

        return cls(load_skops(model))

    def guesses(self, text: str) -> tuple[Guess, ...]:
        """All classes, the most probable first; `other` among them."""
        (row,) = self._estimator.predict_proba([text])
        found = [Guess(subject=name, confidence=float(p)) for name, p in zip(self.subjects, row, strict=True)]
        return tuple(sorted(found, key=lambda each: (-each.confidence, each.subject)))
