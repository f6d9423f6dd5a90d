"""Passwords that an attacker tries first (NIST SP 800-63B, section 3.1.1.2; OWASP ASVS 6.2.4).

zxcvbn estimates how many tries somebody needs who knows leaked passwords, words, names, keyboards and dates.
"""

import asyncio

from bms.characters import password_form
from bms.errors import ValidationFailed

GUESSES = 100_000  # a password that is found in so many tries is common
LOOKED_AT = 24  # characters: the estimate takes time that grows much faster than the length
MAX_WORDS = 10  # of one's own


async def refuse_common(field: str, password: str, *own: str | None) -> None:
    """Raise ValidationFailed for ``field`` if ``password`` is among the first that an attacker tries.

    ``own`` are words by which the account is known.
    """
    if await asyncio.to_thread(is_common, password, [word for word in own if word][:MAX_WORDS]):
        raise ValidationFailed.of(field, "Too easy to guess. A few unrelated words are easier to keep.")


def is_common(password: str, own: list[str]) -> bool:
    """Return whether ``password`` is found in GUESSES tries by who knows ``own`` words of the account."""
    # Imported here: its lists of words take memory, and services that accept any password need none.
    from zxcvbn import zxcvbn

    words = [
        *own,
        *(part for word in own for part in word.replace("@", " ").replace(".", " ").split()),
        "bms",
    ]
    text = password_form(password)[:LOOKED_AT]
    return bool(zxcvbn(text, user_inputs=words)["guesses"] < GUESSES)
