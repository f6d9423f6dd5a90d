"""Who makes a request."""

from dataclasses import dataclass
from typing import NamedTuple

from bms.errors import BMSError
from bms.terms import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, as its token and its session say."""

    user_id: int
    session_id: int
    role: Role


class Identity(NamedTuple):
    """Who makes a request: a caller, or why the token that was sent tells of nobody, or neither."""

    caller: Caller | None = None
    refusal: BMSError | None = None


STRANGER = Identity()


class KnownCaller(NamedTuple):
    """Whom a token was found to speak for, and when it expires (UTC, seconds since 1970)."""

    caller: Caller
    expires_at: float
