"""Accounts: what may be sent, and how they are shown."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate

from bms.addresses import MAX_ADDRESS, parse_address
from bms.characters import password_form
from bms.formats import rfc3339
from bms.queries.accounts import AccountRow, ProfileRow, UserRow
from bms.queries.events import ToComeRow
from bms.schemas.base import Flag, JsonSchema, LanguageTag, Line, RequestSchema, Text
from bms.schemas.listing import ListQuery
from bms.security.passwords import MAX_PASSWORD_BYTES
from bms.terms import Role

MIN_PASSWORD = 8
USERNAME = re.compile(r"[A-Za-z0-9_.+-]{1,64}\Z")
ROLES = {role.value: role for role in Role}
# Sources 000 and 002 write roles as titles, such as Event Manager.
ROLE_NAMES = ROLES | {role.replace("_", " ").title(): role for role in Role}
_ONE_ROLE = f"One of {', '.join(ROLES)} is needed."


class Email(Line):
    """An e-mail address to which mail can be sent. The domain may be written in any script."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=MAX_ADDRESS, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return parse_address(super()._deserialize(value, attr, data, **kwargs)).text
        except ValueError as error:
            raise error if isinstance(error, ValidationError) else ValidationError(str(error)) from None

    def json_schema(self) -> JsonSchema:
        return {**super().json_schema(), "format": "email"}


class Password(Text):
    """A new password: at least 8 characters, and at most the 72 bytes that bcrypt reads."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=1000, min=MIN_PASSWORD, strip=False, load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        password = super()._deserialize(value, attr, data, **kwargs)
        if len(password_form(password).encode()) > MAX_PASSWORD_BYTES:
            raise ValidationError(f"Longer than {MAX_PASSWORD_BYTES} bytes; bcrypt ignores what follows.")
        return password

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "format": "password",
            "minLength": MIN_PASSWORD,
            "maxLength": MAX_PASSWORD_BYTES,
        }


class RoleName(fields.String):
    """One of ``names``, loaded as the Role that it means."""

    def __init__(self, *, names: Mapping[str, Role], message: str, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(names, error=message), **kwargs)
        self.names = names

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        return self.names.get(name, name)

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "enum": [name for name in self.names if name in ROLES]}

    def older_schema(self) -> JsonSchema:
        return {"type": "string", "enum": list(self.names)}


class Register(RequestSchema):
    """POST /register. Without an e-mail address nothing can be mailed to the account."""

    email = Email()
    name = Line(max=200, min=1)
    username = fields.String(
        required=True,
        validate=validate.Regexp(USERNAME, error="1 to 64 letters, digits and _ . + - are needed."),
    )
    password = Password(required=True)
    role = RoleName(names=ROLE_NAMES, message="USER or EVENT_MANAGER is needed.", load_default=Role.USER)
    locale = LanguageTag()

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data.setdefault("email", None)
        data.setdefault("name", data["username"])
        data.setdefault("locale", None)
        return data


class ProfileChange(RequestSchema):
    """PATCH /profile; null clears a field."""

    name = Line(max=200, min=1)
    phone = Line(max=32, allow_none=True)
    city = Line(max=100, allow_none=True)
    bio = Text(max=1000, allow_none=True)
    locale = LanguageTag(allow_none=True)


class ProfileReplacement(ProfileChange):
    """PUT /profile: what is left out is cleared."""

    name = Line(max=200, min=1, required=True)
    phone = Line(max=32, allow_none=True, load_default=None)
    city = Line(max=100, allow_none=True, load_default=None)
    bio = Text(max=1000, allow_none=True, load_default=None)
    locale = LanguageTag(allow_none=True, load_default=None)


class AccountList(ListQuery):
    """GET /users; ``q`` is part of a name, a username or an e-mail address."""

    q = Line(max=100, load_default=None)
    role = RoleName(names=ROLES, message=_ONE_ROLE, load_default=None)


class AccountChange(RequestSchema):
    """PATCH /users/{id}."""

    role = RoleName(names=ROLES, message=_ONE_ROLE)
    is_active = Flag()

    older_names: ClassVar = {"active": "is_active"}


class CurrentPassword(Text):
    """A password that was chosen before. The rules for new ones do not apply to it."""

    def __init__(self) -> None:
        super().__init__(max=1000, required=True, strip=False, load_only=True)


class Token(Line):
    """The last part of a link in a mail."""

    def __init__(self) -> None:
        super().__init__(max=200, min=1, required=True)


class Code(Line):
    """A code of a second factor, or a recovery code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=32, min=1, load_only=True, **kwargs)


class PasswordChange(RequestSchema):
    """POST /profile/password."""

    current_password = CurrentPassword()
    new_password = Password(required=True)


class NewPassword(RequestSchema):
    """A new password by itself, as a form and the command line read it."""

    password = Password(required=True)


class AddressConfirmation(RequestSchema):
    """POST /email/confirm."""

    token = Token()


class AddressChange(RequestSchema):
    """POST /profile/email."""

    email = Email(required=True)
    password = CurrentPassword()


class PasswordForgotten(RequestSchema):
    """POST /password/forgot."""

    email = Email(required=True)


class PasswordReset(RequestSchema):
    """POST /password/reset."""

    token = Token()
    password = Password(required=True)


class SecondFactorBegin(RequestSchema):
    """POST /profile/totp."""

    password = CurrentPassword()


class SecondFactorConfirmation(RequestSchema):
    """POST /profile/totp/confirm."""

    code = Code(required=True)


class SecondFactorRemoval(RequestSchema):
    """DELETE /profile/totp."""

    password = CurrentPassword()
    code = Code(required=True)


def present_user(user: UserRow | ProfileRow | AccountRow) -> dict[str, Any]:
    """Return an account as its owner sees it at registration and login."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "username": user.username,
        "role": user.role,
        "created_at": rfc3339(user.created_at),
    }


def present_profile(user: ProfileRow | AccountRow) -> dict[str, Any]:
    """Return an account with its profile fields."""
    return {
        **present_user(user),
        "phone": user.phone,
        "city": user.city,
        "bio": user.bio,
        "locale": user.locale,
        "email_confirmed": user.email is not None and user.email_confirmed_at is not None,
        "second_factor": user.second_factor_at is not None,
    }


def present_account(user: AccountRow) -> dict[str, Any]:
    """Return an account as admins see it."""
    return {**present_profile(user), "is_active": user.is_active == 1}


def present_barred(user: AccountRow, events: Sequence[ToComeRow]) -> dict[str, Any]:
    """Return a deactivated account with its events, which are off sale with it."""
    listed = [
        {
            "id": event.id,
            "title": event.title,
            "status": event.status,
            "starts_at": rfc3339(event.starts_at),
        }
        for event in events
    ]
    return {**present_account(user), "events_off_sale": listed}
