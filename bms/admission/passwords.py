"""Passwords: changing one's own, and choosing a new one by a link in a mail."""

from bms.admission.attempts import check_own_password
from bms.admission.mails import admit_mail
from bms.admission.signing_in import device_of
from bms.commands.accounts.passwords import change_password, request_reset, reset_password
from bms.commands.accounts.sessions import OpenedSession
from bms.http.call import Call
from bms.queries.accounts import get_profile
from bms.queries.single_use_tokens import get_link
from bms.security.common_passwords import refuse_common
from bms.security.link_tokens import hash_of
from bms.terms import Purpose


async def change_own(call: Call, *, current: str, new: str, refresh_hash: str, seconds: int) -> OpenedSession:
    """Change the caller's password, end all of the caller's sessions and return a new one of ``seconds``.

    Raises ValidationFailed and TooManyAttempts.
    """
    old_hash = await check_own_password(call, "current_password", current)
    user = await call.db.read_primary(get_profile, user_id=call.caller.user_id)
    await refuse_common("new_password", new, user.username, user.name, user.email)
    new_hash = await call.passwords.hash(new, asker=call.asker, has_account=True)
    return await call.db.transact(
        change_password,
        call.actor,
        old_hash=old_hash,
        new_hash=new_hash,
        refresh_hash=refresh_hash,
        seconds=seconds,
        device=device_of(call, call.caller.user_id),
    )


async def mail_link(call: Call, email: str) -> None:
    """Mail a link by which a new password can be chosen, if an account has the address.

    It takes as long if none has. Raises TooManyRequests.
    """
    await admit_mail(call, email)
    token = call.link_tokens.new()
    await call.db.transact(
        request_reset, email=email, seed=token.seed, token_hash=token.hash, request_id=call.request_id
    )


async def choose_by_link(call: Call, token: str, password: str) -> None:
    """Set the password of the account that the link belongs to. Raises LinkInvalid and ValidationFailed."""
    token_hash = hash_of(token)
    link = await call.db.read_primary(get_link, token_hash=token_hash, purpose=Purpose.PASSWORD)
    await refuse_common("password", password, link.username, link.name, link.email)
    new_hash = await call.passwords.hash(password, asker=call.asker, has_account=True)
    await call.db.transact(
        reset_password, token_hash=token_hash, new_hash=new_hash, request_id=call.request_id
    )
