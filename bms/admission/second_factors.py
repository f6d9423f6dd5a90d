"""One's own second factor: setting it up, and removing it."""

from typing import NamedTuple

from bms.admission.attempts import begin_own_code, check_own_password
from bms.commands.accounts.second_factor import (
    begin_second_factor,
    enrol_second_factor,
    get_seed,
    remove_second_factor,
)
from bms.errors import Conflict, ValidationFailed
from bms.http.call import Call
from bms.queries.accounts import get_profile
from bms.security.second_factor import Proof


class AppSecret(NamedTuple):
    """What an authenticator app needs: the secret in base32, and the address that a QR code holds."""

    secret: str
    uri: str


async def begin(call: Call, password: str) -> AppSecret:
    """Prepare a second factor of the caller's. Raises Conflict, ValidationFailed and TooManyAttempts."""
    await check_own_password(call, "password", password)
    seed = call.second_factors.new_seed()
    await call.db.transact(begin_second_factor, call.actor, seed=seed)
    return await _secret(call, seed)


async def find_begun(call: Call) -> AppSecret | None:
    """Return the second factor that the caller is setting up, or None."""
    seed = await call.db.read_primary(get_seed, user_id=call.caller.user_id, enrolled=False)
    return None if seed is None else await _secret(call, seed)


async def _secret(call: Call, seed: str) -> AppSecret:
    user_id, factors = call.caller.user_id, call.second_factors
    user = await call.db.read_primary(get_profile, user_id=user_id)
    return AppSecret(factors.secret(user_id, seed), factors.uri(user_id, seed, user.username))


async def confirm(call: Call, code: str) -> list[str]:
    """Let the caller's logins need the second factor that was prepared. Returns recovery codes, once.

    Raises Conflict, ValidationFailed and TooManyAttempts.
    """
    user_id = call.caller.user_id
    seed = await call.db.read_primary(get_seed, user_id=user_id, enrolled=False)
    if seed is None:
        raise Conflict("There is no second factor to confirm")
    proof = await _read(call, seed, code)
    if proof.step is None:
        raise _wrong_code()
    codes = call.second_factors.new_recovery_codes()
    await call.db.transact(
        enrol_second_factor,
        call.actor,
        seed=seed,
        step=proof.step,
        recovery_hashes=[call.second_factors.hash_recovery_code(user_id, code) for code in codes],
    )
    return codes


async def remove(call: Call, password: str, code: str) -> None:
    """Let the caller's logins need no second factor. Raises as ``confirm``."""
    await check_own_password(call, "password", password)
    seed = await call.db.read_primary(get_seed, user_id=call.caller.user_id, enrolled=True)
    if seed is None:
        raise Conflict("Your account has no second factor")
    proof = await _read(call, seed, code)
    if not await call.db.transact(remove_second_factor, call.actor, proof=proof):
        raise _wrong_code()


async def _read(call: Call, seed: str, code: str) -> Proof:
    """Return what a code proves. Raises ValidationFailed and TooManyAttempts."""
    attempt = await begin_own_code(call)
    proof = call.second_factors.read(call.caller.user_id, seed, code)
    if proof is None:
        raise _wrong_code()
    if proof.step is not None:  # a recovery code may be any text
        await attempt.was_right()
    return proof


def _wrong_code() -> ValidationFailed:
    return ValidationFailed.of("code", "This code is wrong, or was used before.")
