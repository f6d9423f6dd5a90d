"""Second factors: set up, used at a login, and taken away.

A code is used once: the row keeps the time step of the last one, and it only grows.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from bms.announcements import SecondFactorChanged
from bms.commands import audit
from bms.commands.accounts.addresses import GET as GET_ACCOUNT
from bms.commands.messages.announce import announce
from bms.errors import Conflict, NotFound
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor

Proof = tuple[int | None, str | None]  # a time step, or the hash of a recovery code


class FactorRow(NamedTuple):
    """A second factor. ``enrolled_at`` is None until its user has shown a code of it."""

    seed: str
    enrolled_at: dt.datetime | None


GET = Statement(
    "second_factors.get",
    "@user_id BIGINT",
    "SELECT seed, enrolled_at FROM second_factors WHERE user_id = @user_id",
    FactorRow,
)

# Locks the account, so that two of its requests come one after the other.
LOCK = Statement(
    "users.lock_second_factor",
    "@id BIGINT, @is_on BIT",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    second_factor_at = CASE WHEN @is_on = 1 THEN SYSUTCDATETIME() END
    WHERE  id = @id AND is_active = 1
    """,
)

NEEDS = Statement(
    "users.needs_second_factor",
    "@id BIGINT",
    "SELECT seed, enrolled_at FROM second_factors WHERE user_id = @id AND enrolled_at IS NOT NULL",
    FactorRow,
)

INSERT = Statement(
    "second_factors.insert",
    "@user_id BIGINT, @seed NVARCHAR(64)",
    "INSERT INTO second_factors (user_id, seed) VALUES (@user_id, @seed)",
)

ENROL = Statement(
    "second_factors.enrol",
    "@user_id BIGINT, @seed NVARCHAR(64), @step BIGINT",
    """
    UPDATE second_factors WITH (ROWLOCK, UPDLOCK)
    SET    enrolled_at = SYSUTCDATETIME(), last_step = @step
    WHERE  user_id = @user_id AND seed = @seed AND enrolled_at IS NULL
    """,
)

USE_STEP = Statement(
    "second_factors.use_step",
    "@user_id BIGINT, @step BIGINT",
    """
    UPDATE second_factors WITH (ROWLOCK, UPDLOCK)
    SET    last_step = @step
    WHERE  user_id = @user_id AND enrolled_at IS NOT NULL AND last_step < @step
    """,
)

USE_RECOVERY = Statement(
    "recovery_codes.use",
    "@user_id BIGINT, @code_hash NVARCHAR(64)",
    """
    UPDATE recovery_codes WITH (ROWLOCK, UPDLOCK)
    SET    used_at = SYSUTCDATETIME()
    WHERE  code_hash = @code_hash AND user_id = @user_id AND used_at IS NULL
    """,
)

DELETE = Statement(
    "second_factors.delete",
    "@user_id BIGINT",
    "DELETE FROM second_factors WITH (ROWLOCK) WHERE user_id = @user_id",
)

DELETE_RECOVERY = Statement(
    "recovery_codes.delete",
    "@user_id BIGINT",
    "DELETE FROM recovery_codes WITH (ROWLOCK) WHERE user_id = @user_id",
)

INSERT_RECOVERY = Statement(
    "recovery_codes.insert",
    "@user_id BIGINT, @codes NVARCHAR(MAX)",
    """
    INSERT INTO recovery_codes (code_hash, user_id)
    SELECT c.code_hash, @user_id
    FROM   OPENJSON(@codes) WITH (code_hash NVARCHAR(64)) AS c
    """,
)


def get_seed(tx: Transaction, *, user_id: int, enrolled: bool) -> str | None:
    """Return the seed of an account's second factor, or of the one being set up; None without one."""
    factor = tx.row(GET, user_id=user_id)
    if factor is None or (factor.enrolled_at is not None) != enrolled:
        return None
    return factor.seed


def begin_second_factor(tx: Transaction, actor: Actor, *, seed: str) -> None:
    """Prepare a second factor. It counts once a code of it is shown. Raises Conflict if there is one."""
    factor = tx.row(GET, user_id=actor.user_id)
    if factor is not None and factor.enrolled_at is not None:
        raise Conflict("Your account has a second factor; remove it first")
    tx.execute(DELETE, user_id=actor.user_id)
    tx.execute(INSERT, user_id=actor.user_id, seed=seed)
    audit.record(tx, actor, "begin_second_factor", "user", actor.user_id)


def enrol_second_factor(
    tx: Transaction, actor: Actor, *, seed: str, step: int, recovery_hashes: Sequence[str]
) -> None:
    """Let logins need the second factor of ``seed``, of which the code of ``step`` was shown.

    Raises Conflict if another request was faster.
    """
    tx.execute(LOCK, id=actor.user_id, is_on=True)
    if tx.execute(ENROL, user_id=actor.user_id, seed=seed, step=step) != 1:
        raise Conflict("The second factor was changed at the same time; start again")
    tx.execute(DELETE_RECOVERY, user_id=actor.user_id)
    codes = json_rows({"code_hash": hashed} for hashed in recovery_hashes)
    tx.execute(INSERT_RECOVERY, user_id=actor.user_id, codes=codes)
    _tell(tx, actor.user_id, True, actor.request_id)
    audit.record(tx, actor, "enrol_second_factor", "user", actor.user_id)


def use_second_factor(tx: Transaction, *, user_id: int, proof: Proof | None) -> bool:
    """Use a proof up. Returns False if it was used before, or is missing where the account needs one."""
    if proof is None:
        return tx.row(NEEDS, id=user_id) is None
    step, recovery_hash = proof
    if step is not None:
        return tx.execute(USE_STEP, user_id=user_id, step=step) == 1
    return tx.execute(USE_RECOVERY, user_id=user_id, code_hash=recovery_hash) == 1


def remove_second_factor(tx: Transaction, actor: Actor, *, proof: Proof) -> bool:
    """Let the actor's logins need no second factor. Returns False if ``proof`` was used before."""
    if not use_second_factor(tx, user_id=actor.user_id, proof=proof):
        return False
    forget_second_factor(tx, user_id=actor.user_id)
    _tell(tx, actor.user_id, False, actor.request_id)
    audit.record(tx, actor, "remove_second_factor", "user", actor.user_id)
    return True


def reset_second_factor(tx: Transaction, actor: Actor, *, user_id: int) -> None:
    """Take another's second factor away, who has lost it. Raises NotFound if there is no such account.

    An account without one stays as it is.
    """
    if tx.row(GET_ACCOUNT, id=user_id) is None:
        raise NotFound("There is no such user")
    audit.record(tx, actor, "reset_second_factor", "user", user_id)
    if forget_second_factor(tx, user_id=user_id):
        _tell(tx, user_id, False, actor.request_id)


def forget_second_factor(tx: Transaction, *, user_id: int) -> bool:
    """Remove a second factor and its recovery codes. Returns False if there was none."""
    tx.execute(LOCK, id=user_id, is_on=False)
    tx.execute(DELETE_RECOVERY, user_id=user_id)
    return tx.execute(DELETE, user_id=user_id) == 1


def _tell(tx: Transaction, user_id: int, is_on: bool, request_id: str | None) -> None:
    person = tx.only(GET_ACCOUNT, id=user_id).person
    occasion = secrets.token_hex(8)
    told = SecondFactorChanged(user_id=user_id, person=person, is_on=is_on, occasion=occasion)
    announce(tx, told, request_id=request_id)
