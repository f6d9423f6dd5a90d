"""The second step of signing in: the password was right, and a code is still missing.

The form of that step carries a ticket instead of the password. It is worth nothing without the code, and
nothing after some minutes or a change of the password.
"""

import hmac
import time

SECONDS = 600
_PURPOSE = b"bms second step\0"


def new_ticket(secret_key: str, login: str, password_hash: str) -> str:
    """Return the ticket of somebody who has just given the right password."""
    expires = str(int(time.time()) + SECONDS)
    return f"{expires}.{_mac(secret_key, login, password_hash, expires)}"


def is_valid(ticket: str, secret_key: str, login: str, password_hash: str | None) -> bool:
    """Return whether ``new_ticket`` made ``ticket`` for this login, not long ago."""
    expires, _, mac = ticket.partition(".")
    if password_hash is None or not (expires.isascii() and expires.isdigit() and len(expires) < 12):
        return False
    right = hmac.compare_digest(mac.encode(), _mac(secret_key, login, password_hash, expires).encode())
    return right and int(expires) >= time.time()


def _mac(secret_key: str, login: str, password_hash: str, expires: str) -> str:
    text = "\0".join((login, password_hash, expires)).encode("utf-8", "replace")
    return hmac.digest(secret_key.encode(), _PURPOSE + text, "sha256").hex()
