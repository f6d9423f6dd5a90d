"""Who is calling."""

from dataclasses import dataclass
from typing import NamedTuple

from bms.errors import BMSError
from bms.terms import RIGHTS, Right, Role


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request, according to its token and session. ``locale`` is their account's.

    A caller who ``must_enrol`` has a role that needs a second factor, and may only set one up.
    """

    user_id: int
    session_id: int
    role: Role
    locale: str | None = None
    must_enrol: bool = False

    def may(self, right: Right) -> bool:
        """Return whether the caller's role has ``right``."""
        return right in RIGHTS[self.role]


class Identity(NamedTuple):
    """The outcome of authentication: a caller, the error that a bad token caused, or neither (anonymous)."""

    caller: Caller | None = None
    refusal: BMSError | None = None


STRANGER = Identity()


class KnownCaller(NamedTuple):
    """Who a token was verified for, and when the token expires (UTC, seconds since 1970)."""

    identity: Identity
    expires_at: float
