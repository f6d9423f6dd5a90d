"""What tests in a real browser share: a guest, and the steps of a purchase."""

from playwright.async_api import Page

from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.users import PASSWORD, User

CONTACT = {"name": "Gerda Guest", "email": "gerda@example.org"}
PAID = {"card.number": CARD["number"], "card.expiry": "12/40", "card.cvv": "123"}


async def fill(page: Page, fields: dict[str, str]) -> None:
    """Fill the form of the checkout."""
    for name, value in fields.items():
        await page.fill(f"#pay [name='{name}']", value)


async def choose(page: Page, scene: Scene, quantity: int = 2) -> None:
    """Choose tickets on the event's page, and go on."""
    await page.goto(f"/e/{scene.event['id']}")
    await page.fill("input[data-price]", str(quantity))
    await page.click("form[data-total] button.full")
    await page.wait_for_url("**/checkout/*")


async def fits(page: Page) -> bool:
    """Return whether nothing of the page is wider than the screen."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def sign_in(page: Page, user: User) -> None:
    """Sign in by the form."""
    await page.goto("/sign-in")
    await page.fill("[name=login]", user.username)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await page.wait_for_url("**/tickets")


async def fill_in(page: Page, fields: dict[str, str]) -> None:
    """Fill in the fields of the page's forms by their names."""
    for name, value in fields.items():
        await page.fill(f"main [name='{name}']", value)
