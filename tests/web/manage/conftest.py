"""Fixtures: an organiser's browser."""

import pytest

from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.users import PASSWORD


@pytest.fixture
async def desk(scene: Scene, browser: Browser) -> Browser:
    """The browser of the scene's organiser, signed in."""
    await browser.sign_in(scene.organiser.username, PASSWORD)
    return browser
