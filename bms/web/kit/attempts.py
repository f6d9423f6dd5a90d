"""A form that is sent twice has its effect once: a number of its own tells that both are the same attempt.

It is the Idempotency-Key of the API, for a browser.
"""

import secrets
from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from typing import Any, TypeVar

import orjson

from bms.commands.idempotency import Key, StoredReply, run_once
from bms.security.keyed_hash import keyed_hash
from bms.web.kit.forms import ATTEMPT
from bms.web.kit.visit import Visit

T = TypeVar("T")

FIELD = ATTEMPT
_PURPOSE = b"bms attempt\0"


def new_attempt() -> str:
    """Return the number of an attempt, for a hidden field of a form."""
    return secrets.token_urlsafe(12)


def key_of_attempt(visit: Visit, typed: Mapping[str, str]) -> Key | None:
    """Return the key under which a form has its effect once. None for a form without a number."""
    if not typed.get(FIELD):
        return None
    path = visit.request.rel_url.raw_path
    asked = orjson.dumps(
        [path, {name: value for name, value in typed.items() if name != "csrf"}],
        option=orjson.OPT_SORT_KEYS,
    )
    name = _PURPOSE + f"{path} {typed[FIELD]}".encode()
    return hashed_key(visit, visit.caller.user_id, name, asked)


def hashed_key(visit: Visit, user_id: int, name: bytes, asked: bytes) -> Key:
    """Return the key of a user's form by its ``name``, for what it asks for. Both are kept as hashes."""
    digest = keyed_hash(visit.settings.secret_key).digest
    return Key(user_id, digest(name).hex(), digest(asked).hex())


async def run_attempt(
    visit: Visit, typed: Mapping[str, str], command: "partial[T]", outcome: Callable[[T], Any]
) -> Any:
    """Run ``command(tx)`` in a transaction and return its ``outcome``, which JSON can hold.

    A repeat returns the first outcome. Raises as the command does, and IdempotencyKeyReused if the same
    attempt was sent with other values.
    """

    def reply_of(result: T) -> StoredReply:
        return StoredReply.of(200, {"outcome": outcome(result)})

    work = partial(run_once, key=key_of_attempt(visit, typed), command=command, reply_of=reply_of)
    reply = await visit.db.transact(update_wrapper(work, command.func))
    return orjson.loads(reply.body)["outcome"]
