"""Guests of the site: what they say of themselves."""

from bms.schemas.accounts import Email
from bms.schemas.base import Line, RequestSchema


class GuestContact(RequestSchema):
    """Whom a guest's tickets go to."""

    name = Line(max=200, min=1, required=True)
    email = Email(required=True)


class GuestAddress(RequestSchema):
    """Another address for a guest's mails."""

    email = Email(required=True)
