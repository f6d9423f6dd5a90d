"""Accounts as admins manage them, and the changing of a password."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate

from bms.schemas.base import JsonSchema, Line, RequestSchema, Text
from bms.schemas.listing import ListQuery
from bms.schemas.users import Password, present_profile

ROLES = ("USER", "EVENT_MANAGER", "ADMIN")
_ONE_OF = validate.OneOf(ROLES, error=f"One of {', '.join(ROLES)} is needed.")


class Flag(fields.Field[bool]):
    """JSON's true or false, and nothing that merely equals them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Either true or false is needed.")
        return value

    def json_schema(self) -> JsonSchema:
        return {"type": "boolean"}


class AccountList(ListQuery):
    """GET /users; ``q`` is part of a name, a username or an e-mail address."""

    q = Line(max=100, load_default=None)
    role = fields.String(validate=_ONE_OF, load_default=None)


class AccountChange(RequestSchema):
    """PATCH /users/{id}."""

    role = fields.String(validate=_ONE_OF)
    is_active = Flag()

    older_names: ClassVar = {"active": "is_active"}


class PasswordChange(RequestSchema):
    """POST /profile/password. The present password is not judged here."""

    current_password = Text(required=True, max=1000, strip=False, load_only=True)
    new_password = Password(required=True)


def present_account(user: Any) -> dict[str, Any]:
    """Return an account as admins see it."""
    return {**present_profile(user), "is_active": user.is_active == 1}
