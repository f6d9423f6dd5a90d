"""The changing of a password."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.attempts import account_bucket, count_attempt, forget_attempts
from bms.commands.accounts.roles import END_SESSIONS
from bms.errors import ValidationFailed
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

GET_PASSWORD = Statement("users.get_password", "@id BIGINT", "SELECT password_hash FROM users WHERE id = @id")
SET_PASSWORD = Statement(
    "users.set_password",
    "@id BIGINT, @old_hash NVARCHAR(100), @new_hash NVARCHAR(100)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    password_hash = @new_hash
    WHERE  id = @id AND password_hash = @old_hash
    """,
)


class PasswordToCheck(NamedTuple):
    """The hash that the present password must match, and the counter of the account's attempts."""

    hash: str
    bucket: str


def begin_password_change(tx: Transaction, *, user_id: int, address: str) -> PasswordToCheck:
    """Count an attempt at the password, as at a login, and return what to check. Raises TooManyAttempts."""
    bucket = account_bucket(user_id)
    count_attempt(tx, bucket=bucket, address=address)
    return PasswordToCheck(tx.only(GET_PASSWORD, id=user_id).password_hash, bucket)


def change_password(
    tx: Transaction,
    actor: Actor,
    *,
    session_id: int,
    old_hash: str,
    new_hash: str,
    bucket: str,
    address: str,
) -> None:
    """Replace the password, which has been checked against ``old_hash``, and end all other sessions.

    Raises ValidationFailed when it is another by now.
    """
    forget_attempts(tx, bucket=bucket, address=address)
    if tx.execute(SET_PASSWORD, id=actor.user_id, old_hash=old_hash, new_hash=new_hash) != 1:
        raise wrong_password()
    ended = tx.execute(END_SESSIONS, user_id=actor.user_id, kept=session_id)
    audit.record(tx, actor, "change_password", "user", actor.user_id, details=f"{ended} other sessions ended")


def wrong_password() -> ValidationFailed:
    """Return the error for a wrong present password.

    Not a 401, which says that the access token is no good: clients would log in again.
    """
    return ValidationFailed.of("current_password", "This is not the present password.")
