"""Tokens of links in mails. They are computed, so that no table and no queue of mails holds one.

A row and a mail to be sent hold a *seed*. The token is a keyed hash of it: who reads the database, or a copy
of it, cannot open the link. The database finds a token by its hash.
"""

import base64
import hashlib
import hmac
import secrets
from typing import NamedTuple

from bms.security.keyed_hash import KeyedHash

_PURPOSE = b"bms link token"


class LinkToken(NamedTuple):
    """A new token's seed, for the mail, and the hash by which its row is found."""

    seed: str
    hash: str


class LinkTokens:
    """Makes the tokens of this installation."""

    def __init__(self, secret: str) -> None:
        self._hash = KeyedHash(hmac.digest(secret.encode(), _PURPOSE, "sha256"))

    def new(self) -> LinkToken:
        """Return a new token."""
        seed = secrets.token_urlsafe(24)
        return LinkToken(seed, hash_of(self.token(seed)))

    def token(self, seed: str) -> str:
        """Return the token of ``seed``: letters, digits, - and _."""
        return base64.urlsafe_b64encode(self._hash.digest(seed.encode())).decode().rstrip("=")


def hash_of(token: str) -> str:
    """Return the hash that is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
