"""The session of a browser."""

import datetime as dt
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class SiteSessionRow(NamedTuple):
    """A live session of a browser, with its user. ``booking_id`` is the only booking that it may see."""

    id: int
    user_id: int
    booking_id: int | None
    role: str
    name: str
    is_guest: int
    locale: str | None
    second_factor_at: dt.datetime | None
    expires_at: dt.datetime
    now: dt.datetime


GET = Statement(
    "sessions.get_of_site",
    "@session_hash NVARCHAR(64)",
    """
    SELECT s.id, s.user_id, s.booking_id, u.role, u.name, u.is_guest, u.locale, u.second_factor_at,
           s.expires_at, SYSUTCDATETIME() AS now
    FROM   sessions AS s
    INNER JOIN users AS u ON u.id = s.user_id
    WHERE  s.refresh_hash = @session_hash AND s.revoked_at IS NULL AND s.expires_at > SYSUTCDATETIME()
           AND u.is_active = 1
    """,
    SiteSessionRow,
)


def get_site_session(tx: Transaction, *, session_hash: str) -> SiteSessionRow | None:
    """Return the live session that a cookie's hash names, or None."""
    return tx.row(GET, session_hash=session_hash)
