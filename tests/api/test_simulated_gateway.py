"""The page of the simulated gateway: where the buyer of a payment that waits decides."""

import re
from urllib.parse import urljoin

import pytest

from bms.http import keys
from tests.kit.api import Client, Reply
from tests.kit.notices import Notifier
from tests.kit.refusals import contents
from tests.kit.scene import Scene
from tests.kit.waits import Wait, begin_wait


@pytest.fixture
async def wait(scene: Scene, notifier: Notifier) -> Wait:
    return await begin_wait(scene, notifier)


async def ask(client: Client, method: str, path: str) -> Reply:
    async with client.request(method, path) as response:
        return Reply(response.status, await response.text(), response.headers)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_its_buttons_lead_to_the_decision(client: Client, wait: Wait, prefix: str, slash: str) -> None:
    path = f"{prefix}{wait.page}{slash}"
    before = contents(wait.scene.rows)
    page = await ask(client, "GET", path)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "25.00 EUR" in page.text
    assert (await ask(client, "HEAD", path)).status == 200
    assert contents(wait.scene.rows) == before, "who only looks decides nothing, such as a mail scanner"
    assert wait.status() == ("PENDING", "PROCESSING")
    approve, decline = re.findall(r'<form method="post" action="([^"]+)">', page.text)
    assert (await ask(client, "POST", urljoin(path, approve))).status == 200
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    for method, url in (("POST", urljoin(path, decline)), ("GET", path)):
        after = await ask(client, method, url)
        assert (after.status, "is approved" in after.text, "<form" in after.text) == (200, True, False)
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    await wait.scene.check()


async def test_what_a_browser_is_told(client: Client, wait: Wait) -> None:
    page = await ask(client, "GET", wait.page)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer", "the link is all that it takes to decide"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text


async def test_a_payment_that_is_not_there(client: Client, wait: Wait) -> None:
    url = wait.page
    for path in (f"{url}0", "/simulated-gateway/ch_0", "/simulated-gateway/x", "/simulated-gateway/"):
        (await ask(client, "GET", path)).problem(404, "not_found")
    (await ask(client, "POST", "/simulated-gateway/ch_0/approve")).problem(404, "not_found")
    (await ask(client, "GET", f"{url}/approve")).problem(405, "method_not_allowed")


async def test_with_another_gateway_there_is_no_page(client: Client, wait: Wait) -> None:
    url = wait.page
    real = client.app[keys.GATEWAY]

    class Another:
        """A gateway of another company, which has pages of its own."""

    client.app._state[keys.GATEWAY] = Another()
    try:
        (await ask(client, "GET", url)).problem(404, "not_found")
        (await ask(client, "POST", f"{url}/approve")).problem(404, "not_found")
    finally:
        client.app._state[keys.GATEWAY] = real
