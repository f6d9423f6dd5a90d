"""Which prices an event may ask: no more decimals than its currency has (ISO 4217)."""

from collections.abc import Mapping, Sequence
from typing import Any

from bms.commands.events.ticket_types import LockedTicketType, Offer
from bms.errors import ValidationFailed
from bms.money import Money, exponent_of


def check_prices(
    fields: Mapping[str, Any], offers: Sequence[Offer], *, currency: str, now: Sequence[LockedTicketType] = ()
) -> None:
    """Raise ValidationFailed unless ``currency`` has the prices of ``offers``. It points at the field sent.

    A price that a ticket type has ``now`` may stay, though it be from before BMS knew the decimals.
    """
    kept = {(kind.id, kind.price, kind.currency) for kind in now}
    if all(
        (offer.id, offer.price, currency) in kept or Money(offer.price, currency).is_payable
        for offer in offers
    ):
        return
    message = f"{currency} has {exponent_of(currency) or 'no'} decimals."
    if "price" in fields:
        raise ValidationFailed.of("price", message)
    errors = [
        {"pointer": f"/ticket_types/{index}/price", "message": message}
        for index, entry in enumerate(fields.get("ticket_types", ()))
        if "price" in entry and not Money(entry["price"], currency).is_payable
    ]
    raise ValidationFailed(errors or [{"pointer": "/currency", "message": f"{message} A price has more."}])
