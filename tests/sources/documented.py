"""What the tests of the five sources share: a call as a source prints it, and the answer it prints."""

import json
import re
from typing import Any

from aiohttp.test_utils import TestClient

from tests.kit.api import Reply
from tests.kit.refusals import send

_PLACE = re.compile(r"[{<](\w+)[}>]")


async def ask(
    client: TestClient, call: str, body: str = "", *, token: str | None = None, **places: int
) -> Reply:
    """Send ``call``, a method and a path as printed, with ``body`` as it stands.

    ``places`` fills what the path has in braces or angle brackets.
    """
    method, path = call.split(" ", 1)
    path = _PLACE.sub(lambda place: str(places[place[1]]), path)
    return await send(client, method, path, body.encode() if body else None, token=token)


def shows(answered: Any, printed: str, **instead: Any) -> bool:
    """Check that each printed field is answered with its value, or the one of ``instead``."""
    for name, value in json.loads(printed).items():
        assert answered[name] == instead.get(name, value), (name, answered)
    return True


def is_time(text: Any) -> bool:
    """Tell whether ``text`` is a time of the form that the sources print."""
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text) is not None


def bodies(**fields: Any) -> str:
    """Return a body of ``fields``, where a source names them without printing an example."""
    return json.dumps(fields)
