"""Signing in: proving who one is by a password and, where there is one, a second factor."""

from typing import NamedTuple

from aiohttp import web

from bms.admission.attempts import Attempt, begin_login, begin_otp
from bms.commands.accounts.sessions import Device, OpenedSession, find_credentials, open_session
from bms.errors import ClientGone, InvalidCredentials, InvalidOtp, OtpRequired, Overloaded
from bms.http import keys
from bms.http.call import Call
from bms.security.agents import device_name
from bms.security.devices import COOKIE, SECONDS
from bms.security.second_factor import Proof


class Proven(NamedTuple):
    """Somebody who has proven who they are, and the attempts that are given back when a session is open."""

    user_id: int
    password_hash: str
    proof: Proof | None
    attempt: Attempt | None
    code_attempt: Attempt | None


async def prove(
    call: Call, *, login: str, password: str | None, otp: str | None, known: str | None = None
) -> Proven:
    """Check a password, and the code ``otp`` where the account needs one.

    ``known`` is the hash that the password was checked against a moment ago: then only the code is.

    Raises InvalidCredentials, TooManyAttempts, OtpRequired and InvalidOtp.
    """
    found = await call.db.read_primary(find_credentials, login=login)
    attempt = None
    if known is None:
        attempt = await begin_login(call, login, found.account_id)
        try:
            right = await call.passwords.matches(password or "", found.password_hash, asker=call.asker)
        except (ClientGone, Overloaded):
            await attempt.give_back()  # no password was checked
            raise
    else:
        right = found.password_hash == known
    if not right or found.user_id is None or found.password_hash is None:
        raise InvalidCredentials()
    if found.second_factor_seed is None:
        return Proven(found.user_id, found.password_hash, None, attempt, None)
    if otp is None:
        # Not forgotten: whoever knows the password would get rid of wrong codes by it.
        if attempt is not None:
            await attempt.give_back()
        raise OtpRequired(found.password_hash)
    code_attempt = await begin_otp(call, found.user_id)
    proof = call.second_factors.read(found.user_id, found.second_factor_seed, otp)
    if proof is None:
        raise InvalidOtp()
    return Proven(found.user_id, found.password_hash, proof, attempt, code_attempt)


async def open_proven(call: Call, proven: Proven, *, refresh_hash: str, seconds: int) -> OpenedSession:
    """Open a session of ``seconds`` for who has proven who they are. Raises as ``open_session``."""
    session = await call.db.transact(
        open_session,
        user_id=proven.user_id,
        password_hash=proven.password_hash,
        proof=proven.proof,
        refresh_hash=refresh_hash,
        seconds=seconds,
        device=device_of(call, proven.user_id),
        request_id=call.request_id,
    )
    if proven.code_attempt is not None and proven.proof is not None:
        await proven.code_attempt.give_back()
    if proven.attempt is not None:
        await proven.attempt.was_right()
    return session


def device_of(call: Call, user_id: int) -> Device:
    """Return where the request comes from, and whether the account was used there before."""
    agent = agent_of(call.request)
    known = call.devices.read(call.request.cookies.get(COOKIE), user_id) is not None
    return Device(agent, device_name(agent), call.address, call.network, known)


def know_device(call: Call, user_id: int, response: web.Response) -> None:
    """Give the device its cookie, unless it has one for this account."""
    if call.devices.read(call.request.cookies.get(COOKIE), user_id) is None:
        response.set_cookie(
            COOKIE,
            call.devices.new(user_id),
            max_age=SECONDS,
            httponly=True,
            samesite="Strict",
            secure=call.request.app[keys.LINKS].is_secure or call.request.secure,
        )


def agent_of(request: web.Request) -> str | None:
    """Return the client's User-Agent without what the database cannot store: headers may hold any bytes."""
    agent = request.headers.get("User-Agent", "")
    return "".join(c for c in agent if c.isprintable() and c < "\U00010000")[:200] or None
