"""What the doctor says of the public address and the proxies."""

import dataclasses
import http.server
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest

from bms.doctor import addresses
from bms.settings import Settings
from bms.sql.doctor.findings import Level
from tests.doctor.findings import only
from tests.kit.programs import free_port


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"public_url": None}, "BMS_PUBLIC_URL is not set"),
        ({"public_url": "https://127.0.0.1:1"}, "BMS_TRUSTED_PROXIES is 0"),
        ({"public_url": "http://127.0.0.1:{port}", "trusted_proxies": 1}, "is the service's own port"),
        ({"public_url": "http://tickets.invalid", "trusted_proxies": 1}, "travel in the clear"),
        ({"public_url": "https://127.0.0.1:1", "trusted_proxies": 1, "host": "0.0.0.0"}, "past the proxy"),
    ],
)
def test_settings_of_the_way_that_disagree(settings: Settings, changes: dict[str, Any], words: str) -> None:
    port = free_port()
    if changes["public_url"]:
        changes = {**changes, "public_url": changes["public_url"].format(port=port)}
    found = only(addresses.examine(dataclasses.replace(settings, port=port, **changes)), Level.ADVICE, words)
    assert found.fix


@pytest.fixture
def front(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of something that answers with a status, and a clock that is so many seconds off."""
    status, seconds = request.param

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name http.server looks for
            self.send_response(status)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + seconds, usegmt=True)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ((200, 0), [Level.OK, Level.OK, Level.OK]),
        ((200, 60), [Level.OK, Level.OK, Level.ADVICE]),
        ((200, -60), [Level.OK, Level.OK, Level.ADVICE]),
        ((502, 0), [Level.OK, Level.PROBLEM]),
    ],
    indirect=["front"],
)
def test_what_answers_at_the_public_address(settings: Settings, front: int, expected: list[Level]) -> None:
    here = dataclasses.replace(settings, port=front, public_url=f"http://127.0.0.1:{front}")
    assert [finding.level for finding in addresses.examine(here)] == expected


def test_a_service_that_does_not_run(settings: Settings) -> None:
    port = free_port()
    here = dataclasses.replace(settings, port=port, public_url=f"http://127.0.0.1:{port}")
    only(addresses.examine(here), Level.UNKNOWN, "nobody answers there now")
