"""The Idempotency-Key header: from a request to a key, and from a stored reply to a response."""

import hashlib
import re
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, TypeVar

import orjson
from aiohttp import web

from bms.commands.idempotency import Key, StoredReply, run_once
from bms.errors import MalformedRequest
from bms.http.call import PREFIXES, Call
from bms.http.headers import standard
from bms.security.keyed_hash import keyed_hash

T = TypeVar("T")

_JSON = standard("application/json; charset=utf-8")
_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")


async def key_of(call: Call, body: bytes | None = None) -> Key | None:
    """Return the request's key, or None. Raises MalformedRequest for a key that cannot be used.

    ``body`` is the request's if it has been read past the limit of other requests.

    The fingerprint is an HMAC with the installation's secret. A plain hash of a body with a card number
    could be searched for that number.
    """
    request = call.request
    value = request.headers.get("Idempotency-Key")
    if value is None:
        return None
    if not _KEY.match(value):
        raise MalformedRequest("An Idempotency-Key has 1 to 200 visible ASCII characters")
    path = request.path.rstrip("/").removeprefix(PREFIXES[1])
    body = call.raw if body is None else body
    if body is None:
        body = await request.read()
    asked = [request.method, path, orjson.loads(body or b"{}")]
    if request.query_string:
        asked.append(sorted(request.query.items()))
    asked_text = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
    fingerprint = keyed_hash(call.settings.secret_key).digest(asked_text).hex()
    # Stored as a hash, since databases differ in whether two keys that differ only in case are equal.
    return Key(call.caller.user_id, hashlib.sha256(value.encode()).hexdigest(), fingerprint)


async def once(
    call: Call,
    command: "partial[T]",
    present: Callable[[T], Any],
    status: int | Callable[[T], int] = 201,
    *,
    body: bytes | None = None,
) -> web.Response:
    """Run ``command(tx)`` in a transaction and return the reply that ``present`` makes of its result.

    For a request that repeats another under one key, return the first one's reply instead. Raises as
    ``key_of``, ``begin`` and the command do.
    """

    def reply_of(result: T) -> StoredReply:
        return StoredReply.of(status if isinstance(status, int) else status(result), present(result))

    work = partial(run_once, key=await key_of(call, body), command=command, reply_of=reply_of)
    # Figures and logs name a unit of work after its command.
    return send(await call.db.transact(update_wrapper(work, command.func)))


def send(kept: StoredReply) -> web.Response:
    """Return the response of a stored reply, marked if it is a repeat."""
    if kept.status < 400 and not kept.replayed:
        return web.Response(body=kept.body.encode(), status=kept.status, headers=_JSON)
    return web.Response(
        text=kept.body,
        status=kept.status,
        content_type="application/json" if kept.status < 400 else "application/problem+json",
        headers={"Idempotency-Replayed": "true"} if kept.replayed else None,
    )
