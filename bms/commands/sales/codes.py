"""Random codes: of bookings, which people read aloud and type, and of tickets and payments."""

import secrets

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
