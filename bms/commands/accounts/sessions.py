"""Sessions: opened by a login, extended by refresh tokens, ended by a logout."""

import datetime as dt
from typing import NamedTuple

from bms.addresses import fold_address
from bms.announcements import SignedIn
from bms.commands import audit
from bms.commands.accounts.addresses import GET as GET_ACCOUNT
from bms.commands.accounts.registration import fold
from bms.commands.accounts.second_factor import use_second_factor
from bms.commands.messages.announce import announce
from bms.errors import InvalidCredentials, InvalidOtp, NotFound
from bms.formats import rfc3339
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

GRACE_SECONDS = 10  # in which a refresh token that was just replaced is answered again


class CredentialsRow(NamedTuple):
    """What a login is checked against."""

    id: int
    password_hash: str
    is_active: int
    second_factor_seed: str | None


class OpenedSession(NamedTuple):
    """A new session. Times are UTC."""

    id: int
    created_at: dt.datetime
    expires_at: dt.datetime


class RotatedSession(NamedTuple):
    """A session and when its refresh token was replaced. Times are UTC."""

    user_id: int
    rotated_at: dt.datetime
    expires_at: dt.datetime
    now: dt.datetime


class SeenRow(NamedTuple):
    """How many sessions an account had, and how many from a network."""

    sessions: int
    from_there: int


class EndedSession(NamedTuple):
    """A session that was just ended."""

    user_id: int


FIND_BY_USERNAME = Statement(
    "users.find_by_username",
    "@folded NVARCHAR(64)",
    """
    SELECT u.id, u.password_hash, u.is_active, f.seed AS second_factor_seed
    FROM   users AS u
    LEFT JOIN second_factors AS f ON f.user_id = u.id AND f.enrolled_at IS NOT NULL
    WHERE  u.username_folded = @folded
    """,
    CredentialsRow,
)

FIND_BY_EMAIL = Statement(
    "users.find_by_email",
    "@folded NVARCHAR(254)",
    """
    SELECT u.id, u.password_hash, u.is_active, f.seed AS second_factor_seed
    FROM   users AS u
    LEFT JOIN second_factors AS f ON f.user_id = u.id AND f.enrolled_at IS NOT NULL
    WHERE  u.email_folded = @folded
    """,
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
    "@user_id BIGINT, @refresh_hash NVARCHAR(64), @seconds INT, @device NVARCHAR(200), "
    "@address NVARCHAR(64), @network NVARCHAR(64)",
    """
    INSERT INTO sessions (user_id, refresh_hash, expires_at, device, address, network)
    OUTPUT inserted.id, inserted.created_at, inserted.expires_at
    VALUES (@user_id, @refresh_hash, DATEADD(SECOND, @seconds, SYSUTCDATETIME()), @device, @address, @network)
    """,
    OpenedSession,
    quiet=True,
)

# Sessions from before there was a network have the address alone.
COUNT_SEEN = Statement(
    "sessions.count_seen",
    "@user_id BIGINT, @address NVARCHAR(64), @network NVARCHAR(64)",
    """
    SELECT COUNT(*) AS sessions,
           COUNT(CASE WHEN network = @network OR address = @address THEN 1 END) AS from_there
    FROM   sessions
    WHERE  user_id = @user_id
    """,
    SeenRow,
)

ROTATE = Statement(
    "sessions.rotate",
    "@id BIGINT, @old_hash NVARCHAR(64), @new_hash NVARCHAR(64), @seconds INT, @most INT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    refresh_hash = @new_hash, previous_hash = @old_hash, rotation = rotation + 1,
           rotated_at = SYSUTCDATETIME(),
           expires_at = CASE WHEN DATEADD(SECOND, @seconds, SYSUTCDATETIME())
                                  < DATEADD(SECOND, @most, created_at)
                             THEN DATEADD(SECOND, @seconds, SYSUTCDATETIME())
                             ELSE DATEADD(SECOND, @most, created_at) END
    WHERE  id = @id AND refresh_hash = @old_hash AND revoked_at IS NULL AND expires_at > SYSUTCDATETIME()
      AND  created_at > DATEADD(SECOND, -@most, SYSUTCDATETIME())
      AND  EXISTS (SELECT 1 FROM users AS u WHERE u.id = sessions.user_id AND u.is_active = 1)
    """,
    quiet=True,
)

# Once a refresh token was replaced. Its successor must be unused: then refresh_hash is another one.
GET_ROTATED = Statement(
    "sessions.get_rotated",
    "@id BIGINT, @old_hash NVARCHAR(64), @new_hash NVARCHAR(64), @grace INT",
    """
    SELECT s.user_id, s.rotated_at, s.expires_at, SYSUTCDATETIME() AS now
    FROM   sessions AS s
    INNER JOIN users AS u ON u.id = s.user_id
    WHERE  s.id = @id AND s.refresh_hash = @new_hash AND s.previous_hash = @old_hash AND s.revoked_at IS NULL
      AND  s.rotated_at > DATEADD(SECOND, -@grace, SYSUTCDATETIME()) AND s.expires_at > SYSUTCDATETIME()
      AND  u.is_active = 1
    """,
    RotatedSession,
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

    ``account_id`` is the account's id even if it is inactive. ``second_factor_seed`` is that of the second
    factor that the login needs, None if it needs none.
    """

    account_id: int | None
    user_id: int | None
    password_hash: str | None
    second_factor_seed: str | None = None


def find_credentials(tx: Transaction, *, login: str) -> Credentials:
    """Return what to check a login as ``login`` (a username or an e-mail address) against."""
    if "@" in login:
        user = tx.row(FIND_BY_EMAIL, folded=fold_address(login))
    else:
        user = tx.row(FIND_BY_USERNAME, folded=fold(login))
    if user is None:
        return Credentials(None, None, None)
    if not user.is_active:
        return Credentials(user.id, None, None)
    return Credentials(user.id, user.id, user.password_hash, user.second_factor_seed)


class Device(NamedTuple):
    """Where somebody signs in from: the User-Agent, a name for it, the address and the network of it.

    ``is_known`` says that somebody has signed in to the account with this browser before.
    """

    agent: str | None
    name: str | None
    address: str
    network: str | None
    is_known: bool


def open_session(
    tx: Transaction,
    *,
    user_id: int,
    password_hash: str,
    proof: tuple[int | None, str | None] | None,
    refresh_hash: str,
    seconds: int,
    device: Device,
    request_id: str | None,
) -> OpenedSession:
    """Open a session of ``seconds`` and return it. The password was checked against ``password_hash``.

    ``proof`` is the step or the hash of the second factor, None for an account without one. The account's
    user is told of a device that they have not used before.

    Raises InvalidCredentials if the password changed since the check, or the account was deactivated, and
    InvalidOtp if the second factor was used before, is missing or is not the account's.
    """
    if tx.execute(LOCK_CREDENTIALS, id=user_id, password_hash=password_hash) != 1:
        raise InvalidCredentials()
    if not use_second_factor(tx, user_id=user_id, proof=proof):
        raise InvalidOtp()
    seen = tx.only(COUNT_SEEN, user_id=user_id, address=device.address, network=device.network)
    session = _insert(tx, user_id, refresh_hash, seconds, device)
    audit.record(tx, Actor(user_id, request_id=request_id), "login", "session", session.id)
    if seen.sessions and not seen.from_there and not device.is_known:
        _tell_of(tx, user_id, session, device, request_id)
    return session


def replace_session(
    tx: Transaction, actor: Actor, *, refresh_hash: str, seconds: int, device: Device
) -> OpenedSession:
    """Open a session for an actor whose others were just ended, and return it."""
    return _insert(tx, actor.user_id, refresh_hash, seconds, device)


def _insert(tx: Transaction, user_id: int, refresh_hash: str, seconds: int, device: Device) -> OpenedSession:
    return tx.only(
        INSERT,
        user_id=user_id,
        refresh_hash=refresh_hash,
        seconds=seconds,
        device=device.agent,
        address=device.address,
        network=device.network,
    )


def _tell_of(
    tx: Transaction, user_id: int, session: OpenedSession, device: Device, request_id: str | None
) -> None:
    told = SignedIn(
        user_id=user_id,
        person=tx.only(GET_ACCOUNT, id=user_id).person,
        session_id=session.id,
        signed_in_at=rfc3339(session.created_at.replace(microsecond=0)),
        device=device.name,
        address=device.address,
    )
    announce(tx, told, request_id=request_id)


def rotate_session(
    tx: Transaction,
    *,
    session_id: int,
    old_hash: str,
    new_hash: str,
    seconds: int,
    most: int,
    request_id: str | None,
) -> RotatedSession | None:
    """Replace a session's refresh token; the session lives ``seconds`` from now, ``most`` since its login.

    ``new_hash`` follows from the old token. Within GRACE_SECONDS the old token is answered again, as two
    tabs or a lost reply send it twice, as long as its successor is unused.

    Returns None if ``old_hash`` is neither the session's current token nor such a repeat. Somebody has a
    copy then: the session ends (RFC 9700, section 4.14.2).
    """
    tx.execute(ROTATE, id=session_id, old_hash=old_hash, new_hash=new_hash, seconds=seconds, most=most)
    rotated = tx.row(GET_ROTATED, id=session_id, old_hash=old_hash, new_hash=new_hash, grace=GRACE_SECONDS)
    if rotated is None:
        _revoke(tx, session_id, None, "refresh_token_reused", request_id)
    return rotated


def end_session(tx: Transaction, actor: Actor, *, session_id: int) -> None:
    """End one of the actor's sessions at once. Raises NotFound if it has ended, or is not theirs."""
    if not _revoke(tx, session_id, actor.user_id, "end_session", actor.request_id):
        raise NotFound()


def end_other_sessions(tx: Transaction, actor: Actor, *, kept: int) -> None:
    """End all of the actor's sessions but ``kept``."""
    ended = end_sessions(tx, user_id=actor.user_id, kept=kept)
    audit.record(
        tx, actor, "end_other_sessions", "user", actor.user_id, details=f"{ended} other sessions ended"
    )


def revoke_session(tx: Transaction, actor: Actor, *, session_id: int) -> None:
    """End a session of the actor's at once. One that has ended already stays as it is."""
    _revoke(tx, session_id, actor.user_id, "logout", actor.request_id)


def _revoke(
    tx: Transaction, session_id: int, user_id: int | None, action: str, request_id: str | None
) -> bool:
    ended = tx.row(REVOKE, id=session_id, user_id=user_id)
    if ended is not None:
        audit.record(tx, Actor(ended.user_id, request_id=request_id), action, "session", session_id)
    return ended is not None


def end_sessions(tx: Transaction, *, user_id: int, kept: int | None = None) -> int:
    """End all sessions of a user but ``kept``, and return how many there were."""
    return tx.execute(REVOKE_OF_USER, user_id=user_id, kept=kept)
