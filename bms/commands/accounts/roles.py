"""Accounts: their role and whether they are active, which admins decide, and their password."""

from bms.commands import audit
from bms.errors import Conflict, Forbidden, NotFound
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

GET = Statement(
    "users.get_account",
    "@id BIGINT",
    """
    SELECT id, email, name, username, role, phone, city, bio, is_active, created_at
    FROM   users
    WHERE  id = @id
    """,
)

# A write, so that of two admins who demote each other at once one waits and finds itself demoted.
LOCK_ADMINS = Statement(
    "users.lock_admins",
    "",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    is_active = 1
    OUTPUT inserted.id
    WHERE  role = 'ADMIN' AND is_active = 1
    """,
    quiet=True,
)

UPDATE = Statement(
    "users.update_account",
    "@id BIGINT, @role NVARCHAR(16), @is_active BIT, @old_role NVARCHAR(16), @was_active BIT",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    role = @role, is_active = @is_active
    WHERE  id = @id AND role = @old_role AND is_active = @was_active
    """,
)

END_SESSIONS = Statement(
    "sessions.revoke_of_user",
    "@user_id BIGINT, @kept BIGINT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    revoked_at = SYSUTCDATETIME()
    WHERE  user_id = @user_id AND revoked_at IS NULL AND (@kept IS NULL OR id <> @kept)
    """,
)


def change_account(
    tx: Transaction, actor: Actor, *, user_id: int, role: str | None, is_active: bool | None
) -> Row:
    """Change the role of an account and whether it is active (None: as it is), and return the account.

    An account that is barred has its sessions ended at once. Raises NotFound, Conflict when an admin
    would demote or bar themself, so that there is always one, or when another changes the account at
    the same time, and Forbidden when the caller is an admin no more.
    """
    account = tx.row(GET, id=user_id)
    if account is None:
        raise NotFound("There is no such user")
    was_active = account.is_active == 1
    role = account.role if role is None else role
    is_active = was_active if is_active is None else is_active
    if (role, is_active) == (account.role, was_active):
        return account
    if account.role == "ADMIN" and was_active:
        if user_id == actor.user_id:
            raise Conflict("Admins neither demote nor bar themselves: another admin may")
        if actor.user_id not in {admin.id for admin in tx.rows(LOCK_ADMINS)}:
            raise Forbidden("This needs the role ADMIN")
    changed = tx.execute(
        UPDATE, id=user_id, role=role, is_active=is_active, old_role=account.role, was_active=was_active
    )
    if changed != 1:
        raise Conflict("The account has been changed at the same time")
    if is_active != was_active:
        tx.execute(END_SESSIONS, user_id=user_id, kept=None)
    audit.record(
        tx,
        actor,
        "change",
        "user",
        user_id,
        details=f"{account.role} -> {role}, {_state(was_active)} -> {_state(is_active)}",
    )
    return tx.only(GET, id=user_id)


def _state(is_active: bool) -> str:
    return "active" if is_active else "barred"
