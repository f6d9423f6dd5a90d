"""What admins change of an account: its role, whether it is active, and its sessions."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.sessions import end_sessions
from bms.commands.events.off_sale import set_organizer_on_sale
from bms.errors import Conflict, Forbidden
from bms.queries.accounts import GET_ACCOUNT, AccountRow, get_account
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Role


class AdminRow(NamedTuple):
    """An active admin."""

    id: int


# Locks by writing. Of two admins who demote each other, the second waits and then finds itself demoted.
LOCK_ADMINS = Statement(
    "users.lock_admins",
    "",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    is_active = 1
    OUTPUT inserted.id
    WHERE  role = 'ADMIN' AND is_active = 1
    """,
    AdminRow,
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


def change_account(
    tx: Transaction, actor: Actor, *, user_id: int, role: Role | None, is_active: bool | None
) -> AccountRow:
    """Change an account's role and whether it is active, and return the account. None keeps what is.

    Deactivating or reactivating an account ends its sessions, and takes its events off sale or back on.
    Admins cannot demote or deactivate themselves, so there is always one left.

    Raises NotFound; Conflict for an admin's own account, or if the account changed concurrently; and
    Forbidden if the caller is no longer an admin.
    """
    account = get_account(tx, user_id=user_id)
    was_active = account.is_active == 1
    role = Role(account.role) if role is None else role
    is_active = was_active if is_active is None else is_active
    if (role, is_active) == (account.role, was_active):
        return account
    if account.role == Role.ADMIN and was_active:
        if user_id == actor.user_id:
            raise Conflict("Admins cannot demote or deactivate themselves; another admin can")
        if actor.user_id not in {admin.id for admin in tx.rows(LOCK_ADMINS)}:
            raise Forbidden("This needs the role ADMIN")
    changed = tx.execute(
        UPDATE, id=user_id, role=role, is_active=is_active, old_role=account.role, was_active=was_active
    )
    if changed != 1:
        raise Conflict("Somebody else changed the account at the same time; try again")
    if is_active != was_active:
        end_sessions(tx, user_id=user_id)
    audit.record(
        tx,
        actor,
        "change",
        "user",
        user_id,
        details=f"{account.role} -> {role}, {_state(was_active)} -> {_state(is_active)}",
    )
    if is_active != was_active:
        # Last, as buyers wait for ticket types.
        set_organizer_on_sale(tx, user_id, on_sale=is_active)
    return tx.only(GET_ACCOUNT, id=user_id)


def end_sessions_of(tx: Transaction, actor: Actor, *, user_id: int) -> int:
    """End all sessions of an account at once, and return how many there were. Raises NotFound."""
    get_account(tx, user_id=user_id)
    ended = end_sessions(tx, user_id=user_id)
    audit.record(tx, actor, "end_sessions", "user", user_id, details=f"{ended} sessions ended")
    return ended


def _state(is_active: bool) -> str:
    return "active" if is_active else "inactive"
