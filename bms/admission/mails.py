"""Mails that anybody may ask for: each address gets a few."""

from bms.addresses import fold_address
from bms.http.call import Call
from bms.http.limits import admit


async def admit_mail(call: Call, email: str) -> None:
    """Count a mail that somebody asks for. It counts whether or not anybody has the address.

    Raises TooManyRequests.
    """
    rate = call.settings.rate_account_mails_per_address
    await admit(call, "account_mails", rate, fold_address(email))
