from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest


def write_model(folder: Path, value: float = 1.0) -> Path:
    """A model of one number, in safetensors written by hand: header length, header, data."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<f", value))
    (folder / "model.json").write_text(json.dumps({"architecture": "one number"}))
    (folder / "card.md").write_text("# One number\n")
    return folder


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests kill processes, not the power: the kernel keeps what was written, so waiting for the disk is idle.

    `test_durable.py` shows that the disk is asked, and when.
    """
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model")
