"""Second factors: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who has lost it.

An account's secret is computed from a stored seed and the service's own secret. The database alone makes no
code. A code is right from 30 seconds before its time to 30 seconds after it.
"""

import base64
import hmac
import re
import secrets
import time
from typing import NamedTuple

import pyotp

ISSUER = "BMS"
RECOVERY_CODES = 10
STEP = 30  # seconds, the default of RFC 6238 and the only one that most apps know

_SECRET = b"bms second factor"
_RECOVERY = b"bms recovery code"
_DIGITS = re.compile(r"[0-9]{6}")
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that looks like another character


class Proof(NamedTuple):
    """What somebody gave as a second factor: a code of a time step, or a recovery code by its hash."""

    step: int | None = None
    recovery_hash: str | None = None


class SecondFactors:
    """Makes secrets and recovery codes, and reads codes."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _SECRET, "sha256")
        self._recovery_key = hmac.digest(secret.encode(), _RECOVERY, "sha256")

    def new_seed(self) -> str:
        """Return the seed of a new secret."""
        return secrets.token_urlsafe(24)

    def secret(self, user_id: int, seed: str) -> str:
        """Return the secret in base32, 160 bits, as an app takes it by hand."""
        digest = hmac.digest(self._key, f"{user_id}.{seed}".encode(), "sha256")
        return base64.b32encode(digest[:20]).decode()

    def uri(self, user_id: int, seed: str, name: str) -> str:
        """Return the address in a QR code that apps read, for the account called ``name``."""
        return pyotp.TOTP(self.secret(user_id, seed)).provisioning_uri(name=name, issuer_name=ISSUER)

    def read(self, user_id: int, seed: str, code: str) -> Proof | None:
        """Return what ``code`` proves, None if it is no code of the secret now and not like a recovery code.

        Whether a code was used before, or a recovery code is the account's, the database knows.
        """
        plain = re.sub(r"[\s-]", "", code).upper()
        if not _DIGITS.fullmatch(plain):
            return Proof(recovery_hash=self.hash_recovery_code(user_id, plain)) if plain else None
        totp, now = pyotp.TOTP(self.secret(user_id, seed)), int(time.time()) // STEP
        steps = [
            step for step in (now, now - 1, now + 1) if hmac.compare_digest(totp.generate_otp(step), plain)
        ]
        return Proof(step=steps[0]) if steps else None

    def new_recovery_codes(self) -> list[str]:
        """Return fresh recovery codes, of 49 random bits each."""
        codes = ("".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES))
        return [f"{code[:5]}-{code[5:]}" for code in codes]

    def hash_recovery_code(self, user_id: int, code: str) -> str:
        """Return the hash that is stored of an account's recovery code, with its hyphen or without."""
        text = f"{user_id}.{code.replace('-', '').upper()}"
        return hmac.digest(self._recovery_key, text.encode("utf-8", "replace"), "sha256").hex()
