"""A page that shows every part of the design, for who works on it. Only where the site is not public."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from bms.errors import NotFound
from bms.i18n.languages import marked
from bms.web.kit.forms import Form
from bms.web.kit.pages import Pages
from bms.web.kit.visit import Visit
from bms.web.shop.covers import MOTIFS, cover_of

pages = Pages()

LABELS = {"text": marked("Your name"), "faulty": marked("E-mail address"), "long": marked("Your review")}
COLOURS = ("paper", "card", "sunk", "ink", "soft", "line", "accent", "tint", "good", "warn", "bad")


@pages.get("/design")
async def show(visit: Visit) -> web.Response:
    """Show every component. Raises NotFound where the public can reach the site."""
    if not _is_local(visit.origin):
        raise NotFound("There is no such page")
    form = Form(visit.words, LABELS, {"text": "Ana"})
    form.add("faulty", visit.gettext(marked("Please fill this in.")))
    return visit.render(
        "design",
        form=form,
        colours=COLOURS,
        covers=[cover_of(motif, f"{number:08x}") for motif in MOTIFS for number in (3, 70)],
    )


def _is_local(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
