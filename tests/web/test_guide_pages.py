"""The guide as the service sends it."""

from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from bms.web import guide
from bms.web.kit.headers import POLICY


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small guide in the place of the built one."""
    directory = tmp_path / "built"
    (directory / "operating").mkdir(parents=True)
    (directory / "_static").mkdir()
    (directory / "index.html").write_text("<h1>Guide</h1>")
    (directory / "operating" / "nginx.html").write_text("<h1>nginx</h1>")
    (directory / "_static" / "guide.css").write_text("p { color: red }")
    (directory / "life.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("a secret")
    monkeypatch.setattr(guide, "DIRECTORY", directory)
    return directory


async def test_its_pages_are_sent(client: TestClient, built: Path) -> None:
    async with client.get("/guide", allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/guide/")
    for path, text, kind in (
        ("/guide/", "<h1>Guide</h1>", "text/html"),
        ("/guide/operating/nginx.html", "<h1>nginx</h1>", "text/html"),
        ("/guide/_static/guide.css", "p { color: red }", "text/css"),
    ):
        async with client.get(path) as reply:
            assert (reply.status, await reply.text(), reply.content_type) == (200, text, kind)
            assert reply.headers["Content-Security-Policy"] == POLICY
            assert reply.headers["Cache-Control"] == guide.KEPT
    async with client.get("/guide/life.svg") as reply:
        assert (reply.content_type, reply.headers["Content-Security-Policy"]) == (
            "image/svg+xml",
            "default-src 'none'; style-src 'unsafe-inline'",
        )


ASTRAY = ["no.html", "operating/", "%2e%2e/secret", "..%2fsecret", "%2fetc%2fhostname", "a%00b"]


@pytest.mark.parametrize("path", ASTRAY)
async def test_nothing_else_is(client: TestClient, built: Path, path: str) -> None:
    async with client.get(URL(f"/guide/{path}", encoded=True)) as reply:
        page = await reply.text()
        assert (reply.status, reply.content_type) == (404, "text/html")
    assert "There is no such page in the guide" in page
    assert "a secret" not in page


async def test_a_source_tree_without_it_says_so(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guide, "DIRECTORY", tmp_path / "nowhere")
    async with client.get("/guide/", headers={"Accept-Language": "de"}) as reply:
        page = await reply.text()
        assert reply.status == 404
    assert "script/guide" in page
    assert "Das Handbuch ist nicht da" in page
