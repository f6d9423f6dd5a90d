"""Sessions of browsers: kept alive by use, and opened for guests, who have no account.

A guest is a row of users without an address, whose password nobody knows. What they booked has their name
and address.
"""

import secrets
from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.registration import fold
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Role

IDLE_SECONDS = 43_200
MOST_SECONDS = 2_592_000


class InsertedId(NamedTuple):
    """The id of a new row."""

    id: int


class SessionOwner(NamedTuple):
    """A new session and its user."""

    user_id: int
    session_id: int


# Quiet: no reply shows when a session ends, and a cached visitor only lives shorter than they might.
TOUCH = Statement(
    "sessions.touch",
    "@id BIGINT, @idle INT, @most INT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    expires_at = CASE WHEN DATEADD(SECOND, @idle, SYSUTCDATETIME())
                                  < DATEADD(SECOND, @most, created_at)
                             THEN DATEADD(SECOND, @idle, SYSUTCDATETIME())
                             ELSE DATEADD(SECOND, @most, created_at) END
    WHERE  id = @id AND revoked_at IS NULL AND expires_at > SYSUTCDATETIME()
    """,
    quiet=True,
)

INSERT_GUEST = Statement(
    "users.insert_guest",
    "@name NVARCHAR(200), @username NVARCHAR(64), @username_folded NVARCHAR(64), "
    "@password_hash NVARCHAR(100), @role NVARCHAR(16), @locale NVARCHAR(35)",
    """
    INSERT INTO users (name, username, username_folded, password_hash, role, locale, is_guest)
    OUTPUT inserted.id
    VALUES (@name, @username, @username_folded, @password_hash, @role, @locale, 1)
    """,
    InsertedId,
    quiet=True,
)

INSERT_SESSION = Statement(
    "sessions.insert_of_site",
    "@user_id BIGINT, @session_hash NVARCHAR(64), @booking_id BIGINT, @seconds INT, @device NVARCHAR(200), "
    "@address NVARCHAR(64)",
    """
    INSERT INTO sessions (user_id, refresh_hash, booking_id, expires_at, device, address)
    OUTPUT inserted.id
    VALUES (@user_id, @session_hash, @booking_id, DATEADD(SECOND, @seconds, SYSUTCDATETIME()), @device,
            @address)
    """,
    InsertedId,
    quiet=True,
)


def touch_site_session(tx: Transaction, *, session_id: int) -> None:
    """Let a session in use live IDLE_SECONDS from now, but no longer than MOST_SECONDS in all."""
    tx.execute(TOUCH, id=session_id, idle=IDLE_SECONDS, most=MOST_SECONDS)


def open_guest_session(
    tx: Transaction,
    *,
    password_hash: str,
    session_hash: str,
    name: str,
    locale: str | None,
    device: str | None,
    address: str,
    request_id: str | None,
) -> SessionOwner:
    """Make a guest and open their session. ``password_hash`` is that of a secret which nobody keeps."""
    user_id = make_guest(tx, password_hash=password_hash, name=name, locale=locale)
    session = tx.only(
        INSERT_SESSION,
        user_id=user_id,
        session_hash=session_hash,
        booking_id=None,
        seconds=IDLE_SECONDS,
        device=device,
        address=address,
    )
    audit.record(tx, Actor(user_id, request_id=request_id), "open_guest", "session", session.id)
    return SessionOwner(user_id, session.id)


def make_guest(tx: Transaction, *, password_hash: str, name: str, locale: str | None) -> int:
    """Make a guest and return their id. ``password_hash`` is that of a secret which nobody keeps."""
    username = f"guest-{secrets.token_hex(12)}"
    return tx.only(
        INSERT_GUEST,
        name=name,
        username=username,
        username_folded=fold(username),
        password_hash=password_hash,
        role=Role.USER,
        locale=locale,
    ).id
