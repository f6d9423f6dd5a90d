"""What the schemas say is wrong with a field, in the reader's language.

The schemas speak English, to programs. Each of their sentences that a form can meet is a text here, with its
values at ``%(name)s``. ``tests/web/test_faults.py`` finds one that is missing.
"""

import re
from functools import cache

from bms.i18n.languages import Language, marked

TEXTS = (
    "Missing data for required field.",
    "Not a valid string.",
    "Field may not be null.",
    marked("Not a valid email address."),
    "May not be empty.",
    marked("Longer than %(number)s characters."),
    "Shorter than %(number)s characters.",
    "Longer than %(number)s bytes; bcrypt ignores what follows.",
    "Control characters are not allowed.",
    "The NUL character is not allowed.",
    marked("Characters that change the direction of text are not allowed."),
    marked("More than %(number)s marks on one letter."),
    "Half a surrogate pair is not text.",
    marked("1 to 64 letters, digits and _ . + - are needed."),
    marked("A whole number from %(low)s to %(high)s is needed."),
    marked("Too easy to guess. A few unrelated words are easier to keep."),
    marked('A date such as "2027-08-01" is needed.'),
    marked('A language tag such as "de" or "pt-BR" is needed.'),
    marked("This is not a valid card number."),
    marked("The card has expired."),
    marked('An expiry such as "12/30" is needed.'),
    marked("This is not a valid security code."),
    marked("A UPI address such as name@bank is needed."),
    marked("The event does not accept this method of payment."),
    marked("This is not your current password."),
    'A time such as "2027-08-01T19:30:00Z" is needed.',
    'A time zone of the IANA database such as "Europe/Amsterdam" is needed.',
    'An amount such as "25.00" is needed.',
    marked("An amount from 0.00 to %(high)s is needed."),
    marked("An amount above 0.00 is needed."),
    marked("%(currency)s has fewer decimals."),
    "%(currency)s has %(number)s decimals.",
    "An ISO 4217 code such as EUR is needed.",
    "Not a valid integer.",
    marked("From %(low)s to %(high)s are needed."),
    "Two ticket types have the same id or name.",
    marked("An event has at most %(number)s ticket types."),
    marked("The event must start in the future."),
    marked("The event must end after it starts."),
    marked("Sales must end in the future."),
    marked("Sales must start before the event does."),
    marked("Sales must end after they start."),
    marked("Too far ahead."),
    marked("There is no such venue."),
    "A venue is needed.",
    marked("There is no such category."),
    marked("The venue's capacity is %(number)s."),
    "Their capacities add up to %(total)s, and the event's capacity is %(capacity)s.",
    "%(time)s does not exist in %(zone)s.",
    "Must not be more than full_until_hours.",
    "This percentage would never apply: full_until_hours must be more than none_from_hours.",
    marked("The seating plan says how many there are."),
    marked("Use lower-case letters and digits, separated by single hyphens."),
    "No slug can be made from this name: give a slug too.",
    "This cursor is not one of ours.",
    "This cursor is not valid for this list.",
    "There is no such id.",
    marked("A number from %(low)s to %(high)s is needed."),
    marked("Letters such as A, or a number, are needed."),
    "Letters such as IO are needed.",
    marked("A colour such as #7f4a91 is needed."),
    marked("This is too far away."),
    marked("To count down, begin with the highest number."),
    "Not a valid number.",
)
OTHERWISE = marked("This cannot be used. Please check it.")
# What a person who fills a form would not say of an empty field.
_PLAINLY = {
    "Shorter than %(number)s characters.": marked("At least %(number)s characters, please."),
    "Missing data for required field.": marked("Please fill this in."),
    "Field may not be null.": marked("Please fill this in."),
    "May not be empty.": marked("Please fill this in."),
    "Not a valid string.": OTHERWISE,
    'A time such as "2027-08-01T19:30:00Z" is needed.': marked("A day and a time of day are needed."),
    'A time zone of the IANA database such as "Europe/Amsterdam" is needed.': marked(
        "A time zone such as Europe/Amsterdam is needed."
    ),
    'An amount such as "25.00" is needed.': marked("An amount such as 25.00 is needed."),
    "An ISO 4217 code such as EUR is needed.": marked("A currency such as EUR is needed."),
    "%(currency)s has %(number)s decimals.": marked("%(currency)s has fewer decimals."),
    "A venue is needed.": marked("Please choose a venue, or fill in a new one."),
    "Not a valid integer.": marked("Please give a whole number."),
    "Two ticket types have the same id or name.": marked("Two ticket types have the same name."),
    "Their capacities add up to %(total)s, and the event's capacity is %(capacity)s.": marked(
        "There are %(total)s tickets in all, and the event holds %(capacity)s."
    ),
    "%(time)s does not exist in %(zone)s.": marked(
        "The clocks skip this time there, as summer time begins. Choose another."
    ),
    "Must not be more than full_until_hours.": marked(
        "This must be nearer to the start than the time until which all is given back."
    ),
    "This percentage would never apply: full_until_hours must be more than none_from_hours.": marked(
        "This part would never apply: it must end nearer to the start than all of the money does."
    ),
    "No slug can be made from this name: give a slug too.": marked(
        "No short name can be made from this name. Please give one."
    ),
    "This cursor is not one of ours.": OTHERWISE,
    "This cursor is not valid for this list.": OTHERWISE,
    "There is no such id.": OTHERWISE,
    "Letters such as IO are needed.": OTHERWISE,
    "Not a valid number.": marked("Please give a number."),
    "Half a surrogate pair is not text.": OTHERWISE,
    "The NUL character is not allowed.": OTHERWISE,
    "Control characters are not allowed.": OTHERWISE,
    "Longer than %(number)s bytes; bcrypt ignores what follows.": marked(
        "This password is too long: at most %(number)s bytes."
    ),
}


@cache
def _patterns(texts: tuple[str, ...], longest: int) -> list[tuple[re.Pattern[str], str]]:
    value = rf"(?P<\1>.{{1,{longest}}})"
    return [(re.compile(re.sub(r"%\\\((\w+)\\\)s", value, re.escape(text)) + r"\Z"), text) for text in texts]


def find_text(
    message: str, texts: tuple[str, ...] = TEXTS, *, longest: int = 40
) -> tuple[str, dict[str, str]] | None:
    """Return the text of ``texts`` that ``message`` of a schema is, with its values, or None.

    A value has at most ``longest`` characters.
    """
    for pattern, text in _patterns(texts, longest):
        match = pattern.match(message)
        if match:
            return text, match.groupdict()
    return None


def translate(words: Language, message: str) -> str:
    """Return ``message`` of a schema as a reader of the language understands it."""
    found = find_text(message)
    if found is None:
        return words.gettext(OTHERWISE)
    text, values = found
    return words.gettext(_PLAINLY.get(text, text), **values)
