"""Limits in time: who may do what how often, and the headers that say so."""

from typing import TYPE_CHECKING

from bms.cache.counters import Taken, key_of, seconds_to_wait
from bms.errors import TooManyRequests
from bms.http.exchange import EXCHANGE
from bms.terms import Rate

if TYPE_CHECKING:
    from multidict import CIMultiDict

    from bms.http.call import Call


async def admit(call: "Call", name: str, rate: Rate | None, *who: object) -> None:
    """Count a call of ``who`` against the limit ``name``. The reply will say what is left of it.

    Without a ``rate`` there is no limit. Raises TooManyRequests with the seconds to wait.
    """
    if rate is None:
        return
    taken = await call.counters.take(rate, key_of(name, *who))
    call.request[EXCHANGE].limits.append((name, rate, taken))
    if not taken.allowed:
        raise TooManyRequests(retry_after=seconds_to_wait(taken))


async def admit_dear(call: "Call") -> None:
    """Count a call that costs much, for its caller, or for its address if nobody is logged in."""
    settings = call.settings
    if call.caller_or_none is not None:
        await admit(call, "dear", settings.rate_dear_per_user, "user", call.caller.user_id)
    elif call.network is not None:
        await admit(call, "dear", settings.rate_dear_per_address, "address", call.network)


def tell(headers: "CIMultiDict[str]", limits: list[tuple[str, Rate, Taken]]) -> None:
    """Add the headers of ``limits``, as draft-ietf-httpapi-ratelimit-headers-10 defines them.

    A quota is what a client may do at once, and its window is the time in which all of it comes back.
    """
    policies = [f'"{name}";q={rate.burst};w={rate.burst * rate.every}' for name, rate, _ in limits]
    left = [f'"{name}";r={taken.left};t={seconds_to_wait(taken)}' for name, _, taken in limits]
    headers["RateLimit-Policy"] = ", ".join(policies)
    headers["RateLimit"] = ", ".join(left)
