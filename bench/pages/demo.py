"""The demo data served for a measurement, and the pages that it has, each with whoever looks at it."""

import contextlib
import email
import re
import tempfile
import time
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import NamedTuple

from bench.pages.bars import HOME, INSIDE, LIST, PUBLIC, SHOP, Bars
from bench.pages.visits import GUEST, NotReached, Visitor, crawl, events
from bench.serving import Server, bms_server

# A run lasts longer than a buyer may take.
PATIENT = {"BMS_HOLD_SECONDS": "86400", "BMS_HOLD_MAX_SECONDS": "86400"}
MAIL_SECONDS = 30


class Page(NamedTuple):
    """A page to measure: its name, its path, whose cookie it needs, and what it must reach."""

    name: str
    path: str
    cookie: str
    bars: Bars


class Demo(NamedTuple):
    """A server with the demo data, and the passwords of its accounts."""

    server: Server
    data_dir: Path
    passwords: dict[str, str]


@contextlib.contextmanager
def demo_server() -> Iterator[Demo]:
    """Serve fresh demo data from a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="bms-pages-") as directory:
        data_dir = Path(directory)
        with bms_server(data_dir, BMS_DEMO_DATA="on", **PATIENT) as server:
            said = (data_dir / "serve.log").read_text()
            accounts = re.findall(r"^\s+(\w+)\s+(\S+)\s+\((?:ADMIN|EVENT_MANAGER|USER)\)", said, re.M)
            yield Demo(server, data_dir, dict(accounts))


def pages(demo: Demo) -> list[Page]:
    """Buy what is to be shown, and return every page."""
    return [*_of_the_shop(demo), *_inside(demo, "organiser", "/manage"), *_inside(demo, "admin", "/admin")]


def _of_the_shop(demo: Demo) -> list[Page]:
    base = demo.server.url
    plain, seated = events(base)
    public = [
        Page("home", "/", "", HOME),
        Page("event", plain[0], "", HOME),
        Page("event with seats", seated, "", HOME),
        Page("seats", f"{seated.rpartition('/')[0]}/seats", "", SHOP),
        Page("seats, list", f"{seated.rpartition('/')[0]}/seats/list", "", LIST),
        Page("accessibility", "/accessibility", "", PUBLIC),
        *(Page(name, f"/{name}", "", SHOP) for name in ("sign-in", "sign-up", "forgot")),
    ]
    guest, held, visitor = Visitor(base), Visitor(base), Visitor(base)
    booking = guest.buy(plain[0], 2, **GUEST)
    checkout, _ = held.choose(plain[0], 2)
    visitor.sign_in("visitor", demo.passwords["visitor"])
    own = visitor.buy(plain[1])
    return [
        *public,
        Page("checkout", checkout, held.cookie, SHOP),
        Page("tickets", "/tickets", visitor.cookie, SHOP),
        Page("booking", own, visitor.cookie, SHOP),
        Page("booking of a guest", booking, guest.cookie, SHOP),
        Page("cancel", f"{own}/cancel", visitor.cookie, SHOP),
        Page("another address", f"{booking}/contact", guest.cookie, SHOP),
        Page("a guest's link", _mailed_link(demo), "", SHOP),
        Page("account", "/account", visitor.cookie, SHOP),
        Page("second factor", "/account/second-factor", visitor.cookie, SHOP),
    ]


def _mailed_link(demo: Demo) -> str:
    """Return the path that the mail with the guest's tickets links to."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for file in (demo.data_dir / "mail").glob("booking_confirmed-*.eml"):
            message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            found = re.search(r"/b/[\w-]+", body.get_content() if body else "")
            if found and message["To"] == GUEST["email"]:
                return found[0]
        time.sleep(0.2)
    raise NotReached("the guest's tickets were not mailed")


def _inside(demo: Demo, username: str, start: str) -> list[Page]:
    visitor = Visitor(demo.server.url)
    visitor.sign_in(username, demo.passwords[username])
    return [Page(path, path, visitor.cookie, INSIDE) for path in crawl(visitor, start)]
