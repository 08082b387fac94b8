from __future__ import annotations

import hashlib
import hmac

from samdrift_platform.digest import keyed_digest_of, new_salt

SALT = "000102030405060708090a0b0c0d0e0f"


def test_a_keyed_digest_is_hmac_sha256_over_canonical_json() -> None:
    by_hand = hmac.new(bytes(range(16)), '{"a":["ø",1],"b":null}'.encode(), hashlib.sha256).hexdigest()
    assert keyed_digest_of(SALT, {"b": None, "a": ["ø", 1]}) == f"hmac-sha256:{by_hand}"


def test_the_same_content_under_two_salts_has_nothing_in_common() -> None:
    assert keyed_digest_of(new_salt(), {"cpr": "x"}) != keyed_digest_of(new_salt(), {"cpr": "x"})


def test_without_a_salt_there_is_no_digest() -> None:
    assert keyed_digest_of("", {"a": 1}) is None


def test_numbers_have_the_digest_with_which_a_database_gives_them_back() -> None:
    assert keyed_digest_of(SALT, {"a": [-0.0, 1e16, (2.0, 0.5)]}) == keyed_digest_of(
        SALT, {"a": [0, 10_000_000_000_000_000, [2, 0.5]]}
    )
    assert keyed_digest_of(SALT, {"a": True}) != keyed_digest_of(SALT, {"a": 1})
