"""What a page says where the API says a code: what is wrong, and what to do next.

The words of the API's errors are for who writes programs, and in English alone.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bms.errors import BMSError
from bms.i18n.languages import Language, marked

# By code. A form shows it above itself.
WORDS: Mapping[str, str] = {
    "sold_out": marked("There are not enough of these tickets left. Choose fewer, or another kind."),
    "seats_taken": marked("Somebody else has just taken one of these seats."),
    "orphan_seat": marked("This would leave a single seat that nobody wants to sit on alone."),
    "companion_seat": marked(
        "This seat goes with the wheelchair place beside it. Please choose both, or another seat."
    ),
    "no_block": marked("There are not so many seats side by side. Choose fewer, or let them be apart."),
    "not_together": marked(
        "Seats at different prices cannot all be side by side. Choose them one by one, or let them be apart."
    ),
    "table_whole": marked("This table is sold as a whole. Please choose all of its seats."),
    "other_category": marked("This kind of ticket is not for these seats. Please choose another."),
    "not_on_sale": marked("These tickets are not on sale now."),
    "per_user_limit": marked("That is more tickets than one person may have for this event."),
    "email_not_confirmed": marked(
        "These tickets go to confirmed e-mail addresses alone. Sign in, and confirm your address by the link "
        "that we mailed to it."
    ),
    "address_unproved": marked(
        "Others are mailed in your name, so please confirm your own address first: by the link that we "
        "mailed to it. Your account has a button that sends it again."
    ),
    "unpaid_limit": marked(
        "You hold as many unpaid tickets for this event as you may. Pay for them or give them back first."
    ),
    "price_changed": marked("The price has changed meanwhile. Please look at it and continue if you agree."),
    "conflict": marked("Something changed at the same moment. Please try again."),
    "too_many_requests": marked("That was too much at once. Please wait a moment and try again."),
    "too_many_attempts": marked("There were too many attempts. Please wait a few minutes and try again."),
    "hold_expired": marked("The time is up, and the tickets are back on sale. You can choose again."),
    "hold_at_limit": marked("These tickets cannot be held any longer. Please pay now."),
    "booking_not_pending": marked("This booking is not waiting for a payment any more."),
    "booking_not_cancellable": marked("This booking can no longer be cancelled."),
    "booking_not_confirmed": marked("There are no tickets to mail, or no address to mail them to."),
    "payment_in_progress": marked("A payment is already on its way. This page shows what becomes of it."),
    "request_in_progress": marked("Your payment is on its way. This page shows what becomes of it."),
    "idempotency_key_reused": marked("This form was sent before with other details. Please send it again."),
    "payment_declined": marked(
        "The payment was declined, and nothing was charged. Your tickets are still held: "
        "try again, or pay another way."
    ),
    "gateway_unavailable": marked(
        "The payment service does not answer. If the payment went through, this page will show it in a "
        "moment."
    ),
    "invalid_credentials": marked("This name or address and this password do not belong together."),
    "email_taken": marked("There is an account with this e-mail address already. You can sign in."),
    "username_taken": marked("This name is taken. Please choose another."),
    "link_invalid": marked("This link does not work any more. It may have been used, or be too old."),
    "invalid_otp": marked("This code is not right, or it was used before. Wait for the next one."),
    "otp_required": marked("This account needs a code of your authenticator app as well."),
    "event_not_begun": marked("You can write a review once the event is over."),
    "event_not_over": marked("You can write a review once the event is over."),
    "database_unavailable": marked("The shop cannot be reached for a moment. Please try again shortly."),
    "overloaded": marked("Very many people are here right now. Please try again in a moment."),
    "event_quota": marked("You have as many events to come as you may. Ask an admin for more."),
    "picture_quota": marked(
        "200 of your events have a picture, and that is as many as there may be. Take the pictures of past "
        "events away first."
    ),
    "capacity_below_sold": marked("More tickets than that are sold or held already."),
    "currency_fixed": marked("Tickets were sold in this currency, so it stays."),
    "event_begun": marked("The event has begun, so its time stays."),
    "start_too_near": marked(
        "People hold tickets: the event cannot be moved this near. Choose a later time."
    ),
    "event_not_changeable": marked("The event is over or cancelled, so it stays as it is."),
    "precondition_failed": marked(
        "Somebody else has changed this in the meantime. Look at it again; nothing that you typed is lost."
    ),
    "refund_not_due": marked("There is not as much left to give back."),
    "not_given_up": marked("This is not given up any more. Look at it again."),
    "part_of_booking": marked("To give back a part, cancel single tickets."),
    "category_exists": marked("There is a category with this short name already."),
    "venue_in_use": marked("Events take place there, so the venue stays."),
    "seats_sold": marked("Seats are sold or held already."),
    "bookings_without_seats": marked("Tickets without seats are sold or held already."),
    "forged_form": marked("This page had become out of date. Please check the form and send it again."),
    "forbidden": marked("This is not open to you."),
}
OTHERWISE = marked("That did not work. Please try again.")


class Sorry(NamedTuple):
    """The heading and the advice of an error's page."""

    title: str
    advice: str


PAGES: Mapping[int, Sorry] = {
    400: Sorry(
        marked("We could not read that"),
        marked("Please go back, check the address or the form, and try again."),
    ),
    403: Sorry(
        marked("This page is out of date or not open to you"),
        marked("Open it again and repeat what you did. Nothing was changed."),
    ),
    404: Sorry(
        marked("There is nothing here"),
        marked("The link may be old or mistyped, or the event may be over."),
    ),
    409: Sorry(marked("That is not possible any more"), marked("Something has changed meanwhile.")),
    413: Sorry(
        marked("That is too large"),
        marked("Files may have 8 MiB. Go back, and choose a smaller one."),
    ),
    429: Sorry(marked("A little slower, please"), marked("Wait a moment, then try again.")),
    503: Sorry(
        marked("We will be right back"),
        marked(
            "The shop cannot be reached for a moment. Tickets that you hold stay yours. Please try again."
        ),
    ),
}
BROKEN = Sorry(
    marked("Something went wrong on our side"),
    marked("We have noted it. Nothing was charged that you do not see in your bookings."),
)


def explain(words: Language, error: BMSError) -> str:
    """Return what a form says about ``error``."""
    return explain_code(words, error.code)


def explain_code(words: Language, code: str) -> str:
    """Return what a form says about the error with ``code``."""
    return words.gettext(WORDS.get(code, OTHERWISE))


def sorry(status: int) -> Sorry:
    """Return what the page of an error says."""
    return PAGES.get(status) or (PAGES[400] if 400 <= status < 500 else BROKEN)
