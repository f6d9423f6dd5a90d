"""Forged posts: a form of another site must not act for whoever is signed in here.

A post must come from a page of this origin (Fetch Metadata, or the header Origin where a browser sends
none). Where there is a session it carries a token bound to it as well, with a mask of its own each time: a
page of the same length with the same secret would give the secret away by its compressed length (BREACH).
"""

import base64
import binascii
import hmac
import secrets

from aiohttp import web

from bms.errors import ForgedForm
from bms.security.keyed_hash import keyed_hash

FIELD = "csrf"
_PURPOSE = b"bms form token\0"
_BYTES = 32


def check_origin(request: web.Request, origin: str, *, is_proof: bool = False) -> None:
    """Raise ForgedForm unless a page of ``origin`` makes the request.

    Browsers say so in Sec-Fetch-Site (Fetch Metadata). One that does not know it, or does not send it without
    TLS, sends Origin. From a page with the policy no-referrer that is ``null``, which says nothing. It is
    enough where the path itself ``is_proof``: nothing that a browser adds by itself opens such a page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    allowed = {origin, "null"} if is_proof else {origin}
    same = request.headers.get("Origin") in allowed if site is None else site == "same-origin"
    if not same:
        raise ForgedForm()


def token_key(secret_key: str, session_hash: str) -> bytes:
    """Return what the tokens of a session's forms are masked from."""
    return keyed_hash(secret_key).digest(_PURPOSE + session_hash.encode())


def new_token(key: bytes) -> str:
    """Return a token for a form. No two are alike, and all of one key are right."""
    mask = secrets.token_bytes(_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, key)).decode().rstrip("=")


def check_token(key: bytes, token: str) -> None:
    """Raise ForgedForm unless ``token`` was made from ``key``."""
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 2 * _BYTES or not hmac.compare_digest(_xor(raw[:_BYTES], raw[_BYTES:]), key):
        raise ForgedForm()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
