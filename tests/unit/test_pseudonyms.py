"""Pseudonyms: the same for the same person in one home, unrelated between homes, and not to be guessed."""

from __future__ import annotations

import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from samdrift_platform.pseudonyms import KEY_FILE, pseudonym

#: Published as fictitious.
PERSON, OTHER = "2512489996", "0108589995"


def test_the_same_person_has_the_same_pseudonym_in_one_home_only(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert pseudonym("cpr", PERSON, home=here) == pseudonym("cpr", PERSON, home=here)
    assert pseudonym("cpr", PERSON, home=here) != pseudonym("cpr", PERSON, home=there)
    assert pseudonym("cpr", PERSON, home=here) != pseudonym("cpr", OTHER, home=here)
    assert pseudonym("cpr", PERSON, home=here) != pseudonym("patient-id", PERSON, home=here)


@pytest.mark.parametrize("written", ["251248-9996", "251248 9996", " 2512489996 "])
def test_a_number_is_the_same_however_people_write_it(written: str, tmp_path: Path) -> None:
    assert pseudonym("cpr", written, home=tmp_path) == pseudonym("cpr", PERSON, home=tmp_path)
    assert pseudonym("cpr", "25-12489996", home=tmp_path) != pseudonym("cpr", PERSON, home=tmp_path)


def test_it_is_hmac_sha256_with_the_key_of_the_home(tmp_path: Path) -> None:
    found = pseudonym("cpr", PERSON, home=tmp_path)
    key = bytes.fromhex((tmp_path / KEY_FILE).read_text())
    assert len(key) == 32
    assert found == hmac.new(key, b"cpr\x1f" + PERSON.encode(), hashlib.sha256).hexdigest()


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    pseudonym("cpr", PERSON, home=tmp_path)
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: pseudonym("cpr", PERSON, home=tmp_path), range(32)))
    assert len(found) == 1
