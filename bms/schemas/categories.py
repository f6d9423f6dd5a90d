"""Categories: request bodies, and how a category is presented."""

import re
import unicodedata
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from bms.queries.categories import CategoryRow
from bms.schemas.base import Line, RequestSchema
from bms.schemas.listing import ListQuery

MAX_SLUG = 64
# At least one letter: where an id or a slug may stand, digits alone are an id.
SLUG = re.compile(r"(?=[a-z0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*\Z")


class Category(RequestSchema):
    """POST /categories. A missing slug is made from the name."""

    name = Line(max=100, min=1, required=True)
    slug = fields.String(
        validate=[
            validate.Length(max=MAX_SLUG, error="Longer than {max} characters."),
            validate.Regexp(SLUG, error="Use lower-case letters and digits, separated by single hyphens."),
        ]
    )

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        slug = data.setdefault("slug", slugify(data["name"]))
        if not SLUG.match(slug):
            raise ValidationError("No slug can be made from this name: give a slug too.", "slug")
        return data


class CategoryList(ListQuery):
    """GET /categories."""


def slugify(name: str) -> str:
    """Return ``name`` in lower-case ASCII with hyphens, at most MAX_SLUG characters; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].rstrip("-")


def present_category(category: CategoryRow) -> dict[str, Any]:
    """Return a category as the API shows it."""
    return {"id": category.id, "slug": category.slug, "name": category.name}
