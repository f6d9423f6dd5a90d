"""Logging in and out: throttling, sessions, rotation of refresh tokens."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.attempts import account_bucket, count_attempt, forget_attempts
from bms.commands.accounts.registration import fold
from bms.errors import InvalidCredentials
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

FIND_BY_USERNAME = Statement(
    "users.find_by_username",
    "@folded NVARCHAR(64)",
    "SELECT id, password_hash, is_active FROM users WHERE username_folded = @folded",
)

FIND_BY_EMAIL = Statement(
    "users.find_by_email",
    "@folded NVARCHAR(254)",
    "SELECT id, password_hash, is_active FROM users WHERE email_folded = @folded",
)

# A write where a read would do: whoever changes the password or bars the account ends its sessions,
# and this one is either there to be ended or not opened.
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
)


class Credentials(NamedTuple):
    """What is checked against a password; the first two None when there is no such active account.

    ``bucket`` is the counter of the account's failed logins.
    """

    user_id: int | None
    password_hash: str | None
    bucket: str


def begin_login(tx: Transaction, *, login: str, address: str) -> Credentials:
    """Count an attempt to log in as ``login`` (a username or an e-mail) and return what to check.

    Counted before the password is checked, so that many at once are no way around the limit.
    Raises TooManyAttempts, with the seconds to wait, past the limit of the account or the address.
    """
    user = tx.row(FIND_BY_EMAIL if "@" in login else FIND_BY_USERNAME, folded=fold(login))
    account = account_bucket(login if user is None else user.id)
    count_attempt(tx, bucket=account, address=address)
    if user is None or not user.is_active:
        return Credentials(None, None, account)
    return Credentials(user.id, user.password_hash, account)


def open_session(
    tx: Transaction,
    *,
    user_id: int,
    password_hash: str,
    bucket: str,
    refresh_hash: str,
    seconds: int,
    device: str | None,
    address: str,
    request_id: str | None,
) -> int:
    """Open a session after the right password, whose hash was ``password_hash``, and return its id.

    Raises InvalidCredentials when the account has another password by now, or is barred.
    """
    forget_attempts(tx, bucket=bucket, address=address)
    if tx.execute(LOCK_CREDENTIALS, id=user_id, password_hash=password_hash) != 1:
        raise InvalidCredentials()
    session_id: int = tx.value(
        INSERT, user_id=user_id, refresh_hash=refresh_hash, seconds=seconds, device=device, address=address
    )
    audit.record(tx, Actor(user_id, request_id=request_id), "login", "session", session_id)
    return session_id


def rotate_session(
    tx: Transaction, *, session_id: int, old_hash: str, new_hash: str, seconds: int, request_id: str | None
) -> int | None:
    """Replace a session's refresh token and return its user's id.

    None when the token is not the session's present one: one that was rotated away is presented
    again, so somebody has a copy, and the whole session is ended (RFC 9700, section 4.14.2).
    """
    rotated = tx.row(ROTATE, id=session_id, old_hash=old_hash, new_hash=new_hash, seconds=seconds)
    if rotated is not None:
        user_id: int = rotated.user_id
        return user_id
    revoke_session(
        tx, session_id=session_id, user_id=None, action="refresh_token_reused", request_id=request_id
    )
    return None


def revoke_session(
    tx: Transaction, *, session_id: int, user_id: int | None, action: str = "logout", request_id: str | None
) -> None:
    """End a session of ``user_id`` (None: of anyone) at once; ending an ended one changes nothing."""
    owner = tx.value(REVOKE, id=session_id, user_id=user_id)
    if owner is not None:
        audit.record(tx, Actor(owner, request_id=request_id), action, "session", session_id)
