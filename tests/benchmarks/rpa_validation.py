"""Invoice validation beside the barest pipeline on the same libraries, on 1 and 2 workers, in one run."""

from __future__ import annotations

import csv
import multiprocessing
import os
import re
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from samdrift_testing.benchmarking import Benchmark, benchmark, percentile

WORKERS = (1, 2)
#: Rounds over all documents; the two pipelines take turns at each document, the other one first each time.
ROUNDS = 11
#: What a round is timed by: the wall clock, and the worker's own CPU time, which busy neighbours disturb less.
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
AIM = 0.95
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_CODE = re.compile(r"\s*\[([FW]-[A-Z]+\d+)\]")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A document of the open data, and what must be found in it."""

    content: bytes
    stylesheets: tuple[Path, ...]
    schema: Path
    failed_rules: list[str]


def main() -> None:
    """61 labelled documents: 36 of OIOUBL, 25 of Peppol."""
    folder = Path(os.environ.get("SAMDRIFT_DATA", "")) / "rpa"
    if not (folder / "labels.tsv").is_file():
        raise SystemExit("needs the labelled documents: set SAMDRIFT_DATA to the folder that holds rpa/")
    documents = labelled(folder)
    with benchmark("rpa_validation", "Invoice validation, beside bare saxonche and lxml") as measured:
        for workers in WORKERS:
            _measure(measured, folder, documents, workers)
        measured.notes += [
            f"{len(documents)} labelled documents, each with its schema and official rules (Peppol: two stylesheets).",
            "bare: lxml parses and validates, saxonche parses and transforms, lxml reads the report, codes are "
            "collected; schema and stylesheets are given to it, and it refuses nothing.",
            "ours: recognised, hardened, held to schema and rules, every finding with severity and sentence.",
            f"Both in every worker, in turns at each document, {ROUNDS} rounds after one that warms up; a ratio is the "
            "median of the rounds' ratios. Both verdicts are held to the labels in every round.",
            "first_round_s: start, compile six stylesheets, load schemas and read all documents once.",
        ]


def labelled(folder: Path) -> list[Labelled]:
    """The rows that have a verdict."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if row["note"].startswith(("OIOUBL", "CEN"))]
    return [_labelled(folder, row) for row in rows]


def _labelled(folder: Path, row: dict[str, str]) -> Labelled:
    content, kind = (folder / row["file"]).read_bytes(), row["root"]
    peppol = row["note"].startswith("CEN")
    oioubl = folder / f"oioubl/xslt-1.17.2/OIOUBL_{kind}_Schematron.xslt"
    sheets = [folder / f"peppol/xslt-2026.5/{name}-EN16931-UBL.xslt" for name in ("CEN", "PEPPOL")]
    newer = peppol or (b"UBLVersionID>2.1<" in content and bool(row["xsd21_valid"]))
    schema = f"ubl21/driver-{kind}-2.1.xsd" if newer else f"ubl20/maindoc/UBL-{kind}-2.0.xsd"
    return Labelled(
        content=content,
        stylesheets=tuple(sheets) if peppol else (oioubl,),
        schema=folder / "ubl-xsd" / schema,
        failed_rules=row["failed_rules"].split(),
    )


def bare(documents: Sequence[Labelled]) -> Callable[[Labelled], list[str]]:
    """The pipeline as one would write it on an afternoon: everything compiled once, nothing checked."""
    from lxml import etree
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    sheets = {
        path: processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
        for path in sorted({path for document in documents for path in document.stylesheets})
    }
    schemas = {path: etree.XMLSchema(etree.parse(path)) for path in {document.schema for document in documents}}

    def validate(document: Labelled) -> list[str]:
        root = etree.fromstring(document.content)
        schemas[document.schema].validate(root)
        node = processor.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
        found: set[str] = set()
        for path in document.stylesheets:
            sheets[path].set_global_context_item(xdm_item=node)
            report = etree.fromstring(sheets[path].transform_to_string(xdm_node=node).encode())
            for element in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"):
                code = element.get("id")
                said = _CODE.match("".join(element.itertext())) if code is None else None
                found.add(code or (said.group(1) if said else ""))
        return sorted(found)

    validate.processor = processor  # type: ignore[attr-defined]  # it must outlive what it compiled
    return validate


def ours(folder: Path) -> Callable[[Labelled], list[str]]:
    """What the command and the invoice process do with the bytes of a document."""
    from samdrift_rpa.documents import read_document
    from samdrift_rpa.rules.findings import codes
    from samdrift_rpa.rules.official import OfficialRules

    rules = OfficialRules(folder)
    return lambda document: codes(rules.validate(read_document(document.content)).failed_rules)


def work(folder: Path, documents: Sequence[Labelled], barrier: Barrier, results: Any) -> None:
    """One worker: both pipelines in turns, together with the other workers in every round."""
    began = time.perf_counter()
    ready = {"ours": ours(folder)}
    _check(ready["ours"], documents)
    first_s, mib = time.perf_counter() - began, _mib()
    ready["bare"] = bare(documents)
    _check(ready["bare"], documents)
    rounds = []
    for number in range(ROUNDS):
        barrier.wait()
        rounds.append(_round(ready, documents, number))
    results.put((rounds, first_s, mib))


def _check(validate: Callable[[Labelled], list[str]], documents: Sequence[Labelled]) -> None:
    wrong = [document.failed_rules for document in documents if validate(document) != document.failed_rules]
    if wrong:
        raise SystemExit(f"{len(wrong)} documents do not have the verdict of their label, such as {wrong[0]}")


def _round(
    ready: dict[str, Callable[[Labelled], list[str]]], documents: Sequence[Labelled], number: int
) -> dict[tuple[str, str], float]:
    """Seconds by pipeline and clock."""
    took: dict[tuple[str, str], float] = dict.fromkeys(((name, clock) for name in ready for clock in CLOCKS), 0.0)
    for position, document in enumerate(documents):
        for name in sorted(ready, reverse=bool((position + number) % 2)):
            began = {clock: now() for clock, now in CLOCKS.items()}
            found = ready[name](document)
            for clock, now in CLOCKS.items():
                took[name, clock] += now() - began[clock]
            if found != document.failed_rules:
                raise SystemExit(f"{name} found {found} and not {document.failed_rules}")
    return took


def _measure(measured: Benchmark, folder: Path, documents: Sequence[Labelled], workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(workers), context.SimpleQueue()
    started = [context.Process(target=work, args=(folder, documents, barrier, results)) for _ in range(workers)]
    for process in started:
        process.start()
    told = [results.get() for _ in started]
    for process in started:
        process.join()
    ratios = {clock: _ratios([rounds for rounds, _, _ in told], clock) for clock in CLOCKS}
    measured.row(
        workers=workers,
        ours_per_s=_per_s([rounds for rounds, _, _ in told], "ours", len(documents)),
        bare_per_s=_per_s([rounds for rounds, _, _ in told], "bare", len(documents)),
        ratio_wall=percentile(ratios["wall"], 0.5),
        lowest_wall=min(ratios["wall"]),
        highest_wall=max(ratios["wall"]),
        ratio_cpu=percentile(ratios["cpu"], 0.5),
        lowest_cpu=min(ratios["cpu"]),
        highest_cpu=max(ratios["cpu"]),
        first_round_s=max(first for _, first, _ in told),
        mib_per_worker=max(mib for _, _, mib in told),
    )
    plural = "s" if workers > 1 else ""
    measured.bar(
        f"at least {AIM} of the bare pipeline on {workers} worker{plural}, by the wall clock",
        percentile(ratios["wall"], 0.5) >= AIM,
    )
    measured.bar(f"the same by CPU time, {workers} worker{plural}", percentile(ratios["cpu"], 0.5) >= AIM)


def _ratios(workers: Sequence[Sequence[dict[tuple[str, str], float]]], clock: str) -> list[float]:
    """Of each round: the bare pipeline's time by ours, all workers together."""
    return [
        sum(rounds[number]["bare", clock] for rounds in workers)
        / sum(rounds[number]["ours", clock] for rounds in workers)
        for number in range(ROUNDS)
    ]


def _per_s(workers: Sequence[Sequence[dict[tuple[str, str], float]]], name: str, documents: int) -> float:
    """Documents a second of all workers together, were there only this pipeline; the median of the rounds."""
    rates = [sum(documents / rounds[number][name, "wall"] for rounds in workers) for number in range(ROUNDS)]
    return percentile(rates, 0.5)


def _mib() -> float:
    """Highest resident memory so far, with every schema and stylesheet loaded and each document read once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
