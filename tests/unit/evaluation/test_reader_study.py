"""The reading protocol against the same written out slowly, in fractions: one exam, one pair, one draw at a time."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.reader_study import Study, StudyUnreadableError, ai_columns, read_study, study_of
from samdrift_evaluation.reading_protocol import Comparison, ReadingProtocol, compare, sweep

RESULTS = Path(os.environ.get("SAMDRIFT_DATA", "nowhere")) / "mammography" / "nyu_reader_study" / "results.csv"
needs_data = pytest.mark.skipif(not RESULTS.is_file(), reason=f"SAMDRIFT_DATA does not hold {RESULTS}")

#: The figures that the oracle knows, as `Comparison` names them.
FIGURES = (
    "reads_saved",
    "sensitivity_double",
    "sensitivity_triage",
    "difference",
    "fpr_double",
    "fpr_triage",
    "fpr_difference",
    "auc_exam",
    "cancers_read_once",
)


@dataclass(frozen=True)
class Exam:
    cancer: bool
    #: One POM a reader.
    poms: tuple[float, ...]
    ai: float


def slow_quantile(values: list[float], share: float) -> Fraction:
    """numpy's default: linear between the order statistics at share * (n - 1)."""
    ordered = sorted(Fraction(value) for value in values)
    place = Fraction(share) * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def slow_figures(exams: list[Exam], share: float, threshold: float) -> dict[str, Fraction] | None:
    """Every figure by counting readers, pairs and exams; None without exams of either kind."""
    cut = slow_quantile([exam.ai for exam in exams], share)
    readings, once = 0, 0
    double: dict[bool, list[Fraction]] = {True: [], False: []}
    triage: dict[bool, list[Fraction]] = {True: [], False: []}
    for exam in exams:
        recalls = [pom >= threshold for pom in exam.poms]
        pairs = list(combinations(recalls, 2))
        by_two = Fraction(sum(a or b for a, b in pairs), len(pairs))
        by_one = Fraction(sum(recalls), len(recalls))
        low = Fraction(exam.ai) <= cut
        readings += 1 if low else 2
        once += low and exam.cancer
        double[exam.cancer].append(by_two)
        triage[exam.cancer].append(by_one if low else by_two)
    if not double[True] or not double[False]:
        return None
    wins = [
        Fraction(1) if ill.ai > well.ai else Fraction(1, 2) if ill.ai == well.ai else Fraction(0)
        for ill in exams
        for well in exams
        if ill.cancer and not well.cancer
    ]
    return {
        "reads_saved": 1 - Fraction(readings, 2 * len(exams)),
        "sensitivity_double": mean(double[True]),
        "sensitivity_triage": mean(triage[True]),
        "difference": mean(triage[True]) - mean(double[True]),
        "fpr_double": mean(double[False]),
        "fpr_triage": mean(triage[False]),
        "fpr_difference": mean(triage[False]) - mean(double[False]),
        "auc_exam": mean(wins),
        "cancers_read_once": Fraction(once, len(double[True])),
    }


def slow_intervals(exams: list[Exam], protocol: ReadingProtocol) -> dict[str, tuple[float, float]]:
    """Percentiles over replicates, each drawn by itself."""
    rng, tail = np.random.default_rng(protocol.seed), (1 - protocol.confidence) / 2
    drawn: dict[str, list[float]] = {name: [] for name in FIGURES}
    for _ in range(protocol.replicates):
        sample = [exams[i] for i in rng.integers(0, len(exams), len(exams))]
        for name, value in (slow_figures(sample, protocol.single_read_share, protocol.recall_threshold) or {}).items():
            drawn[name].append(float(value))
    return {
        name: (float(slow_quantile(values, tail)), float(slow_quantile(values, 1 - tail)))
        for name, values in drawn.items()
    }


def study(exams: list[Exam]) -> Study:
    return Study(
        case=np.array([str(i) for i in range(len(exams))]),
        cancer=np.array([exam.cancer for exam in exams]),
        reader_pom=np.array([exam.poms for exam in exams]),
        ai=np.array([exam.ai for exam in exams]),
    )


def exams_of(real: Study) -> list[Exam]:
    rows = zip(real.cancer.tolist(), real.reader_pom.tolist(), real.ai.tolist(), strict=True)
    return [Exam(cancer, tuple(poms), ai) for cancer, poms, ai in rows]


#: Sixteenths: exact in binary, so that fast and slow agree on what lies exactly on a cut. Many ties.
SIXTEENTHS = st.integers(0, 16).map(lambda n: n / 16)


@st.composite
def small_studies(draw: st.DrawFn) -> list[Exam]:
    readers = draw(st.integers(2, 5))
    poms = st.tuples(*[SIXTEENTHS] * readers)
    exams = draw(st.lists(st.builds(Exam, st.booleans(), poms, SIXTEENTHS), min_size=2, max_size=17))
    return [replace(exams[0], cancer=True), replace(exams[1], cancer=False), *exams[2:]]


@settings(deadline=None)
@given(small_studies(), SIXTEENTHS, SIXTEENTHS, st.integers(0, 3))
def test_fast_is_slow(exams: list[Exam], share: float, threshold: float, seed: int) -> None:
    protocol = ReadingProtocol(single_read_share=share, recall_threshold=threshold, replicates=12, seed=seed)
    try:
        found = compare(study(exams), protocol)
    except TooFewCasesError:  # of so few exams, no replicate holds both kinds
        assert len(exams) < 6
        return
    expected = slow_figures(exams, share, threshold)
    assert expected is not None
    for name in FIGURES:
        assert getattr(found, name).value == pytest.approx(float(expected[name]), abs=1e-12), name


def usable(exams: list[Exam], protocol: ReadingProtocol) -> bool:
    """Whether every replicate holds both kinds, so that all figures rest on the same replicates."""
    rng = np.random.default_rng(protocol.seed)
    samples = [[exams[i].cancer for i in rng.integers(0, len(exams), len(exams))] for _ in range(protocol.replicates)]
    return all(any(sample) and not all(sample) for sample in samples)


@given(small_studies().filter(lambda exams: len(exams) >= 6), SIXTEENTHS, st.integers(0, 3))
def test_intervals_are_those_of_single_draws(exams: list[Exam], share: float, seed: int) -> None:
    protocol = ReadingProtocol(
        single_read_share=share, recall_threshold=0.25, replicates=12, seed=seed, confidence=0.75
    )
    if not usable(exams, protocol):
        return
    found, expected = compare(study(exams), protocol), slow_intervals(exams, protocol)
    for name in FIGURES:
        figure = getattr(found, name)
        assert (figure.low, figure.high) == pytest.approx(expected[name], abs=1e-12), name


@given(small_studies(), SIXTEENTHS)
def test_one_reader_never_recalls_more_than_two(exams: list[Exam], share: float) -> None:
    """Triage as defined can lower both rates and raise neither: no policy can stop a model by its false positives."""
    found = slow_figures(exams, share, 0.25)
    assert found is not None
    assert found["difference"] <= 0
    assert found["fpr_difference"] <= 0


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    exams = [Exam(i % 4 == 0, tuple(rng.random(3)), rng.random()) for i in range(40)]
    whole = compare(study(exams), ReadingProtocol(replicates=101))
    monkeypatch.setattr("samdrift_evaluation.reading_protocol._AT_ONCE", 7 * 40)
    assert compare(study(exams), ReadingProtocol(replicates=101)) == whole


def test_a_sweep_says_the_same_as_each_comparison() -> None:
    exams = [Exam(i % 3 == 0, (i % 2 / 2, i % 5 / 8), i % 7 / 8) for i in range(30)]
    protocol = ReadingProtocol(replicates=50)
    shares = (0.0, 0.25, 1.0)
    swept = list(sweep(study(exams), protocol, shares))
    assert swept == [compare(study(exams), replace(protocol, single_read_share=share)) for share in shares]
    assert swept[-1].reads_saved.value == 0.5


def test_a_constant_score_sends_everything_to_one_reader_and_tells_nothing_apart() -> None:
    exams = [Exam(i % 3 == 0, (0.5, 0.0), 0.3) for i in range(30)]
    found = compare(study(exams), ReadingProtocol(replicates=50))
    assert (found.reads_saved.value, found.auc_exam.value, found.cancers_read_once.value) == (0.5, 0.5, 1.0)
    assert (found.auc_exam.low, found.auc_exam.high) == (0.5, 0.5)


def test_non_inferior_means_the_whole_interval_above_the_margin() -> None:
    exams = [Exam(i % 3 == 0, (0.5, 0.0), i % 7 / 8) for i in range(60)]
    found = compare(study(exams), ReadingProtocol(replicates=200))
    lost = -found.difference.low
    for margin, expected in ((lost, False), (lost * 1.001, True), (lost * 0.999, False)):
        assert replace(found, protocol=ReadingProtocol(margin=margin)).non_inferior is expected


@pytest.mark.parametrize(
    ("what", "value"),
    [("single_read_share", -0.1), ("recall_threshold", 1.5), ("margin", 2.0), ("replicates", 0), ("confidence", 1.0)],
)
def test_a_protocol_that_cannot_be_meant_is_refused(what: str, value: Any) -> None:
    with pytest.raises(EvaluationError) as refused:
        replace(ReadingProtocol(), **{what: value})
    assert refused.value.field == what


# --- the file -------------------------------------------------------------------------------------------------------

HEADER = "case_ID,side,label,Reader01_POM,Reader02_POM,AI_one_POM"
ROWS = ("20,L,0,0.1,0.2,0.3", "20,R,1,0.4,0.0,0.1", "3,L,0,0,0,0.7", "3,R,0,0.05,0.3,0.2")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, HEADER, *ROWS)


def written(folder: Path, *lines: str, mark: str = "") -> Path:
    path = folder / "study.csv"
    path.write_text(mark + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_exam_has_the_highest_of_its_breasts(file: Path) -> None:
    found = read_study(file, "AI_one_POM")
    assert found.case.tolist() == ["3", "20"]
    assert found.cancer.tolist() == [False, True]
    assert found.reader_pom.tolist() == [[0.05, 0.3], [0.4, 0.2]]
    assert found.ai.tolist() == [0.7, 0.3]


def test_neither_the_order_of_rows_nor_a_byte_order_mark_matters(tmp_path: Path, file: Path) -> None:
    protocol = ReadingProtocol(replicates=20)
    first = compare(read_study(file, "AI_one_POM"), protocol)
    turned = written(tmp_path, HEADER, *reversed(ROWS), mark="\ufeff")
    assert compare(read_study(turned, "AI_one_POM"), protocol) == first


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "no column 'case_ID'; it has no row"),
        (("case,label", "1,0"), "no column 'case_ID'; it has case, label"),
        ((HEADER.replace("AI_one", "AI_two"), *ROWS), "Its AI columns: AI_two_POM"),
        ((HEADER.replace("Reader02", "Radiologist"), *ROWS), "has 1 readers; a pair needs two"),
        ((HEADER, *ROWS[:3], "3,R,0,0.05,often,0.2"), "'Reader02_POM' holds something that is not a number"),
        ((HEADER, *ROWS[:3], "3,R,0,0.05,nan,0.2"), "'Reader02_POM' has missing values"),
        ((HEADER, *ROWS[:3], "3,R,0,0.05"), "'AI_one_POM' holds something|'Reader02_POM' holds something"),
        ((HEADER, *ROWS[:3], "3,R,2,0.05,0.3,0.2"), "must hold 0 .* and 1"),
        ((HEADER, *ROWS[2:]), "with and without cancer"),
    ],
)
def test_what_is_no_study_is_refused_with_the_place(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(EvaluationError, match=said):
        read_study(written(tmp_path, *lines), "AI_one_POM")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("binary.csv", "absent.csv"):
        with pytest.raises(StudyUnreadableError, match=name):
            read_study(tmp_path / name, "AI_one_POM")


def test_scores_of_ones_own_take_the_column_s_place(file: Path) -> None:
    assert study_of(file, {"3": 0.25, "20": 0.5, "99": 1.0}).ai.tolist() == [0.25, 0.5]
    with pytest.raises(StudyUnreadableError, match="no score for 1 of 2 exams, among them 20"):
        study_of(file, {"3": 0.25})


# --- the real study -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared() -> dict[str, Comparison]:
    """Each AI of the real study under the default protocol."""
    return {ai: compare(read_study(RESULTS, ai), ReadingProtocol()) for ai in ai_columns(RESULTS)}


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("ai", ["AI_GMIC_top5_POM", "AI_end2end_ddsm_POM"])
def test_the_real_study_read_slowly(ai: str) -> None:
    real, protocol = read_study(RESULTS, ai), ReadingProtocol(replicates=5)
    exams = exams_of(real)
    found, slow = compare(real, protocol), slow_figures(exams, protocol.single_read_share, protocol.recall_threshold)
    intervals = slow_intervals(exams, protocol)
    assert slow is not None
    for name in FIGURES:
        figure = getattr(found, name)
        assert figure.value == pytest.approx(float(slow[name]), abs=1e-12), name
        assert (figure.low, figure.high) == pytest.approx(intervals[name], abs=1e-12), name


@needs_data
@pytest.mark.data
def test_the_real_study_s_figures(compared: dict[str, Comparison]) -> None:
    """Pinned: who changes a definition sees it here. The bounds are those of seed 0."""
    assert {(one.n_exams, one.n_cancers) for one in compared.values()} == {(480, 40)}
    told = {
        ai.removeprefix("AI_").removesuffix("_POM"): (
            round(one.difference.value, 4),
            round(one.difference.low, 3),
            round(one.auc_exam.value, 4),
        )
        for ai, one in compared.items()
    }
    assert told == {
        "GMIC_top5": (-0.0251, -0.049, 0.8212),
        "GMIC_top1": (-0.033, -0.058, 0.7945),
        "GLAM": (-0.0195, -0.038, 0.7989),
        "DMVCNN": (-0.0493, -0.076, 0.7155),
        "frcnn": (-0.0672, -0.101, 0.6319),
        "end2end_inbreast": (-0.0891, -0.12, 0.5355),
        "end2end_ddsm": (-0.1111, -0.14, 0.427),
    }


@needs_data
@pytest.mark.data
def test_the_file_s_rows_are_breasts_of_whole_exams() -> None:
    with RESULTS.open(newline="") as file:
        sides: dict[str, list[str]] = {}
        for row in csv.DictReader(file):
            sides.setdefault(row["case_ID"], []).append(row["side"])
    assert {tuple(sorted(each)) for each in sides.values()} == {("L", "R")}
