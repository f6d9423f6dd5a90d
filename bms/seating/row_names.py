"""The names of rows and the numbers of seats, in the ways that theatres count."""

import enum
from collections.abc import Sequence

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Numbering(enum.StrEnum):
    """How the seats of a row are numbered, seen from the audience."""

    LEFT_TO_RIGHT = "left_to_right"  # 1 2 3 4 5 6
    RIGHT_TO_LEFT = "right_to_left"  # 6 5 4 3 2 1
    ODD_EVEN = "odd_even"  # 5 3 1 2 4 6: odd to the left of the middle, even to the right


def seat_numbers(count: int, numbering: Numbering) -> list[int]:
    """Return the numbers of ``count`` seats, from left to right."""
    if numbering is Numbering.LEFT_TO_RIGHT:
        return list(range(1, count + 1))
    if numbering is Numbering.RIGHT_TO_LEFT:
        return list(range(count, 0, -1))
    odd = (count + 1) // 2 * 2 - 1
    return [*range(odd, 0, -2), *range(2, count + 1, 2)]


def row_names(first: str, count: int, skipped: str = "") -> list[str]:
    """Return the names of ``count`` rows from ``first`` on: "1", "2", or "A", "B", and after "Z" "AA".

    Letters of ``skipped`` are left out, I and O for example, which look like numbers. Raises ValueError if
    ``first`` is neither a number nor of the letters that are left.
    """
    if first.isascii() and first.isdigit():
        return [str(number) for number in range(int(first), int(first) + count)]
    letters = [letter for letter in LETTERS if letter not in skipped.upper()]
    start = 0
    for letter in first:
        start = start * len(letters) + letters.index(letter) + 1
    if not start:
        raise ValueError("a row needs a name")
    return [_name(number, letters) for number in range(start, start + count)]


def _name(number: int, letters: Sequence[str]) -> str:
    """Return the ``number``th of A, B, ..., Z, AA, AB, ..."""
    name = ""
    while number:
        number, digit = divmod(number - 1, len(letters))
        name = letters[digit] + name
    return name
