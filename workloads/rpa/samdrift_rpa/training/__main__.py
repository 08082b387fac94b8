"""`python -m samdrift_rpa.training MODEL_FOLDER`: fit, judge, write model, card and report."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED

from samdrift_rpa.digital_post.classifier import MODEL_FILE
from samdrift_rpa.suite import THRESHOLD, suite
from samdrift_rpa.training.fit import FEATURES, INVERSE_PENALTY, NGRAMS, fitted
from samdrift_rpa.training.letters import SEED, MadeLetter, made_letters, subjects

if TYPE_CHECKING:
    from samdrift_evaluation.report import Report


def main(folder: str) -> None:
    """Train and write `model.skops`, `model.json`, `card.md` and `evaluation.json` into `folder`."""
    from skops.io import dump

    target, learnt = Path(folder), made_letters("learn")
    target.mkdir(parents=True, exist_ok=True)
    dump(fitted(learnt), target / MODEL_FILE, compression=ZIP_DEFLATED, compresslevel=9)
    (target / "model.json").write_text(json.dumps(_facts(learnt), indent=2, ensure_ascii=False) + "\n", "utf-8")
    (target / "card.md").write_text(_card(learnt, suite.evaluate(target)), "utf-8")
    (target / "evaluation.json").write_bytes(suite.evaluate(target).to_bytes())  # of the folder with its card


def _facts(learnt: Sequence[MadeLetter]) -> Mapping[str, object]:
    return {
        "architecture": "hashed character n-grams and logistic regression (scikit-learn, skops)",
        "ngrams": list(NGRAMS),
        "features": FEATURES,
        "inverse_penalty": INVERSE_PENALTY,
        "subjects": dict(subjects()),
        "letters": len(learnt),
        "seed": SEED,
        "data": "letters that the authors wrote; no real letter",
    }


def _card(learnt: Sequence[MadeLetter], report: Report) -> str:
    template = resources.files(__package__).joinpath("card.md").read_text("utf-8")
    return template.format(
        subjects=len(subjects()),
        ngrams=f"{NGRAMS[0]} to {NGRAMS[1]}",
        features=FEATURES,
        penalty=INVERSE_PENALTY,
        learnt=len(learnt),
        learnt_sentences=len({each.sentence for each in learnt}),
        judged=report.data[0].cases,
        judged_sentences=report.data[0].units,
        seed=SEED,
        threshold=THRESHOLD,
        table="\n".join(f"| {number} | {title} |" for number, title in subjects().items()),
        figures="\n".join(f"| {line.name} | {line.figure} |" for line in report.lines if line.subgroup is None),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
