"""How long the seat map keeps a slow phone busy: ``python -m bench.pages.longtasks``.

Opens seat maps in Debian's Chromium, four times slower than this machine, as a phone of 390x844, and finds
for each step of a visit the longest task of the page's main thread. 0 means that none took 50 ms, which is
the least that browsers report. Of several visits the shortest counts: tasks are timed by the clock, so other
work on the machine only lengthens them.
"""

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.pages.demo import Demo, demo_server
from bench.pages.visits import events
from bench.run import say
from bench.serving import ask
from bench.stadium import open_stadium

MOST = 200  # milliseconds
VISITS = 3
PATIENCE = 10_000  # milliseconds at most after a step, in which its tasks end
GLANCE = 500  # milliseconds; twice in a row at work for less than IDLE of them, the page is at rest
IDLE = 50
CHROMIUM = "/usr/bin/chromium"
SLOWER = 4
WATCH = """
window.longest = [];
new PerformanceObserver(list => longest.push(...list.getEntries().map(one => one.duration)))
  .observe({type: "longtask", buffered: true});
"""


def tap(page: Page, x: float, y: float) -> None:
    box = page.locator(".map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def drag(page: Page) -> None:
    box = page.locator(".map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(x - 5 * step, y - 4 * step)
    page.mouse.up()


STEPS: dict[str, Callable[[Page], None]] = {
    "open the page": lambda page: page.reload(),
    "tap to zoom in": lambda page: tap(page, 0.5, 0.12),
    "and closer": lambda page: tap(page, 0.5, 0.5),
    "choose a seat": lambda page: tap(page, 0.45, 0.4),
    "drag": drag,
    "show all": lambda page: page.locator(".zooms button").nth(2).click(),
    "show the list": lambda page: page.locator(".views button").nth(1).click(),
    "open a section": lambda page: page.locator(".rows summary").first.click(),
}


def visit(page: Page, cdp: CDPSession, url: str) -> dict[str, float]:
    """Return the longest task of each step of a visit, in milliseconds."""
    found = {}
    cdp.send("Performance.enable")
    page.goto(url)
    rest(page, cdp)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    for name, step in STEPS.items():
        page.evaluate("window.longest && (longest.length = 0)")
        step(page)
        rest(page, cdp)
        found[name] = float(max(page.evaluate("longest"), default=0))
    return found


def rest(page: Page, cdp: CDPSession) -> None:
    """Wait until the page's main thread has nothing to do, at most PATIENCE."""
    before, idle = _worked(cdp), 0
    for _ in range(PATIENCE // GLANCE):
        page.wait_for_timeout(GLANCE)
        before, earlier = _worked(cdp), before
        idle = idle + 1 if before - earlier < IDLE else 0
        if idle == 2:
            return


def _worked(cdp: CDPSession) -> float:
    """Return how long the page's main thread has been at work, in milliseconds."""
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return 1000 * float(metrics["TaskDuration"])


@contextmanager
def halls(names: Sequence[str]) -> Iterator[list[str]]:
    """Serve the halls of these names, and yield the addresses of their seats."""
    with demo_server() as demo:
        yield [f"{demo.server.url}{HALLS[name](demo)}/seats" for name in names]


def _theatre(demo: Demo) -> str:
    _, seated = events(demo.server.url)
    return seated.rpartition("/")[0]


def _stadium(demo: Demo) -> str:
    say("a stadium of 60,000 seats is put on sale")
    account = {"username": "organiser", "password": demo.passwords["organiser"]}
    token = ask(demo.server, "POST", "/login", "", account)["access_token"]
    where = {"name": "The Stadium", "location": "1 Ring", "city": "Ghent", "capacity": 60_000}
    venue = ask(demo.server, "POST", "/venues", token, where)
    starts_at = f"{dt.datetime.now(dt.UTC).date() + dt.timedelta(days=300)}T19:30:00Z"
    fields = {"title": "The final", "starts_at": starts_at, "venue": venue["id"]}
    return f"/e/{open_stadium(demo.server, token, fields).event_id}"


# Those that are measured by default, and how to put each on sale: returns the path of its event.
HALLS: dict[str, Callable[[Demo], str]] = {"theatre": _theatre, "stadium": _stadium}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the longest tasks, and return the exit status: 1 if one took MOST or more."""
    parser = argparse.ArgumentParser(prog="script/longtasks", description=__doc__.splitlines()[0])
    parser.add_argument(
        "urls", nargs="*", metavar="URL", help="of seat maps; without any, of halls served here"
    )
    parser.add_argument("--hall", choices=HALLS, help="serve and measure this one alone")
    parser.add_argument("--visits", type=int, default=VISITS, help=f"of each map ({VISITS})")
    arguments = parser.parse_args(argv)
    if arguments.urls:
        return int(max(measure(arguments.urls, arguments.visits)) >= MOST)
    with halls([arguments.hall] if arguments.hall else list(HALLS)) as served:
        return int(max(measure(served, arguments.visits)) >= MOST)


def measure(urls: Sequence[str], visits: int) -> list[float]:
    """Visit seat maps, and return the longest task of each in milliseconds."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for url in urls:
            print(url)
            steps = shortest([_visit_anew(browser, url) for _ in range(visits)])
            for name, longest in steps.items():
                print(f"  {name:16} {longest:6.0f} ms", flush=True)
            found.append(max(steps.values()))
        browser.close()
    return found


def _visit_anew(browser: Browser, url: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script(WATCH)
    page = context.new_page()
    found = visit(page, context.new_cdp_session(page), url)
    context.close()
    return found


def shortest(visits: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return what each step took in the visit in which it took least."""
    return {name: min(one[name] for one in visits) for name in visits[0]}


if __name__ == "__main__":
    sys.exit(main())
