"""One stampede: a site, a server, the buyers, and the proof."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from bench import machine, procfs
from bench.serving import Server, bms_server
from bench.stampede.buyer import Buyer, Sale
from bench.stampede.desk import ANSWER_SECONDS, Desk
from bench.stampede.hall import Hall, open_hall
from bench.stampede.plan import PER_USER_LIMIT, PRICE, Part, Plan
from bench.stampede.proof import Line, prove
from bench.stampede.report import Result
from bench.stampede.watch import Watch
from bench.world import Site, make_accounts, open_site, post

LONGEST = 600.0  # seconds that a sale may take
GRACE_SECONDS = 5.0
SETTLE_SECONDS = 60.0


def run(data_dir: Path, plan: Plan) -> Result:
    """Do what ``stampede`` does in a data directory of its own. Raises NotDurable too."""
    with open_site(data_dir) as site:
        return stampede(site, plan)


def stampede(site: Site, plan: Plan) -> Result:
    """Let the buyers of ``plan`` loose on a server of ``site``, which is fresh, and return what came of it.

    Raises ServerFailed.
    """
    parts = plan.cast()
    admin, *buyers = make_accounts(site, plan.buyers)
    with bms_server(site.data_dir, plan.processes, BMS_HOLD_SECONDS=str(plan.hold)) as server:
        event_id = _put_on_sale(server, admin[1], plan)
        hall = open_hall(server, admin[1], event_id, plan.tickets) if plan.seats else None
        tokens = [token for _, token in buyers]
        watch = Watch(site, plan.tickets)
        try:
            sale, seconds, settled = asyncio.run(_sell(server, watch, plan, event_id, hall, parts, tokens))
        finally:
            watch.close()
        memory = sorted(procfs.memory(server.pid).values())
        proof = prove(site, plan, sale)
    if not settled:
        late = f"a payment or a refund was still open after {SETTLE_SECONDS:.0f} s"
        proof.append(Line("Every payment and refund is settled", late, holds=False))
    return Result(
        plan=plan,
        machine=machine.describe(site),
        manners=Counter(part.manner for part in parts),
        sale=sale,
        samples=watch.samples,
        seconds=seconds,
        sold_after=watch.sold_after,
        memory=memory,
        proof=proof,
    )


def _put_on_sale(server: Server, token: str, plan: Plan) -> int:
    hall = {"name": "The Hall", "location": "1 Quay", "city": "Rotterdam", "capacity": plan.tickets}
    venue = post(server, "/venues", token, hall)
    body = {
        "title": "The night that everybody wants to see",
        "starts_at": "2099-08-01T19:30:00Z",
        "venue": venue["id"],
        "capacity": plan.tickets,
        "price": PRICE,
        "per_user_limit": PER_USER_LIMIT,
    }
    return int(post(server, "/events", token, body)["id"])


async def _sell(
    server: Server,
    watch: Watch,
    plan: Plan,
    event_id: int,
    hall: Hall | None,
    parts: Sequence[Part],
    tokens: Sequence[str],
) -> tuple[Sale, float, bool]:
    """Return the sale, the seconds it took, and whether all payments and refunds of it were settled then."""
    limit = aiohttp.TCPConnector(limit=plan.connections)
    patience = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(connector=limit, timeout=patience) as client:
        desk = Desk(server.url, client, plan.connections)
        sale = Sale(desk, event_id, plan.hold, hall)
        desk.is_over = lambda: sale.sold_out.is_set() and desk.tally.all_asked >= plan.requests
        watching = asyncio.create_task(watch.run(sale))
        buyers = [Buyer(part, token, sale).visit() for part, token in zip(parts, tokens, strict=True)]
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await asyncio.gather(*buyers)
            # For what was held and forgotten, when nobody is left who would buy it.
            async with asyncio.timeout(plan.hold + GRACE_SECONDS):
                await sale.sold_out.wait()
        seconds = time.monotonic() - began
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        return sale, seconds, await watch.until_settled(SETTLE_SECONDS)
