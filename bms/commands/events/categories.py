"""Categories: adding one."""

from bms.commands import audit
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

INSERT = Statement(
    "categories.insert",
    "@slug NVARCHAR(64), @name NVARCHAR(100)",
    """
    INSERT INTO categories (slug, name)
    OUTPUT inserted.id, inserted.slug, inserted.name
    VALUES (@slug, @name)
    """,
)


def create_category(tx: Transaction, *, user_id: int, slug: str, name: str, request_id: str | None) -> Row:
    """Add a category and return it. Raises DuplicateCategory."""
    category = tx.only(INSERT, slug=slug, name=name)
    audit.record(
        tx,
        user_id=user_id,
        action="create",
        subject="category",
        subject_id=category.id,
        request_id=request_id,
    )
    return category
