"""What an admin should look at first, from the backlog: what was given up, then what does not get on."""

from typing import NamedTuple

from bms.i18n.languages import Language
from bms.queries.backlog import Backlog

LATE_SECONDS = 300  # mail that is due for longer


class Need(NamedTuple):
    """Something that needs attention: what it is, and the page where something is done about it."""

    text: str
    path: str
    is_bad: bool


def needs_of(words: Language, backlog: Backlog, reported: int) -> list[Need]:
    """Return what needs attention, the worst first. ``reported`` is how many reviews were reported."""
    found = [
        (
            backlog.refunds_given_up,
            words.ngettext(
                "%(number)s refund was given up. The buyer still waits for the money.",
                "%(number)s refunds were given up. The buyers still wait for their money.",
                backlog.refunds_given_up,
                number=backlog.refunds_given_up,
            ),
            "/admin/refunds",
            True,
        ),
        (
            backlog.dead,
            words.ngettext(
                "%(number)s mail could not be delivered.",
                "%(number)s mails could not be delivered.",
                backlog.dead,
                number=backlog.dead,
            ),
            "/admin/mail",
            True,
        ),
        (
            backlog.payments_stuck,
            words.ngettext(
                "%(number)s payment has had no outcome for more than 10 minutes.",
                "%(number)s payments have had no outcome for more than 10 minutes.",
                backlog.payments_stuck,
                number=backlog.payments_stuck,
            ),
            "/admin/payments?status=PROCESSING",
            True,
        ),
        (
            backlog.oldest_seconds > LATE_SECONDS,
            words.gettext("Mail has been waiting for more than 5 minutes."),
            "/admin/mail?state=PENDING",
            False,
        ),
        (
            reported,
            words.ngettext(
                "%(number)s review was reported.",
                "%(number)s reviews were reported.",
                reported,
                number=reported,
            ),
            "/admin/reviews",
            False,
        ),
    ]
    return [Need(text, path, is_bad) for number, text, path, is_bad in found if number]
