"""The 2,000-replicate bootstrap of the reader study: for one share of exams read by one reader, and for a sweep."""

from __future__ import annotations

import sys

from samdrift_evaluation.reader_study import read_study
from samdrift_evaluation.reading_curves import SHARES
from samdrift_evaluation.reading_protocol import ReadingProtocol, sweep
from samdrift_evaluation.replay import StudyMissingError, study_path
from samdrift_testing.benchmarking import benchmark, percentile, timed

AI, TURNS, BAR_S = "AI_GLAM_POM", 5, 5.0


def main() -> None:
    """Reading the file is not counted; which AI it is makes no difference to the time."""
    try:
        study = read_study(study_path(), AI)
    except StudyMissingError as error:
        sys.stderr.write(f"reader_study is left out: {error.message}\n")
        return
    protocol = ReadingProtocol()
    with benchmark("reader_study", "Reader study: bootstrap of 2,000 replicates over 480 exams") as measured:
        worst = {}
        for what, shares in (("one share", (0.6,)), (f"a sweep of {len(SHARES)} shares", SHARES)):
            times = []
            for _ in range(TURNS):
                with timed() as seconds:
                    sweep(study, protocol, shares)
                times += seconds
            worst[what] = max(times)
            measured.row(what=what, runs=TURNS, median_s=percentile(times, 0.5), worst_s=worst[what])
        measured.bar(f"{protocol.replicates:,} replicates in {BAR_S:g} s, every run", worst["one share"] < BAR_S)
        measured.notes.append("one thread")


if __name__ == "__main__":
    main()
