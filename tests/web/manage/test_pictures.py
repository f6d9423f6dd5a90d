"""The picture of an event: sent by its form, shown to buyers, served from an address of its own."""

import asyncio
import io
import time
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bms.commands.events import pictures
from bms.errors import Overloaded
from bms.http import keys
from bms.pictures.terms import MAX_BYTES, MAX_KEPT, read_picture
from bms.queries.conservation import check_conservation
from bms.web.manage import picture as page_of_picture
from tests.kit.scene import Scene
from tests.kit.site import SAME_ORIGIN, Browser, Page
from tests.kit.users import PASSWORD
from tests.pictures import files

PHOTO = files.saved(files.photo(1800, 1200), "JPEG")


def path_of(scene: Scene) -> str:
    return f"/manage/events/{scene.event['id']}/picture"


async def send(desk: Browser, path: str, raw: bytes | None, **typed: str) -> Page:
    """Send the form with a file, as a browser does."""
    page = await desk.get(path)
    assert page.status == 200, page.text
    data = aiohttp.FormData()
    for name, value in {**page.form(path).fields, **typed}.items():
        if name != "file":
            data.add_field(name, value)
    name = "me.jpg" if raw else ""
    data.add_field("file", io.BytesIO(raw or b""), filename=name, content_type="image/jpeg")
    return await desk.request("POST", path, data, headers=SAME_ORIGIN)  # type: ignore[arg-type]


def sizes_in(scene: Scene, event_id: int | None = None) -> list[Any]:
    (row,) = scene.rows("SELECT picture FROM events WHERE id = ?", event_id or scene.event["id"])
    found = read_picture(row.picture)
    return [] if found is None else list(found.sizes)


async def test_a_picture_is_shown_wherever_the_event_is(scene: Scene, desk: Browser, make_browser) -> None:
    drawn = await make_browser().get(f"/e/{scene.event['id']}")
    assert "/covers/" in drawn.html
    assert "/media/" not in drawn.html
    done = await send(desk, path_of(scene), PHOTO, text="Two cellists & a tree")
    assert (done.status, done.path) == (200, f"/manage/events/{scene.event['id']}")
    assert "Gave the event a picture" in done.text
    large, middle, small = sizes_in(scene)
    page = await make_browser().get(f"/e/{scene.event['id']}")
    assert f'srcset="/media/{large.sha256}.webp 1600w, /media/{middle.sha256}.webp 960w, ' in page.html
    assert 'alt="Two cellists &amp; a tree"' in page.html
    assert f'/media/{large.sha256}.jpg">' in page.html  # the preview of chats
    assert '<meta property="og:image:width" content="1600">' in page.html
    assert f'"image": ["{desk.app[keys.LINKS].origin}/media/{large.sha256}.jpg"]' in page.html
    assert "/covers/" not in page.html
    await asyncio.sleep(1.1)  # lists are a second old at most
    home = await make_browser().get("/")
    assert f"/media/{small.sha256}.webp 480w" in home.html
    await scene.check()


async def test_the_files_are_served_for_ever(scene: Scene, desk: Browser, make_browser) -> None:
    await send(desk, path_of(scene), PHOTO)
    stranger, total = make_browser(), 0
    for size in sizes_in(scene):
        for kind, media in (("webp", "image/webp"), ("jpg", "image/jpeg")):
            address = f"/media/{size.sha256}.{kind}"
            raw = await stranger.request_bytes(address)
            image = Image.open(io.BytesIO(raw))
            assert (image.size, raw != PHOTO) == ((size.width, size.height), True)
            total += len(raw)
            async with stranger._session.get(stranger._server.make_url(address)) as reply:
                assert reply.headers["Content-Type"] == media
                assert reply.headers["X-Content-Type-Options"] == "nosniff"
                assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
                assert "Set-Cookie" not in reply.headers
            again = {"If-None-Match": f'"{size.sha256}"'}
            assert (await stranger.request("GET", address, headers=again)).status == 304
    assert 0 < total <= MAX_KEPT
    for name in ("0" * 64 + ".webp", "0" * 64 + ".svg", "0" * 63 + ".jpg", "..%2Fx.jpg"):
        assert (await stranger.get(f"/media/{name}")).status == 404


async def test_it_is_replaced_described_and_taken_away(scene: Scene, desk: Browser, make_browser) -> None:
    path = path_of(scene)
    await send(desk, path, PHOTO, text="One")
    first = sizes_in(scene)
    await send(desk, path, files.saved(files.photo(900, 600), "PNG"), text="Two")
    second = sizes_in(scene)
    assert [(size.width, size.height) for size in second] == [(900, 600), (480, 320)]
    assert not {size.sha256 for size in first} & {size.sha256 for size in second}
    assert scene.count("event_pictures") == 2
    assert (await make_browser().get(f"/media/{first[0].sha256}.webp")).status == 404
    described = await send(desk, path, None, text="Three")
    assert described.status == 200
    assert sizes_in(scene) == second
    assert 'alt="Three"' in (await desk.get(f"/e/{scene.event['id']}")).html
    gone = await send(desk, path, None, remove="1")
    assert gone.status == 200, gone.text
    assert (sizes_in(scene), scene.count("event_pictures")) == ([], 0)
    assert "/covers/" in (await make_browser().get(f"/e/{scene.event['id']}")).html
    actions = [row.action for row in scene.rows("SELECT action FROM audit_log WHERE subject = 'event'")]
    assert actions.count("set_picture") == 2
    assert actions[-2:] == ["describe_picture", "remove_picture"]
    await scene.check()


async def test_of_a_draft_it_leads_back_to_the_preview(scene: Scene, desk: Browser, make_browser) -> None:
    draft = (await scene.make_event(scene.organiser, title="A draft", status="DRAFT"))["id"]
    preview = await desk.get(f"/manage/events/{draft}/publish")
    assert f"/manage/events/{draft}/picture" in preview.links
    done = await send(desk, f"/manage/events/{draft}/picture", PHOTO)
    assert done.path == f"/manage/events/{draft}/publish"
    assert f"/media/{sizes_in(scene, draft)[0].sha256}.webp" in done.html
    deleted = await scene.api.delete(f"/events/{draft}", token=scene.organiser.token)
    assert deleted.status in (200, 204), deleted.json
    assert scene.count("event_pictures") == 0


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (files.SVG, "no JPEG, PNG, WebP or GIF"),
        (files.HTML, "no JPEG, PNG, WebP or GIF"),
        (files.png_of(20_000, 20_000), "too many pixels"),
        (files.webp_of(16_383, 16_383), "too many pixels"),
        (PHOTO[: len(PHOTO) // 2], "damaged"),
        (None, "Please choose a file"),
    ],
    ids=["SVG", "HTML", "bomb", "WebP bomb", "cut off", "nothing"],
)
async def test_what_is_no_picture_is_refused_and_the_text_stays(
    scene: Scene, desk: Browser, raw: bytes | None, words: str
) -> None:
    refused = await send(desk, path_of(scene), raw, text="Two cellists")
    assert refused.status == 422, refused.text
    assert words in refused.text
    assert refused.form(path_of(scene)).fields["text"] == "Two cellists"
    assert scene.count("event_pictures") == 0


async def test_what_hides_in_a_file_is_not_served(scene: Scene, desk: Browser) -> None:
    await send(desk, path_of(scene), files.with_exif(6) + files.HTML)
    for size in sizes_in(scene):
        for kind in ("webp", "jpg"):
            raw = await desk.request_bytes(f"/media/{size.sha256}.{kind}")
            assert not any(part in raw for part in (files.PLACE, b"script", b"Exif", b"GPS"))
    assert (size.width, size.height) == (320, 480)


async def test_a_file_of_more_than_eight_megabytes(scene: Scene, desk: Browser) -> None:
    refused = await send(desk, path_of(scene), PHOTO + b"\0" * MAX_BYTES)
    assert refused.status == 413
    assert "Files may have 8 MiB" in refused.text
    assert scene.count("event_pictures") == 0


def sleep_instead(raw: bytes) -> None:
    time.sleep(60)


async def test_what_takes_too_long_is_ended(
    scene: Scene, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_picture, "SECONDS", 0.2)
    monkeypatch.setattr(page_of_picture, "make_picture", sleep_instead)
    refused = await send(desk, path_of(scene), PHOTO)
    assert refused.status == 422
    assert "takes too long" in refused.text


async def test_while_all_processes_are_busy_the_text_stays(
    scene: Scene, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.app[keys.CHARTS].worker, "at_a_time", 0)
    refused = await send(desk, path_of(scene), PHOTO, text="Two cellists")
    assert refused.status == Overloaded.status
    assert refused.form(path_of(scene)).fields["text"] == "Two cellists"


async def test_an_organiser_has_so_many_pictures(
    scene: Scene, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_PICTURES", 1)
    other = (await scene.make_event(scene.organiser))["id"]
    assert (await send(desk, path_of(scene), PHOTO)).status == 200
    assert (await send(desk, path_of(scene), PHOTO)).status == 200  # in place of the one that it has
    refused = await send(desk, f"/manage/events/{other}/picture", PHOTO)
    assert refused.status == 409
    assert "as many as there may be" in refused.text


async def test_the_same_picture_of_two_events(scene: Scene, desk: Browser) -> None:
    other = (await scene.make_event(scene.organiser))["id"]
    await send(desk, path_of(scene), PHOTO)
    await send(desk, f"/manage/events/{other}/picture", PHOTO)
    assert sizes_in(scene) == sizes_in(scene, other)
    await send(desk, path_of(scene), None, remove="1")
    address = f"/media/{sizes_in(scene, other)[0].sha256}.webp"
    assert await desk.request_bytes(address)


async def test_an_event_that_is_over_keeps_its_own(scene: Scene, desk: Browser) -> None:
    token = (await desk.get("/tickets")).form("/language").fields["csrf"]
    cancelled = await scene.api.post(
        f"/events/{scene.event['id']}/cancel", {"reason": "Rain"}, token=scene.organiser.token
    )
    assert cancelled.status in (200, 202), cancelled.json
    page = await desk.get(path_of(scene))
    assert "stays as it was" in page.text
    refused = await desk.post(path_of(scene), {"csrf": token, "remove": "1"})
    assert refused.status == 409


async def test_what_is_lost_is_found(scene: Scene, desk: Browser) -> None:
    """``bms check`` finds a picture without files, and files without a picture."""

    async def broken() -> list[str]:
        findings = await scene.db.read(check_conservation)
        return [row for finding in findings if "picture" in finding.rule for row in finding.rows]

    await send(desk, path_of(scene), PHOTO)
    assert await broken() == []
    scene.rows("UPDATE events SET picture = NULL OUTPUT inserted.id WHERE id = ?", scene.event["id"])
    assert len(await broken()) == 3
    scene.rows(
        'UPDATE events SET picture = \'{"text":"","sizes":[]}\' OUTPUT inserted.id WHERE id = ?',
        scene.event["id"],
    )
    assert len(await broken()) == 3
    scene.rows("DELETE FROM event_pictures OUTPUT deleted.event_id WHERE event_id = ?", scene.event["id"])
    assert len(await broken()) == 1


async def test_a_guest_may_send_no_file(scene: Scene, make_browser) -> None:
    """Whoever is not signed in has no large body read."""
    browser = make_browser()
    data = aiohttp.FormData()
    data.add_field("file", io.BytesIO(PHOTO + b"\0" * MAX_BYTES), filename="x.jpg")
    reply = await browser.request("POST", path_of(scene), data, headers=SAME_ORIGIN)  # type: ignore[arg-type]
    assert reply.status in (400, 413, 415), reply.text
    other = make_browser()
    await other.sign_in(scene.buyer.username, PASSWORD)
    token = (await other.get("/tickets")).form("/language").fields["csrf"]
    assert (await other.post(path_of(scene), {"csrf": token}, follow=False)).status == 403
