"""Hashes under a key are those of the standard library, whatever was hashed before."""

import hmac

from bms.security.keyed_hash import KeyedHash, keyed_hash


def test_it_is_the_hmac_of_the_text() -> None:
    one = KeyedHash(b"a key")
    for text in (b"", b"short", b"x" * 5000, b"short"):
        assert one.digest(text) == hmac.digest(b"a key", text, "sha256")


def test_each_secret_has_its_own() -> None:
    assert keyed_hash("one") is keyed_hash("one")
    assert keyed_hash("one").digest(b"text") != keyed_hash("other").digest(b"text")
