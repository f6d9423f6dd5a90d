"""What is known of a request while it is served: for its reply's headers and its line in the access log."""

from dataclasses import dataclass, field

from aiohttp import web

from bms.cache.counters import Taken
from bms.security.identity import STRANGER, Identity
from bms.terms import Rate


@dataclass(slots=True)
class Exchange:
    """One request and its reply.

    ``limits`` is what the reply says about limits: the name and rate of each, and what is left of it.
    ``successor`` is the path that replaces an older one.
    """

    request_id: str
    identity: Identity = STRANGER
    limits: list[tuple[str, Rate, Taken]] = field(default_factory=list)
    successor: str | None = None


# One key for all of it: a look-up in a request takes longer than an attribute.
EXCHANGE = web.RequestKey("exchange", Exchange)
