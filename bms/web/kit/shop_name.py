"""The name over the door: that of the sender of the service's mails."""

from email.utils import parseaddr
from typing import NewType

ShopName = NewType("ShopName", str)

DEFAULT = ShopName("BMS Tickets")


def shop_name(mail_from: str) -> ShopName:
    """Return the name in ``Name <address>``, or DEFAULT if there is none."""
    name, _ = parseaddr(mail_from)
    return ShopName(name) if name.strip() else DEFAULT
