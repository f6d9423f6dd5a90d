"""Fixtures: browsers that visit the site."""

from collections.abc import AsyncIterator

import pytest

from tests.kit.api import Client
from tests.kit.site import Browser


@pytest.fixture
async def make_browser(client: Client) -> AsyncIterator[object]:
    """Make a browser without cookies; ``headers`` are sent with each of its requests."""
    made: list[Browser] = []

    def make(**headers: str) -> Browser:
        browser = Browser(client.app, client.server, **headers)
        made.append(browser)
        return browser

    yield make
    for browser in made:
        await browser.close()


@pytest.fixture
async def browser(make_browser) -> Browser:
    """A browser without cookies."""
    return make_browser()
