from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from samdrift_mammography.deidentified.key import ExportKey, WeakKeyError, read_key

STRONG = secrets.token_hex(32)


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", 0o600),
        (STRONG[:32], 0o600),
        ("ab" * 32, 0o600),
        ("password" * 8, 0o600),
        (f"{STRONG} {STRONG}x", 0o600),
        (STRONG, 0o640),
        (STRONG, 0o604),
    ],
    ids=["empty", "short", "repeated", "a password", "two", "the group reads", "everybody reads"],
)
def test_a_weak_key_or_one_that_others_can_read_is_refused(text: str, mode: int, tmp_path: Path) -> None:
    with pytest.raises(WeakKeyError) as caught:
        read_key(written(tmp_path, text, mode))
    assert STRONG[:8] not in caught.value.message


def test_without_a_key_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(WeakKeyError, match="openssl rand"):
        read_key(tmp_path / "missing")


def test_a_strong_key_is_read_and_never_shown(tmp_path: Path) -> None:
    key = read_key(written(tmp_path, STRONG + "\n"))
    assert key == ExportKey(secret=bytes.fromhex(STRONG))
    assert STRONG not in repr(key)
    assert str(bytes.fromhex(STRONG)) not in repr(key)


def test_a_uid_is_a_uid_and_always_the_same() -> None:
    key = ExportKey(secret=bytes.fromhex(STRONG))
    uid = key.uid("1.2.3")
    assert uid == key.uid("1.2.3") != key.uid("1.2.4")
    assert uid.startswith("2.25.")
    assert len(uid) <= 64
    assert not uid.split(".")[-1].startswith("0")
