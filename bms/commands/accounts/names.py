"""Names as they are searched: without case and accents. SQL folds no accents, so it is done here."""

from typing import NamedTuple

from bms.characters import search_form
from bms.sql.session import Transaction
from bms.sql.statements import Statement

MAX_FOLDED = 300  # UTF-16 units: a folded name may be longer than the name


class NameRow(NamedTuple):
    """The name of an account."""

    name: str


GET = Statement("users.get_name", "@id BIGINT", "SELECT name FROM users WHERE id = @id", NameRow)

# Quiet: no reply holds it. Who renames themselves meanwhile folds the new name.
UPDATE = Statement(
    "users.update_name_folded",
    "@id BIGINT, @name NVARCHAR(200), @name_folded NVARCHAR(300)",
    """
    UPDATE users WITH (ROWLOCK)
    SET    name_folded = @name_folded
    WHERE  id = @id AND name = @name
    """,
    quiet=True,
)


def fold_name(tx: Transaction, *, user_id: int) -> bool:
    """Fold the name of an account that a migration has left behind. Returns False if it has changed."""
    name = tx.only(GET, id=user_id).name
    return tx.execute(UPDATE, id=user_id, name=name, name_folded=folded_name(name)) == 1


def keep_folded(tx: Transaction, *, user_id: int, name: str) -> None:
    """Fold the name that this transaction has just written."""
    tx.execute(UPDATE, id=user_id, name=name, name_folded=folded_name(name))


def folded_name(name: str) -> str:
    """Return a name as it is searched."""
    return search_form(name, MAX_FOLDED)
