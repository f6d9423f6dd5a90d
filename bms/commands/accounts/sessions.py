"""Sessions: opened by a login, extended by refresh tokens, ended by a logout."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.registration import fold
from bms.errors import InvalidCredentials
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class CredentialsRow(NamedTuple):
    """What a login is checked against."""

    id: int
    password_hash: str
    is_active: int


class SessionRow(NamedTuple):
    """A new session."""

    id: int


class RotatedSession(NamedTuple):
    """A session whose refresh token was just replaced, for the ``rotation``th time."""

    user_id: int
    rotation: int


class EndedSession(NamedTuple):
    """A session that was just ended."""

    user_id: int


FIND_BY_USERNAME = Statement(
    "users.find_by_username",
    "@folded NVARCHAR(64)",
    "SELECT id, password_hash, is_active FROM users WHERE username_folded = @folded",
    CredentialsRow,
)

FIND_BY_EMAIL = Statement(
    "users.find_by_email",
    "@folded NVARCHAR(254)",
    "SELECT id, password_hash, is_active FROM users WHERE email_folded = @folded",
    CredentialsRow,
)

# Locks by writing, so that this row waits for a concurrent change of the password or deactivation. Either it
# sees the change and opens no session, or the change sees the session and ends it.
LOCK_CREDENTIALS = Statement(
    "users.lock_credentials",
    "@id BIGINT, @password_hash NVARCHAR(100)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    is_active = 1
    WHERE  id = @id AND password_hash = @password_hash AND is_active = 1
    """,
    quiet=True,
)

INSERT = Statement(
    "sessions.insert",
    "@user_id BIGINT, @refresh_hash NVARCHAR(64), @seconds INT, @device NVARCHAR(200), @address NVARCHAR(64)",
    """
    INSERT INTO sessions (user_id, refresh_hash, expires_at, device, address)
    OUTPUT inserted.id
    VALUES (@user_id, @refresh_hash, DATEADD(SECOND, @seconds, SYSUTCDATETIME()), @device, @address)
    """,
    SessionRow,
    quiet=True,
)

ROTATE = Statement(
    "sessions.rotate",
    "@id BIGINT, @old_hash NVARCHAR(64), @new_hash NVARCHAR(64), @seconds INT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    refresh_hash = @new_hash, rotation = rotation + 1,
           expires_at = DATEADD(SECOND, @seconds, SYSUTCDATETIME())
    OUTPUT inserted.user_id, inserted.rotation
    WHERE  id = @id AND refresh_hash = @old_hash AND revoked_at IS NULL AND expires_at > SYSUTCDATETIME()
           AND EXISTS (SELECT 1 FROM users AS u WHERE u.id = sessions.user_id AND u.is_active = 1)
    """,
    RotatedSession,
    quiet=True,
)

REVOKE = Statement(
    "sessions.revoke",
    "@id BIGINT, @user_id BIGINT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    revoked_at = SYSUTCDATETIME()
    OUTPUT inserted.user_id
    WHERE  id = @id AND revoked_at IS NULL AND (@user_id IS NULL OR user_id = @user_id)
    """,
    EndedSession,
)

REVOKE_OF_USER = Statement(
    "sessions.revoke_of_user",
    "@user_id BIGINT, @kept BIGINT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    revoked_at = SYSUTCDATETIME()
    WHERE  user_id = @user_id AND revoked_at IS NULL AND (@kept IS NULL OR id <> @kept)
    """,
)


class Credentials(NamedTuple):
    """What to check a password against, both None without an active account of that name.

    ``account_id`` is the account's id even if it is inactive.
    """

    account_id: int | None
    user_id: int | None
    password_hash: str | None


def find_credentials(tx: Transaction, *, login: str) -> Credentials:
    """Return what to check a login as ``login`` (a username or an e-mail address) against."""
    user = tx.row(FIND_BY_EMAIL if "@" in login else FIND_BY_USERNAME, folded=fold(login))
    if user is None:
        return Credentials(None, None, None)
    if not user.is_active:
        return Credentials(user.id, None, None)
    return Credentials(user.id, user.id, user.password_hash)


def open_session(
    tx: Transaction,
    *,
    user_id: int,
    password_hash: str,
    refresh_hash: str,
    seconds: int,
    device: str | None,
    address: str,
    request_id: str | None,
) -> int:
    """Open a session of ``seconds`` and return its id. The password was checked against ``password_hash``.

    Raises InvalidCredentials if the password changed since the check, or the account was deactivated.
    """
    if tx.execute(LOCK_CREDENTIALS, id=user_id, password_hash=password_hash) != 1:
        raise InvalidCredentials()
    session = tx.only(
        INSERT, user_id=user_id, refresh_hash=refresh_hash, seconds=seconds, device=device, address=address
    )
    audit.record(tx, Actor(user_id, request_id=request_id), "login", "session", session.id)
    return session.id


def rotate_session(
    tx: Transaction, *, session_id: int, old_hash: str, new_hash: str, seconds: int, request_id: str | None
) -> int | None:
    """Replace a session's refresh token and return its user's id; the session lives ``seconds`` from now.

    Returns None if ``old_hash`` is not of the session's current token. A token that was already replaced
    is used again, so somebody has a copy: the session ends (RFC 9700, section 4.14.2).
    """
    rotated = tx.row(ROTATE, id=session_id, old_hash=old_hash, new_hash=new_hash, seconds=seconds)
    if rotated is not None:
        return rotated.user_id
    _revoke(tx, session_id, None, "refresh_token_reused", request_id)
    return None


def revoke_session(tx: Transaction, actor: Actor, *, session_id: int) -> None:
    """End a session of the actor's at once. One that has ended already stays as it is."""
    _revoke(tx, session_id, actor.user_id, "logout", actor.request_id)


def _revoke(
    tx: Transaction, session_id: int, user_id: int | None, action: str, request_id: str | None
) -> None:
    ended = tx.row(REVOKE, id=session_id, user_id=user_id)
    if ended is not None:
        audit.record(tx, Actor(ended.user_id, request_id=request_id), action, "session", session_id)


def end_sessions(tx: Transaction, *, user_id: int, kept: int | None = None) -> int:
    """End all sessions of a user but ``kept``, and return how many there were."""
    return tx.execute(REVOKE_OF_USER, user_id=user_id, kept=kept)
