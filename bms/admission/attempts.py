"""Attempts at something secret, of which wrong ones are slowed down: passwords and cards.

An attempt is counted before it is made, so that many at once do not get around the limit. One that was right
is given back.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

from bms.cache.counters import Counters, key_of, seconds_to_wait
from bms.commands.accounts.passwords import get_password_hash, wrong_password
from bms.commands.accounts.registration import fold
from bms.errors import ClientGone, Overloaded, TooManyAttempts
from bms.http.call import Call
from bms.security.devices import COOKIE
from bms.terms import Rate


class Limit(NamedTuple):
    """A counter and its rate. ``own`` counters are forgotten once an attempt was right."""

    rate: Rate | None
    key: str
    own: bool = False


class Attempt:
    """One attempt, counted against several limits."""

    def __init__(self, counters: Counters, counted: Sequence[tuple[Rate, Limit]]) -> None:
        self._counters = counters
        self._counted = counted

    @classmethod
    async def begin(cls, counters: Counters, limits: Sequence[Limit]) -> Self:
        """Count an attempt against each of ``limits``. Raises TooManyAttempts with the seconds to wait."""
        counted: list[tuple[Rate, Limit]] = []
        for limit in limits:
            if limit.rate is None:
                continue
            taken = await counters.take(limit.rate, limit.key)
            if not taken.allowed:
                await cls(counters, counted).give_back()
                raise TooManyAttempts(retry_after=seconds_to_wait(taken))
            counted.append((limit.rate, limit))
        return cls(counters, counted)

    async def give_back(self) -> None:
        """Undo the count: the attempt was not made."""
        for rate, limit in self._counted:
            await self._counters.give_back(rate, limit.key)

    async def was_right(self) -> None:
        """Forget the failures of who made the attempt. Those that others made from here still count."""
        for rate, limit in self._counted:
            if limit.own:
                await self._counters.forget(limit.key)
            else:
                await self._counters.give_back(rate, limit.key)


async def begin_login(call: Call, login: str, user_id: int | None) -> Attempt:
    """Count an attempt to log in as ``login``, the name of ``user_id`` or of nobody. Raises TooManyAttempts.

    A device that has logged in to the account before has a counter of its own. For all others the account
    and the address count: together, and loosely each alone.
    """
    settings = call.settings
    account = ("name", fold(login)) if user_id is None else ("user", user_id)
    if user_id is not None:
        device = call.devices.read(call.request.cookies.get(COOKIE), user_id)
        if device is not None:
            key = key_of("password", *account, "device", device)
            return await Attempt.begin(call.counters, [Limit(settings.rate_wrong_passwords, key, own=True)])
    where = call.network or "here"
    limits = [
        Limit(settings.rate_wrong_passwords, key_of("password", *account, where), own=True),
        Limit(settings.rate_wrong_passwords_per_account, key_of("password", *account)),
    ]
    if call.network is not None:
        limits.append(Limit(settings.rate_wrong_passwords_per_address, key_of("password", "at", where)))
    return await Attempt.begin(call.counters, limits)


async def begin_otp(call: Call, user_id: int) -> Attempt:
    """Count an attempt to give a second factor, from anywhere but a known device. Raises TooManyAttempts.

    A code has six digits. Whoever tries has the password, so it is not enough to count them per address.
    """
    if call.devices.read(call.request.cookies.get(COOKIE), user_id) is not None:
        return await Attempt.begin(call.counters, [])  # the device's counter has it
    return await Attempt.begin(
        call.counters, [Limit(call.settings.rate_wrong_passwords, key_of("otp", user_id))]
    )


async def begin_own_code(call: Call) -> Attempt:
    """Count an attempt of a session to give a code of its user's second factor. Raises TooManyAttempts."""
    key = key_of("otp", "session", call.caller.session_id)
    return await Attempt.begin(call.counters, [Limit(call.settings.rate_wrong_passwords, key, own=True)])


async def check_own_password(call: Call, field: str, password: str) -> str:
    """Check the caller's current password, which the body has as ``field``, and return its hash.

    Only this session's attempts count: nobody else can use them up. Raises ValidationFailed if it is wrong,
    and TooManyAttempts.
    """
    key = key_of("password", "session", call.caller.session_id)
    attempt = await Attempt.begin(call.counters, [Limit(call.settings.rate_wrong_passwords, key, own=True)])
    stored = await call.db.read_primary(get_password_hash, user_id=call.caller.user_id)
    try:
        right = await call.passwords.matches(password, stored, asker=call.asker)
    except (ClientGone, Overloaded):
        await attempt.give_back()  # no password was checked
        raise
    if not right:
        raise wrong_password(field)
    await attempt.was_right()
    return stored


async def begin_card(call: Call, booking_id: int) -> Attempt:
    """Count an attempt to pay by card, for the booking, its buyer and the address. Raises TooManyAttempts."""
    settings = call.settings
    limits = [
        Limit(settings.rate_declined_cards_per_booking, key_of("card", "booking", booking_id)),
        Limit(settings.rate_declined_cards_per_user, key_of("card", "user", call.caller.user_id)),
    ]
    if call.network is not None:
        limits.append(Limit(settings.rate_declined_cards_per_address, key_of("card", "at", call.network)))
    return await Attempt.begin(call.counters, limits)
