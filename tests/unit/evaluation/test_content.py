"""Evaluation names a model's content as the registry does, though neither knows the other's code."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_evaluation.content import LinkInModelError, content_digest
from samdrift_registry import inventory

NAMES = st.text(
    st.characters(categories=["L", "N"], include_characters="-_ .", max_codepoint=0x2FF), min_size=1, max_size=8
)
PATHS = st.lists(NAMES.filter(lambda name: name.strip(" .")), min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(PATHS, st.binary(max_size=50), max_size=6))
def test_it_is_the_registry_s(files: dict[str, bytes]) -> None:
    with TemporaryDirectory() as folder:
        write(Path(folder), {f"{path}.json": data for path, data in files.items()})
        assert content_digest(Path(folder)) == inventory.content_digest(inventory.inventory(Path(folder)))


def test_a_supplier_s_report_is_not_part_of_what_it_is_about(tmp_path: Path) -> None:
    write(tmp_path, {"model.safetensors": b"weights"})
    bare = content_digest(tmp_path)
    write(tmp_path, {"evaluation.json": b"{}"})
    assert content_digest(tmp_path) == bare == inventory.content_digest(inventory.inventory(tmp_path))
    write(tmp_path, {"more/evaluation.json": b"{}"})
    assert content_digest(tmp_path) != bare


@pytest.mark.parametrize(
    "changed",
    [{"model.safetensors": b"weightz"}, {"model.txt": b"weights"}, {"model.safetensors": b"weights", "a.md": b""}],
)
def test_any_change_of_content_is_another_content(tmp_path: Path, changed: dict[str, bytes]) -> None:
    write(tmp_path / "before", {"model.safetensors": b"weights"})
    write(tmp_path / "after", changed)
    assert content_digest(tmp_path / "before") != content_digest(tmp_path / "after")


def test_a_link_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "model", {"model.safetensors": b"weights"})
    (tmp_path / "model" / "card.md").symlink_to("/etc/hostname")
    with pytest.raises(LinkInModelError, match=r"card\.md is a link"):
        content_digest(tmp_path / "model")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "model")
    with pytest.raises(LinkInModelError, match="elsewhere is a link"):
        content_digest(tmp_path / "elsewhere")


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
