"""Two compressions of one real film (NEMA WG04)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
import pytest

from samdrift_mammography.decoding.values import stored_values
from samdrift_mammography.demonstration import SHIPPED
from samdrift_mammography.part10 import parse
from samdrift_mammography.workload import MODEL, workload
from samdrift_platform.checks import Example, MemoryStore
from samdrift_platform.contract import Outcome, Verdict
from samdrift_registry.verified import VerifiedModel

pytestmark = pytest.mark.data


def file_of(name: str) -> Path:
    path = Path(os.environ.get("SAMDRIFT_DATA", "")) / "mammography" / "wg04" / name
    if "SAMDRIFT_DATA" not in os.environ or not path.is_file():
        pytest.skip(f"SAMDRIFT_DATA holds no mammography/wg04/{name}")
    return path


def outcome_of(name: str) -> Outcome:
    """What becomes of an exam that consists of this one file."""
    path = file_of(name)
    store = MemoryStore()
    document = {
        "screening_unit": "unit",
        "received_at": "2026-11-24T08:00:00Z",
        "objects": [store.put(path.read_bytes())],
    }
    model = VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=SHIPPED)
    (outcome,) = Example(document=document, store=store, models={MODEL: model}).outcomes(workload)
    return outcome


def test_jpeg_2000_is_opened_and_the_exam_is_read_by_two_because_views_are_missing() -> None:
    outcome = outcome_of("MG1_J2KI.dcm")
    assert outcome.result["reasons"] == ["missing-views"]
    assert outcome.result["missing"] == ["RCC", "LCC", "RMLO"]
    (view,) = cast(list[Any], outcome.result["views"])
    assert view["view"] == "LMLO"
    assert view["picture"]


def test_jpeg_extended_of_12_bits_is_opened_too() -> None:
    """pydicom's decoders refuse it; GDCM itself opens it."""
    outcome = outcome_of("MG1_JPLY.dcm")
    assert outcome.verdict is Verdict.DONE
    assert outcome.result["reasons"] == ["missing-views"]
    (view,) = cast(list[Any], outcome.result["views"])
    assert (view["problems"], "lossy" in view["quality"]) == ([], True)


def test_jpeg_extended_of_12_bits_is_decoded_as_dcmtk_decodes_it(tmp_path: Path) -> None:
    if shutil.which("dcmdjpeg") is None:
        pytest.skip("dcmdjpeg is not installed: apt-get install dcmtk")
    source = file_of("MG1_JPLY.dcm")
    subprocess.run(["dcmdjpeg", source, tmp_path / "plain.dcm"], check=True, capture_output=True)
    by_dcmtk = pydicom.dcmread(tmp_path / "plain.dcm").pixel_array
    np.testing.assert_array_equal(stored_values(parse(source.read_bytes())), by_dcmtk)
