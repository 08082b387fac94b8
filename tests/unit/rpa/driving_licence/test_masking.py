from __future__ import annotations

import io
import json
import zipfile
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_rpa.web.masking import Masker

NAME = 'Åse "Test" O\'Hara & Søn'


def masked(files: dict[str, bytes], *personal: str) -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as trace:
        for name, content in files.items():
            trace.writestr(name, content)
    with zipfile.ZipFile(io.BytesIO(Masker(personal).trace(packed.getvalue()))) as trace:
        return {name: trace.read(name) for name in trace.namelist()}


@pytest.mark.parametrize(
    "text",
    [
        NAME,
        quote_plus(NAME),
        json.dumps({"value": NAME}, ensure_ascii=False),
        "&lt;" + NAME.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#x27;"),
    ],
)
def test_a_personal_value_goes_however_it_is_written(text: str) -> None:
    assert "Hara" not in Masker([NAME]).text(text)


def test_a_line_of_a_trace_stays_json_and_keeps_its_other_numbers() -> None:
    line = {"type": "before", "startTime": 2512489996, "at": 1796006034207, "params": {"value": "251248-9996", "n": 1}}
    content = masked({"trace.trace": json.dumps(line).encode() + b"\nnot json 251248-9996\n"})["trace.trace"].decode()
    first, second, rest = content.split("\n")
    event = json.loads(first)
    assert event["params"] == {"value": "251248-xxxx", "n": 1}
    assert event["at"] == 1796006034207
    assert "9996" not in first
    assert second == "not json 251248-xxxx"
    assert rest == ""


def test_what_is_no_text_is_left_out() -> None:
    files = masked(
        {"resources/a.png": b"\x89PNG\r\n", "resources/b.html": b"<p>251248 9996</p>", "trace.stacks": b"{}"}
    )
    assert files == {"resources/a.png": b"", "resources/b.html": b"<p>251248-xxxx</p>", "trace.stacks": b"{}"}


@given(st.text(), st.text(min_size=3))
def test_no_personal_value_is_left_in_any_text(around: str, personal: str) -> None:
    assert personal not in Masker([personal]).text(f"{around}{personal}{around}").replace("•••", "")
