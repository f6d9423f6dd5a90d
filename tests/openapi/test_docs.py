"""The page that shows the API: whole, from installed files alone, and closed to anything else."""

import asyncio
import re

import pytest
from aiohttp.test_utils import TestClient

from bms.handlers.docs import FILES, START, directory


@pytest.mark.parametrize("page", ["/docs", "/docs/", "/api/docs", "/api/docs/"])
async def test_the_page_and_its_files(client: TestClient, page: str) -> None:
    async with client.get(page) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        text = await response.text()
        policy = response.headers["Content-Security-Policy"]
        url = response.url
    assert "http" not in text
    assert "//" not in text
    # No script stands in the page itself, so the policy need not allow any.
    assert all(body.strip() == "" for body in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL))
    assert "script-src 'self';" in policy
    assert "http" not in policy
    found = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(found) == len(FILES) + 1
    for link in found:
        async with client.get(url.join(type(url)(link)).path) as response:
            assert response.status == 200, link
            assert response.content_type == FILES.get(link.rpartition("/")[2], "text/javascript")
            assert len(await response.read()) > 100
            assert "Content-Security-Policy" in response.headers


async def test_the_script_opens_the_description(client: TestClient) -> None:
    async with client.get(f"/docs/{START}") as response:
        text = await response.text()
    assert 'new URL("../openapi.json", here)' in text
    assert "http" not in text
    async with client.get("/docs/../openapi.json") as response:
        assert response.status == 200


async def test_the_files_are_those_of_swagger_ui_5(client: TestClient) -> None:
    assert (directory() / "VERSION").read_text().strip().lstrip("v").startswith("5.")
    async with client.get("/docs/swagger-ui-bundle.js") as response:
        assert await response.read() == (directory() / "swagger-ui-bundle.js").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/docs/VERSION",
        "/docs/index.css",
        "/docs/../../../../etc/passwd",
        "/docs/..%2f..%2fflask_swagger_ui.py",
        "/docs/..%2F__init__.py",
        "/docs/%2e%2e%2f__init__.py",
        "/docs/....//__init__.py",
        "/docs/%2Fetc%2Fpasswd",
        "/docs/swagger-ui.css%00.png",
        "/docs/..\\__init__.py",
    ],
)
async def test_no_other_file_is_given(client: TestClient, path: str) -> None:
    # By hand, as a client library would tidy the path up.
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith("HTTP/1.1 404 ")
    assert '"code":"not_found"' in answer
