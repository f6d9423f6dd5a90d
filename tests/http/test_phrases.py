"""The words for a status are the same on every Python."""

import asyncio
from http import HTTPStatus

import pytest
from aiohttp.test_utils import TestClient

from bms.http.phrases import phrase


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"username": 5}', b"HTTP/1.1 422 Unprocessable Content"),
        (b"x" * 200_000, b"HTTP/1.1 413 Content Too Large"),
        (b"{", b"HTTP/1.1 400 Bad Request"),
    ],
)
async def test_a_refusal_says_what_the_standard_says(client: TestClient, body: bytes, line: bytes) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    writer.write(body)
    await writer.drain()
    assert (await asyncio.wait_for(reader.readline(), 5)).rstrip() == line
    writer.close()


def test_all_others_are_what_python_says() -> None:
    """Python has changed these four, in 3.13, and no others."""
    renamed = {413, 414, 416, 422}
    assert {status.value for status in HTTPStatus if phrase(status.value) != status.phrase} <= renamed
    assert phrase(416) == "Range Not Satisfiable"
    assert phrase(499) == ""
