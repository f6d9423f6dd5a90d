"""What lists of the admins' pages share: their filters, and the way to the next rows."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from bms.errors import BMSError
from bms.http.pages import decode_cursor, encode_cursor
from bms.schemas.base import RequestSchema
from bms.web.kit.forms import Form, body_of
from bms.web.kit.visit import Visit

T = TypeVar("T")

LISTED = 50


def load_filters(
    visit: Visit, form: Form, schema: RequestSchema, names: Iterable[str], *kinds: type
) -> tuple[dict[str, Any], tuple[Any, ...]] | None:
    """Return the filters of a list's address and the position that its cursor names.

    ``kinds`` are those of the cursor's parts. None if something is wrong, which ``form`` shows then.
    """
    query = form.load(schema, body_of(visit.known, *names, "cursor"))
    if query is None:
        return None
    try:
        return query, tuple(decode_cursor(query["cursor"], *kinds))
    except BMSError as error:
        form.refuse(error)
        return None


def next_rows(visit: Visit, found: Sequence[T], names: Iterable[str], *parts: str) -> str | None:
    """Return the address of the rows after the LISTED that are shown of ``found``, None without any.

    ``parts`` are the attributes of a row that the cursor holds.
    """
    if len(found) <= LISTED:
        return None
    last = found[LISTED - 1]
    kept = {name: visit.known[name] for name in names if name in visit.known}
    cursor = encode_cursor(*(getattr(last, part) for part in parts))
    return f"{visit.request.rel_url.raw_path}?{urlencode({**kept, 'cursor': cursor})}"
