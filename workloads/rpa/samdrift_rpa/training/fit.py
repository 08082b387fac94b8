"""Fits the classifier: character n-grams, which see through Danish endings and compounds, and logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samdrift_rpa.training.letters import MadeLetter

#: Chosen among 27 on sentences that are now learnt from; those to judge by were written afterwards.
NGRAMS, FEATURES, INVERSE_PENALTY = (3, 4), 2**13, 10.0


def fitted(letters: Sequence[MadeLetter]) -> Any:
    """A scikit-learn pipeline with `predict_proba` for texts. Nothing in it is random."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    grams = HashingVectorizer(analyzer="char_wb", ngram_range=NGRAMS, n_features=FEATURES, alternate_sign=False)
    model = make_pipeline(grams, LogisticRegression(C=INVERSE_PENALTY, max_iter=2000))
    return model.fit([each.text for each in letters], [each.subject for each in letters])
