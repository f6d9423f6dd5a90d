"""What is wrong with a plan, in the reader's language.

The checks of ``bms.seating`` speak English, to programs. ``tests/web/manage/test_plan_words.py`` finds a
sentence of theirs that is missing here.
"""

from bms.i18n.languages import Language, marked
from bms.web.kit.faults import find_text, translate

TEXTS = (
    # The form of a layout.
    marked("One of %(options)s is needed."),
    "%(kind)s from %(low)s to %(high)s is needed.",
    "A colour such as #7f4a91 is needed.",
    marked("There is no such field."),
    marked("Something is in the list twice."),
    "At most %(number)s members are read.",
    # Its bounds.
    marked("More than %(number)s MiB."),
    marked("More than %(number)s seats."),
    marked("A list has more than %(number)s items."),
    marked("Objects and lists are in each other more than %(number)s times."),
    marked("There are more than %(number)s faults; these are the first."),
    # Its texts.
    marked("Blanks at the ends are not allowed."),
    marked("Not in Unicode's normal form C."),
    marked("Characters that cannot be seen are not allowed."),
    # The rules between its parts.
    marked("There is neither a seat nor a standing area."),
    marked("The same name as %(pointer)s."),
    marked("The same seat_guid as %(pointer)s."),
    marked("The same section, row and number as %(pointer)s."),
    marked("The same place as %(pointer)s."),
    marked("The same guid as %(pointer)s."),
    marked("Outside of the plan's size."),
    marked("Only a seat of the kind companion has this."),
    marked("A companion's seat belongs to a wheelchair place."),
    marked("A wheelchair place is nobody's companion."),
    marked("There is no such wheelchair place beside this seat."),
    marked("A category with seats cannot have a standing area."),
    marked("The category has a standing area already."),
    marked("There is no such seat."),
    marked("The seat is at a table already: %(pointer)s."),
    marked("A table that is sold whole has seats of one category."),
    # A file.
    "Not JSON: %(why)s: line %(line)s column %(column)s (char %(char)s).",
    "Not JSON: %(why)s.",
    "Not CSV: %(why)s.",
    marked("Not UTF-8."),
    marked("There is no seat in it."),
    marked("%(number)s columns are needed."),
    marked("The heading lacks this column."),
    marked("There is no such column."),
    marked("A column is there twice."),
    marked("A number is needed."),
    # The generator, and an editor.
    marked("There is a section of this name."),
    marked("A number, or letters that are not skipped, are needed."),
    marked("An aisle is between two seats of a row."),
    marked("There is no such row."),
    marked("The row has no room for them and their companions there."),
    marked("An aisle or another place is in the way."),
    marked("There are no such seats."),
    "%(what)s is needed.",
)
# What the person who drew it cannot make anything of.
_PLAINLY = {
    "%(what)s is needed.": marked("This has another form than plans have here."),
    "%(kind)s from %(low)s to %(high)s is needed.": marked("A number from %(low)s to %(high)s is needed."),
    "At most %(number)s members are read.": marked("There is too much of it."),
    "Not JSON: %(why)s: line %(line)s column %(column)s (char %(char)s).": marked(
        "Not JSON from line %(line)s, column %(column)s on."
    ),
    "Not JSON: %(why)s.": marked("Not JSON."),
    "Not CSV: %(why)s.": marked("Not CSV."),
}


def explain_fault(words: Language, message: str) -> str:
    """Return ``message`` of a check as a reader of the language understands it."""
    if find_text(message) is not None:
        return translate(words, message)
    found = find_text(message, TEXTS, longest=400)
    if found is None:
        return translate(words, message)  # which says so
    text, values = found
    return words.gettext(_PLAINLY.get(text, text), **values)
