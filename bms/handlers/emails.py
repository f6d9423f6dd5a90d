"""The e-mail address of an account: confirming it, and changing it."""

from functools import partial

from aiohttp import web

from bms.admission.attempts import check_own_password
from bms.admission.mails import admit_mail
from bms.commands.accounts.addresses import confirm_address, repeat_confirmation, request_change
from bms.errors import Conflict, EmailTaken, LinkInvalid, TooManyAttempts, TooManyRequests
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import no_content
from bms.queries.accounts import get_profile
from bms.schemas.accounts import AddressChange, AddressConfirmation
from bms.schemas.answers.accounts import LinkSentAnswer
from bms.security.link_tokens import hash_of
from bms.terms import Service

routes = Routes(Service.USERS)


@routes.add(
    "POST",
    "/email/confirm",
    operation="users.confirm_email",
    access=Access.CREDENTIALS,
    body=AddressConfirmation(),
    answers={204: None},
    raises=[LinkInvalid, EmailTaken],
    dear=True,
)
async def confirm(call: Call) -> web.Response:
    """Confirm an address by the token of the link that was mailed to it.

    An address belongs to who confirms it: an account that only claims it loses it.
    """
    await call.db.transact(
        confirm_address, token_hash=hash_of(call.body["token"]), request_id=call.request_id
    )
    return no_content()


@routes.add(
    "POST",
    "/email/resend",
    operation="users.resend_confirmation",
    access=Access.USER,
    answers={202: LinkSentAnswer()},
    raises=[Conflict, TooManyRequests],
    headers=["Idempotency-Key"],
    enrolling=True,
)
async def resend(call: Call) -> web.Response:
    """Mail the link again that confirms the caller's address. The former link works, too."""
    profile = await call.db.read_primary(get_profile, user_id=call.caller.user_id)
    if profile.email is not None:
        await admit_mail(call, profile.email)
    token = call.link_tokens.new()
    command = partial(repeat_confirmation, actor=call.actor, seed=token.seed, token_hash=token.hash)
    return await once(call, command, _present_sent, 202)


@routes.add(
    "POST",
    "/profile/email",
    operation="users.change_email",
    access=Access.USER,
    body=AddressChange(),
    answers={202: LinkSentAnswer()},
    raises=[EmailTaken, TooManyAttempts],
    headers=["Idempotency-Key"],
    dear=True,
)
async def change(call: Call) -> web.Response:
    """Mail a link to another address. It becomes the caller's when the link is opened."""
    await check_own_password(call, "password", call.body["password"])
    await admit_mail(call, call.body["email"])
    token = call.link_tokens.new()
    command = partial(
        request_change,
        actor=call.actor,
        email=call.body["email"],
        seed=token.seed,
        token_hash=token.hash,
    )
    return await once(call, command, _present_sent, 202)


def _present_sent(email: str) -> dict[str, str]:
    return {"email": email}
