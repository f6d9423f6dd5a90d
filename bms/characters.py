"""Characters that text may hold: one form for what looks alike, and nothing that hides or reorders it."""

import re
import unicodedata

# The C0 and C1 control characters, and the line and paragraph separators.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Embeddings, overrides and isolates (Unicode Standard Annex 9) reorder what stands around the text, such as
# the rest of a mail's subject. The marks U+200E, U+200F and U+061C, which languages need, are not among them.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Letters and symbols without a glyph: Hangul fillers and the empty braille pattern.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


# Letters that Unicode does not take apart, as people type them who lack the key.
_PLAIN_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ħ": "h",
        "\u0131": "i",
        "ŧ": "t",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
    }
)

MAX_MARKS = 30  # on one letter (Unicode Standard Annex 15, stream-safe text); no language needs ten


def composed(text: str) -> str:
    """Return ``text`` in Unicode's normal form C, in which equal texts are equal strings.

    Raises ValueError for more than MAX_MARKS marks on one letter: sorting them takes quadratic time.
    """
    if text.isascii():
        return text
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MAX_MARKS:
            raise ValueError(f"more than {MAX_MARKS} marks on one letter")
    return unicodedata.normalize("NFC", text)


def is_visible(text: str) -> bool:
    """Return whether ``text`` holds a character that can be seen."""
    if text.isascii():
        return bool(text.strip())
    return any(unicodedata.category(char)[0] in "LNPS" and char not in _BLANK for char in text)


def password_form(text: str) -> str:
    """Return a password as it is compared, whatever keyboard typed it (RFC 8265, section 4.2)."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", "".join(map(_plain_space, text)))


def older_password_forms(text: str) -> tuple[str, ...]:
    """Return the other forms in which ``text`` may have been stored: as typed, or decomposed."""
    if text.isascii():
        return ()
    forms = dict.fromkeys((text, unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)))
    forms.pop(password_form(text), None)
    return tuple(forms)


def _plain_space(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else char


def name_form(text: str) -> str:
    """Return ``text`` in the form in which two names that look alike are equal: without what nobody sees."""
    if not text.isascii():
        text = "".join(char for char in text if unicodedata.category(char) != "Cf" and char not in _BLANK)
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.split())


def search_form(text: str, max: int) -> str:  # noqa: A002
    """Return ``text`` as it is searched: without case, accents and blanks that nobody sees.

    It is cut to ``max`` UTF-16 units, as a column holds them.
    """
    if text.isascii():
        return " ".join(text.lower().split())[:max]
    # Twice, since case folding gives letters that come apart again.
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text).casefold()
    kept = [char for char in text if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"]
    folded = " ".join("".join(kept).translate(_PLAIN_LETTERS).split())
    return folded.encode("utf-16-le")[: 2 * max].decode("utf-16-le", "ignore")
