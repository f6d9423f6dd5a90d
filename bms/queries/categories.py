"""Reading categories."""

from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class CategoryRow(NamedTuple):
    """A whole category."""

    id: int
    slug: str
    name: str


class CategoryId(NamedTuple):
    """The id of a category."""

    id: int


LIST = Statement(
    "categories.list",
    "@after_slug NVARCHAR(64), @limit BIGINT",
    "SELECT TOP (@limit) id, slug, name FROM categories WHERE slug > @after_slug ORDER BY slug",
    CategoryRow,
)

FIND = Statement(
    "categories.find",
    "@id BIGINT, @slug NVARCHAR(64)",
    "SELECT id FROM categories WHERE id = @id OR slug = @slug",
    CategoryId,
)


def list_categories(tx: Transaction, *, after_slug: str | None, limit: int) -> list[CategoryRow]:
    """Return at most ``limit`` categories in the order of their slugs, starting after ``after_slug``."""
    return tx.rows(LIST, after_slug=after_slug or "", limit=limit)


def find_category(tx: Transaction, reference: int | str) -> int | None:
    """Return the id of the category whose id or slug is ``reference``, or None."""
    by_id = isinstance(reference, int)
    found = tx.row(FIND, id=reference if by_id else None, slug=None if by_id else reference)
    return None if found is None else found.id
