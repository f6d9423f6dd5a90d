"""What script/lighthouse reads, judges and prints; and that it finds every page."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bench.pages import lighthouse
from bench.pages.bars import HOME, INSIDE, PUBLIC, SHOP, Bars, middle, missed, read
from bench.pages.demo import demo_server, pages
from bench.pages.lighthouse import NoLighthouse
from bench.pages.longtasks import shortest
from bench.pages.report import Row, render
from bench.pages.visits import Visitor
from bms.web.kit.pages import PageRoute
from bms.web.shop import checkout, event, guest_contacts, guest_links, home, seats, tickets

BASE = "http://127.0.0.1:1"


def asked(path: str, kind: str, size: int, sent: int = 100) -> dict[str, Any]:
    return {"url": BASE + path, "resourceType": kind, "resourceSize": size, "transferSize": sent}


def report(
    performance: float | None = 1.0, contrast: float = 1.0, *requests: dict[str, Any]
) -> dict[str, Any]:
    """Return what Lighthouse says of a page."""
    of = {"performance": performance, "accessibility": contrast, "best-practices": 1.0, "seo": 1.0}
    audit = {"id": "color-contrast", "weight": 7}
    return {
        "finalDisplayedUrl": f"{BASE}/",
        "categories": {
            name: {"score": score, "auditRefs": [audit] if name == "accessibility" else []}
            for name, score in of.items()
        },
        "audits": {
            "color-contrast": {"score": contrast},
            "largest-contentful-paint": {"numericValue": 1234.0},
            "network-requests": {"details": {"items": list(requests)}},
        },
    }


def test_what_is_counted() -> None:
    found = read(
        report(
            0.97,
            1.0,
            asked("/", "Document", 20_000),
            asked("/static/shop.js", "Script", 5000),
            asked("/covers/1.svg", "Image", 90_000),
            asked("/plans/1/x/plan.json", "Fetch", 90_000),
            {"url": "data:image/png;base64,", "resourceType": "Image", "resourceSize": 7},
        )
    )
    assert (found.page, found.script, found.requests, found.sent) == (25_000, 5000, 4, 400)
    assert (found.lcp, found.scores["performance"]) == (1.234, 97)


def test_a_page_that_is_not_timed_is_read_too() -> None:
    of_an_office = report(None)
    del of_an_office["categories"]["performance"]
    del of_an_office["audits"]["network-requests"]
    assert missed(read(of_an_office), INSIDE) == []


def test_each_bar_can_be_missed() -> None:
    good = read(report(0.95, 1.0, asked("/", "Document", 60 * 1024)))
    assert missed(good, HOME) == []
    for broken, said in (
        (read(report(0.94)), "performance 94 of 95"),
        (read(report(1.0, 0.99)), "accessibility 99 of 100"),
        (read(report(None)), "performance - of 95"),
        (read(report(1.0, 1.0, asked("/", "Document", 60 * 1024 + 103))), "60.1 of 60 KB"),
        (read(report(1.0, 1.0, asked("/x.js", "Script", 31 * 1024))), "31.0 of 30 KB of script"),
    ):
        assert missed(broken, HOME)[0] == said
    assert missed(read(report(1.0, 0.99)), HOME)[-1] == "color-contrast"
    assert missed(read(report(0.1, 1.0, asked("/", "Document", 10**6))), INSIDE) == []


def test_the_middle_of_several_runs() -> None:
    readings = [read(report(score)) for score in (0.2, 0.99, 0.96)]
    assert middle(readings).scores["performance"] == 96


def test_the_page_says_what_misses_its_bar() -> None:
    good, bad = read(report()), read(report(1.0, 0.9))
    text = render([Row("home", good, HOME), Row("sign-in", bad, SHOP), Row("/manage", good, INSIDE)], 5)
    assert "- sign-in: accessibility 90 of 100; color-contrast" in text
    assert "| home | 100 / 95 | 100 / 100 | 100 / 95 | 100 / 95 | 1.2 s |" in text
    assert "| sign-in | 100 / 90 | 90 / 100 | 100 / 95 | - |" in text
    assert "| `/manage` | 100 / 100 | 100 / 95 |" in text
    assert "No page misses a bar." in render([Row("home", good, PUBLIC)], 5)


def fake(tmp_path: Path, text: str, status: int = 0) -> Path:
    program = tmp_path / "lighthouse"
    (tmp_path / "said.json").write_text(text)
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/said.json\nexit {status}\n")
    program.chmod(0o755)
    return program


def test_a_page_that_leads_elsewhere_is_no_measurement(tmp_path: Path) -> None:
    program = fake(tmp_path, json.dumps(report()))
    assert lighthouse.measure(program, f"{BASE}/", "", ["seo"])["categories"]
    with pytest.raises(NoLighthouse, match="led to"):
        lighthouse.measure(program, f"{BASE}/account", "bms=x", ["seo"])
    broken = fake(tmp_path, json.dumps({**report(), "runtimeError": {"message": "no first paint"}}))
    with pytest.raises(NoLighthouse, match="no first paint"):
        lighthouse.measure(broken, f"{BASE}/", "", ["seo"])
    with pytest.raises(NoLighthouse):
        lighthouse.measure(fake(tmp_path, "", 1), f"{BASE}/", "", ["seo"])


@pytest.mark.slow
@pytest.mark.embedded_only("it serves demo data from a directory of its own")
def test_every_page_of_a_shop_is_measured() -> None:
    """Each page answers, with whoever's cookie it needs; and no page of a buyer is left out."""
    with demo_server() as demo:
        found = pages(demo)
        for page in found:
            visitor = Visitor(demo.server.url)
            path, html = (
                visitor.get(page.path) if not page.cookie else with_cookie(visitor, page.cookie, page.path)
            )
            assert path == page.path, page.name
            assert "</html>" in html
    paths = [page.path for page in found]
    assert len(set(paths)) == len(paths) > 50
    kinds = {shape(path) for path in paths}
    left_out = {
        shape(route.path)
        for module in (home, event, seats, checkout, tickets, guest_links, guest_contacts)
        for route in module.pages.routes
        if isinstance(route, PageRoute) and not route.path.endswith((".ics", ".webmanifest", ".txt"))
    } - kinds
    # The address without its words leads on, and the other needs a wish of a guest's first.
    assert left_out == {"/e/*", "/b/contact/*"}


def with_cookie(visitor: Visitor, cookie: str, path: str) -> tuple[str, str]:
    request = urllib.request.Request(visitor.base + path, headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.url.removeprefix(visitor.base), answer.read().decode()


def shape(path: str) -> str:
    """Return a path or a route with a * for what differs."""
    path = re.sub(r"\{[^{}]*(\{[^{}]*\})?[^{}]*\}", "*", path)
    path = re.sub(r"^/(e|tickets|checkout|b)/(?!contact)[^/]+", r"/\1/*", path)
    return re.sub(r"^/e/\*/(?!seats)[^/]+$", "/e/*/*", path)


def test_other_work_only_lengthens_a_task() -> None:
    visits = [{"open": 300.0, "drag": 60.0}, {"open": 120.0, "drag": 260.0}]
    assert shortest(visits) == {"open": 120.0, "drag": 60.0}


def test_bars_say_which_pages_are_measured_again() -> None:
    assert [bars.repeats for bars in (HOME, SHOP, INSIDE, Bars(None, 1, 1, 1))] == [True, True, False, False]
