"""Adding categories."""

from bms.commands import audit
from bms.queries.categories import CategoryRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

INSERT = Statement(
    "categories.insert",
    "@slug NVARCHAR(64), @name NVARCHAR(100)",
    """
    INSERT INTO categories (slug, name)
    OUTPUT inserted.id, inserted.slug, inserted.name
    VALUES (@slug, @name)
    """,
    CategoryRow,
)


def create_category(tx: Transaction, actor: Actor, *, slug: str, name: str) -> CategoryRow:
    """Add a category and return it. Raises DuplicateCategory."""
    category = tx.only(INSERT, slug=slug, name=name)
    audit.record(tx, actor, "create", "category", category.id)
    return category
