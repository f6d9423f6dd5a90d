"""Registration, and changing one's profile."""

from typing import Any, NamedTuple

from bms.addresses import fold_address
from bms.announcements import Person, UserRegistered
from bms.commands import audit
from bms.commands.accounts.addresses import claim_address
from bms.commands.accounts.names import keep_folded
from bms.commands.messages.announce import announce
from bms.errors import EmailTaken, NotFound, UsernameTaken
from bms.queries.accounts import ProfileRow, UserRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Role


class EditableProfile(NamedTuple):
    """What users may change of their account."""

    name: str
    phone: str | None
    city: str | None
    bio: str | None
    locale: str | None


class TakenRow(NamedTuple):
    """Whether an account has the name, and whether one has the address."""

    username: int
    email: int


FIND_TAKEN = Statement(
    "users.find_taken",
    "@username_folded NVARCHAR(64), @email_folded NVARCHAR(254)",
    """
    SELECT (SELECT COUNT(*) FROM users WHERE username_folded = @username_folded) AS username,
           (SELECT COUNT(*) FROM users WHERE email_folded = @email_folded) AS email
    """,
    TakenRow,
)

INSERT = Statement(
    "users.insert",
    "@name NVARCHAR(200), @username NVARCHAR(64), @username_folded NVARCHAR(64), @email NVARCHAR(254), "
    "@email_folded NVARCHAR(254), @password_hash NVARCHAR(100), @role NVARCHAR(16), "
    "@locale NVARCHAR(35), @is_confirmed BIT",
    """
    INSERT INTO users (name, username, username_folded, email, email_folded, password_hash, role, locale,
                       email_confirmed_at)
    OUTPUT inserted.id, inserted.email, inserted.name, inserted.username, inserted.role, inserted.created_at
    VALUES (@name, @username, @username_folded, @email, @email_folded, @password_hash, @role, @locale,
            CASE WHEN @is_confirmed = 1 THEN SYSUTCDATETIME() END)
    """,
    UserRow,
    quiet=True,
)

UPDATE_PROFILE = Statement(
    "users.update_profile",
    "@id BIGINT, @name NVARCHAR(200), @phone NVARCHAR(32), @city NVARCHAR(100), @bio NVARCHAR(1000), "
    "@locale NVARCHAR(35)",
    """
    UPDATE users WITH (ROWLOCK)
    SET    name = @name, phone = @phone, city = @city, bio = @bio, locale = @locale
    OUTPUT inserted.id, inserted.email, inserted.name, inserted.username, inserted.role, inserted.phone,
           inserted.city, inserted.bio, inserted.locale, inserted.email_confirmed_at,
           inserted.second_factor_at, inserted.created_at
    WHERE  id = @id
    """,
    ProfileRow,
)

LOCK_PROFILE = Statement(
    "users.lock_profile",
    "@id BIGINT",
    """
    SELECT name, phone, city, bio, locale
    FROM   users WITH (UPDLOCK, ROWLOCK)
    WHERE  id = @id
    """,
    EditableProfile,
)


def fold(text: str) -> str:
    """Return a username as the unique column stores it: names that differ only in case are one name."""
    return text.casefold()


def check_is_free(tx: Transaction, *, username: str, email: str | None) -> None:
    """Raise UsernameTaken or EmailTaken if an account has one of them.

    ``register_user`` finds that out as well. This comes before the password is hashed, which costs much.
    """
    taken = tx.only(
        FIND_TAKEN,
        username_folded=fold(username),
        email_folded=None if email is None else fold_address(email),
    )
    if taken.username:
        raise UsernameTaken(field="username")
    if taken.email:
        raise EmailTaken(field="email")


def register_user(
    tx: Transaction,
    *,
    name: str,
    username: str,
    email: str | None,
    password_hash: str,
    role: Role,
    locale: str | None = None,
    seed: str | None = None,
    token_hash: str | None = None,
    request_id: str | None = None,
) -> UserRow:
    """Create an account and return it. A link goes to its address, which confirms it, in its ``locale``.

    ``seed`` and ``token_hash`` are the link's. Without them the operator vouches for the address.

    Raises UsernameTaken and EmailTaken.
    """
    is_confirmed = email is not None and token_hash is None
    user = tx.only(
        INSERT,
        name=name,
        username=username,
        username_folded=fold(username),
        email=email,
        email_folded=None if email is None else fold_address(email),
        password_hash=password_hash,
        role=role,
        locale=locale,
        is_confirmed=is_confirmed,
    )
    keep_folded(tx, user_id=user.id, name=name)
    audit.record(tx, Actor(user.id, role, request_id), "register", "user", user.id)
    person = Person(id=user.id, name=name, email=email, locale=locale, confirmed=is_confirmed)
    announce(tx, UserRegistered(user_id=user.id, person=person, username=username), request_id=request_id)
    if email is not None and seed is not None and token_hash is not None:
        claim_address(tx, person, email=email, seed=seed, token_hash=token_hash, request_id=request_id)
    return user


def update_profile(tx: Transaction, actor: Actor, *, changes: dict[str, Any]) -> ProfileRow:
    """Make ``changes`` to the fields of ``EditableProfile`` and return the whole profile. Raises NotFound."""
    current = tx.row(LOCK_PROFILE, id=actor.user_id)
    if current is None:
        raise NotFound()
    audit.record(tx, actor, "change_profile", "user", actor.user_id, details=", ".join(sorted(changes)))
    profile = tx.only(UPDATE_PROFILE, id=actor.user_id, **current._replace(**changes)._asdict())
    if profile.name != current.name:
        keep_folded(tx, user_id=actor.user_id, name=profile.name)
    return profile
