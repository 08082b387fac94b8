"""Every document that is written, judged by two validators of others; and that these find what is broken."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.sr.coding import Code

from samdrift_mammography.results import codes
from samdrift_mammography.results.cad_sr import cad_sr
from samdrift_mammography.results.comprehensive_sr import comprehensive_sr
from samdrift_mammography.results.content import coded
from samdrift_mammography.results.documents import with_documents
from samdrift_mammography.results.file import part10
from samdrift_mammography.results.presentation_state import presentation_state
from samdrift_mammography.results.report import report_of
from samdrift_mammography.results.secondary_capture import secondary_capture
from samdrift_mammography.results.wording import Language
from samdrift_mammography.submission import MammographySubmission
from samdrift_mammography.views import View
from samdrift_mammography.workload import MODEL, workload
from samdrift_platform.checks import (
    Example,
    MemoryStore,
    check_effects_repeat,
    check_process_repeats,
    check_values_travel,
)
from samdrift_platform.contract import Context
from samdrift_testing.dicom_validators import dciodvfy, program, sr_validator, unexpected
from samdrift_testing.edge_cases import CASES, EdgeCase, Expected
from samdrift_testing.reported_exam import reported_exam
from samdrift_testing.screening_study import PIXEL_MM, SPOT_COLUMN, SPOT_ROW, mammogram, pixels, screening_study

pytestmark = pytest.mark.integration

#: What `dciodvfy` may say, and why it is right as it is.
ALLOWED_DCIODVFY = {
    "Unrecognized defined term = <99SAMDRIFT>": "our own coding scheme; schemes that begin with 99 are private",
    "would be needed to build DICOMDIR": "what the image's header lacks is not made up",
    "Retired Person Name form": "CBIS-DDSM names its patients without a caret; documents carry the source's name",
}
#: What PixelMed may say.
ALLOWED_PIXELMED = {
    r'different code meaning \("Failed Detections"\)': "its table has two spaces in that meaning, PS3.16 has one",
}
CAD, COMPREHENSIVE = ("MammographyCADSR", "TID_4000"), ("ComprehensiveSR", "TID_1500")
OUTCOMES: dict[str, dict[str, Any]] = {
    "marks": {"density": {"class": "C", "probabilities": [0.1, 0.2, 0.6, 0.1]}},
    "no marks": {"marks": {}},
    "not scored": {"score": None},
    "stopped": {"score": None, "model": False, "reasons": ["stopped"]},
}
Make = Callable[..., Dataset]


def written(folder: Path, document: Dataset) -> Path:
    path = folder / "document.dcm"
    path.write_bytes(part10(document))
    return path


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("make", [cad_sr, comprehensive_sr, secondary_capture, presentation_state])
@pytest.mark.parametrize("facts", OUTCOMES.values(), ids=OUTCOMES)
def test_modules_and_attributes(facts: dict[str, Any], make: Make, language: Language, tmp_path: Path) -> None:
    document = make(reported_exam(**facts).report(language))
    nothing_to_show = {secondary_capture: "score" in facts, presentation_state: "density" not in facts}
    assert (document is None) == nothing_to_show.get(make, False)
    if document is not None:
        assert unexpected(dciodvfy(written(tmp_path, document)), ALLOWED_DCIODVFY) == []


@pytest.mark.parametrize(
    ("make", "kind", "outcome"),
    [
        (cad_sr, CAD, "marks"),
        (cad_sr, CAD, "no marks"),
        (cad_sr, CAD, "not scored"),
        (comprehensive_sr, COMPREHENSIVE, "marks"),
        (comprehensive_sr, COMPREHENSIVE, "stopped"),
    ],
)
def test_templates_and_context_groups(make: Make, kind: tuple[str, str], outcome: str, tmp_path: Path) -> None:
    path = written(tmp_path, make(reported_exam(**OUTCOMES[outcome]).report()))
    assert unexpected(sr_validator(path, *kind), ALLOWED_PIXELMED) == []


def test_the_study_with_its_documents_is_of_one_piece(tmp_path: Path) -> None:
    """The same patient and study in images and documents, as `dcentvfy` compares them."""
    paths = []
    for view, data in screening_study().items():
        paths.append(tmp_path / f"{view}.dcm")
        paths[-1].write_bytes(data)
    exam = reported_exam()
    documents = with_documents(exam.item, exam.result, exam.store)["documents"]
    for entry in documents:
        paths.append(tmp_path / f"{entry['kind']}.dcm")
        paths[-1].write_bytes(exam.store.get(entry["object"]))
    command = [program("dcentvfy", "dicom3tools"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line]
    # of one program's two tables one has the accession number in the study, the other in the series
    assert unexpected(said, {"Element=<AccessionNumber> IE <Study> versus <Series>": ""}) == []


def test_another_program_reads_the_danish_letters(tmp_path: Path) -> None:
    path = written(tmp_path, cad_sr(reported_exam().report()))
    command = [program("dsrdump", "dcmtk"), "+Pl", str(path)]
    said = subprocess.run(command, capture_output=True, check=True, timeout=240).stdout.decode("utf-8")
    assert "Mammography CAD SR Document" in said
    assert "Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør." in said
    assert "højre og venstre bryst på Åboulevarden" in said


@pytest.mark.parametrize(("photometric", "shape"), [("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "IDENTITY")])
def test_another_program_shows_the_image_by_its_presentation_state(
    photometric: str, shape: str, tmp_path: Path
) -> None:
    """DCMTK renders the image with the state and without: the same greys, as the header's photometry has them."""
    tags: dict[str, Any] = {"PhotometricInterpretation": photometric, "PresentationLUTShape": shape}
    files = {view: part10(mammogram(view, **tags)) for view in View}
    document = presentation_state(reported_exam(files=files).report())
    assert document is not None
    state, image = written(tmp_path, document), tmp_path / "image.dcm"
    image.write_bytes(files[View.LCC])
    for options, name in ((["-p", str(state)], "with.pgm"), ([], "without.pgm")):
        command = [program("dcmp2pgm", "dcmtk"), *options, str(image), str(tmp_path / name)]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
    shown = [np.asarray(Image.open(tmp_path / name), dtype=float) for name in ("with.pgm", "without.pgm")]
    assert np.abs(shown[0] - shown[1]).max() <= 1
    stored = pixels(View.LCC) / 16
    seen = 255 - stored if photometric == "MONOCHROME1" else stored
    assert np.abs(shown[0] - seen).max() <= 2


def without_evidence(document: Dataset) -> None:
    del document.CurrentRequestedProcedureEvidenceSequence


def without_character_set(document: Dataset) -> None:
    del document.SpecificCharacterSet


@pytest.mark.parametrize("damage", [without_evidence, without_character_set])
@pytest.mark.parametrize("make", [cad_sr, comprehensive_sr])
def test_dciodvfy_finds_what_is_broken(make: Make, damage: Callable[[Dataset], None], tmp_path: Path) -> None:
    document = make(reported_exam().report())
    damage(document)
    errors = [line for line in dciodvfy(written(tmp_path, document)) if line.startswith("Error")]
    assert unexpected(errors, ALLOWED_DCIODVFY)


def everything(item: Dataset) -> Iterator[Dataset]:
    yield item
    for below in item.get("ContentSequence", []):
        yield from everything(below)


def without_rendering_intent(document: Dataset) -> None:
    """Row 2 of TID 4006 is mandatory."""
    for item in everything(document):
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == "111059":
            del item.ContentSequence[0]


def with_the_sides_of_another_group(document: Dataset) -> None:
    """TID 4020 takes the side from CID 6022, not from CID 244."""
    for item in everything(document):
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == "111027":
            item.ConceptCodeSequence = [coded(Code("7771000", "SCT", "Left"))]


def test_pixelmed_finds_what_dciodvfy_does_not(tmp_path: Path) -> None:
    """Both faults in one document, because PixelMed takes seconds for each; it names both."""
    document = cad_sr(reported_exam().report())
    without_rendering_intent(document)
    with_the_sides_of_another_group(document)
    path = written(tmp_path, document)
    assert unexpected(dciodvfy(path), ALLOWED_DCIODVFY) == []
    found = "\n".join(unexpected(sr_validator(path, *CAD), ALLOWED_PIXELMED))
    assert re.search(r"Rendering Intent.*Missing required content item", found)
    assert re.search(r"Image Laterality.*not found in context group 6022", found)


def test_a_validator_that_does_not_start_is_not_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As PixelMed's, it says nothing of what it should and ends with 0."""
    (tmp_path / "DicomSRValidator").write_text("#!/bin/sh\n")
    (tmp_path / "DicomSRValidator").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert len(sr_validator(tmp_path / "document.dcm", *CAD)) == 4


def test_every_exception_has_its_reason() -> None:
    assert all({**ALLOWED_DCIODVFY, **ALLOWED_PIXELMED}.values())
    assert codes.OWN_SCHEME in next(iter(ALLOWED_DCIODVFY))


def test_documents_of_the_real_films(whole: Example, tmp_path: Path) -> None:
    """CBIS-DDSM: a study for each view, no pixel spacing, an orientation that is none. And a retry makes the same."""
    example = Example(document={**whole.document, "return_results": True}, store=whole.store, models=whole.models)
    results: list[Any] = [each.result for each in example.outcomes(workload) if each.result.get("reading")]
    assert [result["document_problems"] for result in results] == [[], []]
    for number, entry in enumerate(entry for result in results for entry in result["documents"]):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(whole.store.get(entry["object"]))
        assert unexpected(dciodvfy(path), ALLOWED_DCIODVFY) == []
    for check in (check_values_travel, check_process_repeats, check_effects_repeat):
        check(workload, example)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.expected is not Expected.REFUSED], ids=lambda case: case.name
)
def test_documents_of_every_odd_image_are_valid(case: EdgeCase, tmp_path: Path) -> None:
    """Scored by nothing, told as not scored: whatever the image is, two reports about it hold to the standard."""
    store = MemoryStore()
    document = {"screening_unit": "unit", "received_at": "2026-11-24T08:00:00Z", "objects": [store.put(case.make())]}
    submission = MammographySubmission.model_validate({**document, "return_results": True})
    (outcome,) = workload.safe(list(workload.split(submission, store)), Context(store=store))
    result: Any = outcome.result
    assert (len(result["documents"]), result["document_problems"]) == (2, [])
    for entry in result["documents"]:
        path = tmp_path / "document.dcm"
        path.write_bytes(store.get(entry["object"]))
        assert unexpected(dciodvfy(path), ALLOWED_DCIODVFY) == []


def test_the_model_finds_the_spot_and_the_report_says_where(whole: Any) -> None:
    """From the pixels to the coordinates: the mark's centre lies on the bright spot of the study made by code."""
    store = whole.store
    objects = [store.put(data) for data in screening_study().values()]
    document = {**whole.document, "objects": objects, "return_results": True}
    (item,) = workload.split(MammographySubmission.model_validate(document), store)
    (outcome,) = workload.process([item], Context(store=store, engine=whole.engine(workload)))
    result: Any = outcome.result
    assert result["model"]["name"] == MODEL
    files = list(screening_study().values())
    report = report_of(item, result, files=files, pictures=[None] * 4, language=Language.DANISH)
    near = [
        found.image.view
        for found in report.findings
        if ((found.column - SPOT_COLUMN) ** 2 + (found.row - SPOT_ROW) ** 2) ** 0.5 * PIXEL_MM < 6
    ]
    assert near == ["LCC", "LMLO"]
