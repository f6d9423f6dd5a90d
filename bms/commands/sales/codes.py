"""Codes: of bookings, which people read aloud and type, of tickets, and of payments and refunds."""

import secrets
import time

# Without I, L, O and U, which people mistake for other characters when they read a code aloud or type it.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OF_BYTES = bytes(ord(ALPHABET[byte & 31]) for byte in range(256))


def random_code(length: int) -> str:
    """Return ``length`` random characters, of 5 bits each."""
    return secrets.token_bytes(length).translate(_OF_BYTES).decode("ascii")


def hex_codes(number: int, size: int) -> list[str]:
    """Return ``number`` random codes of ``size`` bytes each, as hexadecimal digits."""
    # All at once: whoever asks the system for random bytes lets another thread go first.
    digits = secrets.token_hex(size * number)
    return [digits[at : at + 2 * size] for at in range(0, len(digits), 2 * size)]


def references(number: int) -> list[str]:
    """Return ``number`` references of payments or refunds: the time in milliseconds and 80 random bits.

    Those of one moment stand beside each other in an index, here and at the gateway. A group of payments
    then writes one page of it and not one each.
    """
    moment = f"{time.time_ns() // 1_000_000:012x}"
    return [moment + digits for digits in hex_codes(number, 10)]
