from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_registry.errors import BadSignatureError, KeyExposedError, KeyUnreadableError, UnknownKeyError
from samdrift_registry.keys import signing_key, trusted_keys


def test_the_first_use_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert signing_key(tmp_path / "keys").key_id == key.key_id
    assert list(trusted_keys(tmp_path / "keys").keys) == [key.key_id]


def test_a_key_does_not_show_itself(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    secret = (tmp_path / "signing.pem").read_text().splitlines()[1]
    assert repr(key) == f"SigningKey(key_id='{key.key_id}')"
    assert secret not in str(vars(key))


def test_checks_signature_and_key(tmp_path: Path) -> None:
    key, stranger = signing_key(tmp_path / "ours"), signing_key(tmp_path / "theirs")
    trusted, signature = trusted_keys(tmp_path / "ours"), key.sign(b"data")
    trusted.check(key.key_id, signature, b"data")
    with pytest.raises(BadSignatureError):
        trusted.check(key.key_id, signature, b"dato")
    with pytest.raises(BadSignatureError):
        trusted.check(key.key_id, stranger.sign(b"data"), b"data")
    with pytest.raises(UnknownKeyError, match=stranger.key_id):
        trusted.check(stranger.key_id, stranger.sign(b"data"), b"data")


def test_two_keys_can_be_trusted_and_one_withdrawn(tmp_path: Path) -> None:
    key, other = signing_key(tmp_path / "ours"), signing_key(tmp_path / "theirs")
    public = tmp_path / "ours" / "trusted" / f"{other.key_id}.pub"
    public.write_bytes((tmp_path / "theirs" / "trusted" / f"{other.key_id}.pub").read_bytes())
    trusted_keys(tmp_path / "ours").check(other.key_id, other.sign(b"data"), b"data")
    (tmp_path / "ours" / "trusted" / f"{key.key_id}.pub").unlink()
    with pytest.raises(UnknownKeyError, match=key.key_id):
        signing_key(tmp_path / "ours")


def test_an_exposed_key_is_not_used(tmp_path: Path) -> None:
    signing_key(tmp_path)
    (tmp_path / "signing.pem").chmod(0o640)
    with pytest.raises(KeyExposedError, match="chmod 600"):
        signing_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_signing_key_is_named(tmp_path: Path, content: bytes) -> None:
    signing_key(tmp_path)
    (tmp_path / "signing.pem").write_bytes(content)
    with pytest.raises(KeyUnreadableError, match=r"signing\.pem"):
        signing_key(tmp_path)


def test_every_flipped_bit_of_a_public_key_is_noticed(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    public = tmp_path / "trusted" / f"{key.key_id}.pub"
    good = public.read_bytes()
    for place in range(len(good)):
        public.write_bytes(good[:place] + bytes([good[place] ^ 0x20]) + good[place + 1 :])
        with pytest.raises(KeyUnreadableError):
            trusted_keys(tmp_path)
