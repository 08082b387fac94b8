from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_mammography import figures
from samdrift_mammography.training.labels import LabelledImage, Severity
from samdrift_mammography.views import Laterality, Projection


def image(woman: int, severity: int, **more: object) -> LabelledImage:
    return LabelledImage(
        path=Path(f"{woman}-{severity}.png"),
        woman=f"{woman:03d}",
        laterality=Laterality.LEFT,
        projection=Projection.MLO,
        severity=Severity(severity),
        **more,  # type: ignore[arg-type] # subgroups and findings
    )


def made(normal: int, malignant: int, density: str = "dense") -> figures.Women:
    rng = np.random.default_rng(7)
    severities = [0] * normal + [2] * malignant
    images = [image(place, severity, subgroups={"density": density}) for place, severity in enumerate(severities)]
    return of(images, rng.normal(severities, 1.0).tolist())


def of(images: Sequence[LabelledImage], scores: Sequence[float]) -> figures.Women:
    return figures.women(images, np.array(scores), [each.name for each in images])


def test_a_woman_is_her_worst_image_and_as_suspicious_as_her_highest() -> None:
    women = of([image(1, 2), image(1, 0), image(2, 0)], [0.1, 0.9, 0.5])
    assert women.worst.tolist() == [2, 0]
    assert women.score.tolist() == [0.9, 0.5]
    assert women.name.tolist() == ["1-2", "2-0"]


def test_auc_per_woman_counts_every_pair() -> None:
    chosen = made(30, 25)
    pairs = [(ill, well) for ill in chosen.score[chosen.worst == 2] for well in chosen.score[chosen.worst == 0]]
    by_hand = sum(ill > well for ill, well in pairs) / len(pairs)
    line = next(line for line in figures.lines(chosen) if (line.name, line.subgroup) == ("auc_malignant", None))
    assert isinstance(line.figure, Estimate)
    assert line.figure.value == pytest.approx(by_hand)
    assert line.figure.n == 55


def test_a_subgroup_with_few_women_says_so() -> None:
    lines = list(figures.lines(made(8, 6, density="fatty")))
    assert all(isinstance(line.figure, TooFew) for line in lines)
    assert "density=fatty" in {line.subgroup for line in lines}


def test_a_subgroup_that_nobody_told_is_not_invented() -> None:
    assert {line.subgroup for line in figures.lines(made(30, 25, density=""))} == {None}


def test_women_of_whom_it_is_not_told_are_a_group_of_their_own() -> None:
    images = [image(n, 0, subgroups={"density": "C"} if n % 2 else {}) for n in range(60)]
    names = {line.subgroup for line in figures.lines(of(images, [float(n) for n in range(60)]))}
    assert {"density=C", "density=not told"} <= names


def test_a_kind_of_finding_is_held_against_all_women_without_any() -> None:
    images = [image(n, 0) for n in range(20)] + [image(20 + n, 2, findings=("mass",)) for n in range(5)]
    images += [image(30 + n, 2, findings=("calcification",)) for n in range(5)]
    scores = [0.0] * 20 + [1.0] * 5 + [-1.0] * 5
    found = {line.subgroup: line.figure for line in figures.lines(of(images, scores)) if line.name == "auc_malignant"}
    mass, calcification = found["finding=mass"], found["finding=calcification"]
    assert isinstance(mass, Estimate)
    assert isinstance(calcification, Estimate)
    assert (mass.value, calcification.value) == (1.0, 0.0)
    assert mass.n == calcification.n == 25


def test_cancers_among_the_women_read_once_are_named() -> None:
    """Of ten women the three lowest are read once at 30 %: two with cancer, by hand."""
    severities = [2, 0, 2, 0, 2, 0, 0, 2, 0, 0]
    women = of([image(n, severity) for n, severity in enumerate(severities)], [float(n) for n in range(10)])
    assert figures.cancers_read_once(women)["30"] == ["0-2", "2-2"]
    assert figures.cancers_read_once(women)["67"] == ["0-2", "2-2", "4-2"]


def test_the_share_of_cancers_read_twice_is_told_with_its_interval() -> None:
    women = made(60, 40)
    found = {line.name: line.figure for line in figures.lines(women)}
    for part in figures.SINGLE_READING:
        figure = found[f"cancers_read_twice_at_{round(100 * part)}"]
        assert isinstance(figure, Estimate)
        missed = len(figures.cancers_read_once(women)[str(round(100 * part))])
        assert figure.value == pytest.approx(1 - missed / 40)
        assert figure.low < figure.value < figure.high or figure.value == 1
