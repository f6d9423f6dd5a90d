"""Changing a password."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.sessions import end_sessions
from bms.errors import ValidationFailed
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class PasswordRow(NamedTuple):
    """The hash of a password."""

    password_hash: str


GET_PASSWORD = Statement(
    "users.get_password",
    "@id BIGINT",
    "SELECT password_hash FROM users WHERE id = @id",
    PasswordRow,
)

SET_PASSWORD = Statement(
    "users.set_password",
    "@id BIGINT, @old_hash NVARCHAR(100), @new_hash NVARCHAR(100)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    password_hash = @new_hash
    WHERE  id = @id AND password_hash = @old_hash
    """,
)


def get_password_hash(tx: Transaction, *, user_id: int) -> str:
    """Return the hash that the user's current password must match."""
    return tx.only(GET_PASSWORD, id=user_id).password_hash


def change_password(
    tx: Transaction,
    actor: Actor,
    *,
    session_id: int,
    old_hash: str,
    new_hash: str,
) -> None:
    """Replace the password that was checked against ``old_hash``, and end all other sessions of the user.

    Raises ValidationFailed if the password has changed since the check.
    """
    if tx.execute(SET_PASSWORD, id=actor.user_id, old_hash=old_hash, new_hash=new_hash) != 1:
        raise wrong_password()
    ended = end_sessions(tx, user_id=actor.user_id, kept=session_id)
    audit.record(tx, actor, "change_password", "user", actor.user_id, details=f"{ended} other sessions ended")


def wrong_password() -> ValidationFailed:
    """Return the error for a wrong current password.

    It is no 401: that would say that the access token is invalid, and clients would log in again.
    """
    return ValidationFailed.of("current_password", "This is not your current password.")
