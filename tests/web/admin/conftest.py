"""Fixtures: an admin's browser."""

import pytest

from tests.kit.site import Browser
from tests.kit.users import PASSWORD, User


@pytest.fixture
async def office(browser: Browser, admin: User) -> Browser:
    """The browser of an admin, signed in."""
    await browser.sign_in(admin.username, PASSWORD)
    return browser
