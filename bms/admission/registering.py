"""Making an account."""

from typing import Any

from bms.commands.accounts.registration import check_is_free, register_user
from bms.http.call import Call
from bms.http.limits import admit
from bms.queries.accounts import UserRow
from bms.security.common_passwords import refuse_common
from bms.terms import Right


async def register(call: Call, fields: dict[str, Any], *, refuse: bool) -> UserRow:
    """Create an account from what the schema ``Register`` has loaded, and mail a link to its address.

    With ``refuse`` a password that everybody tries first is refused. Raises TooManyRequests,
    ValidationFailed, and as ``register_user``.
    """
    if call.network is not None and not (call.viewer is not None and call.viewer.may(Right.USERS_MANAGE)):
        await admit(call, "registrations", call.settings.rate_registrations_per_address, call.network)
    await call.db.read_primary(check_is_free, username=fields["username"], email=fields["email"])
    known = {name: value for name, value in fields.items() if name != "password"}
    password = fields["password"]
    if refuse:
        await refuse_common("password", password, fields["username"], fields["name"], fields["email"])
    password_hash = await call.passwords.hash(password, asker=call.asker)
    token = call.link_tokens.new()
    return await call.db.transact(
        register_user,
        **known,
        password_hash=password_hash,
        seed=token.seed,
        token_hash=token.hash,
        request_id=call.request_id,
    )
