"""Who is calling."""

from dataclasses import dataclass
from typing import NamedTuple

from bms.errors import BMSError
from bms.terms import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request, according to its token and session."""

    user_id: int
    session_id: int
    role: Role


class Identity(NamedTuple):
    """The outcome of authentication: a caller, the error that a bad token caused, or neither (anonymous)."""

    caller: Caller | None = None
    refusal: BMSError | None = None


STRANGER = Identity()


class KnownCaller(NamedTuple):
    """The caller that a token was verified for, and when the token expires (UTC, seconds since 1970)."""

    caller: Caller
    expires_at: float
