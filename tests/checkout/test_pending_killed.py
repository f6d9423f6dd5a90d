"""A server that is killed at any line of a payment that waits for its buyer: nothing is lost or half done."""

import contextlib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bench.serving import environment
from bms.settings import Settings
from bms.tasks.reconciliation import Reconciler
from tests.kit.api import Client
from tests.kit.cards import CARD, NEEDS_BUYER
from tests.kit.programs import free_port
from tests.kit.scene import Scene
from tests.kit.waiting import until
from tests.kit.waits import Wait, begin_wait, page_of

# ``bms serve``, but the process kills itself before or after it calls what argv names.
DOOMED = """
import importlib, os, signal, sys

module, name, when = sys.argv[1:]
module = importlib.import_module(module)
real = getattr(module, name)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

async def before(*args, **kwargs):
    die()

def inside(*args, **kwargs):
    die()

async def after(*args, **kwargs):
    await real(*args, **kwargs)
    die()

setattr(module, name, {"before": before, "inside": inside, "after": after}[when])
from bms.cli import main
main(["serve"])
"""
BEGIN = ("bms.checkout.payments", "wait_for_buyer")
SETTLE = ("bms.checkout.till", "settle")
TAKE = ("bms.checkout.simulated", "take")
ISSUE = ("bms.commands.sales.tickets", "issue")


@pytest.fixture
def doomed(settings: Settings, database_url: str) -> Any:
    """Serve the test's database and the gateway's books, by a process that dies at one line."""

    @contextlib.contextmanager
    def serve(module: str, name: str, when: str) -> Iterator[str]:
        port = free_port()
        given = environment(
            settings.data_dir,
            BMS_PORT=str(port),
            BMS_DATABASE_URL=database_url,
            BMS_GATEWAY="simulated",
            BMS_PUBLIC_URL="http://127.0.0.1:8080",
            BMS_SECRET_KEY=settings.secret_key,
            BMS_GATEWAY_SECRET=settings.gateway_secret,
            BMS_BACKGROUND_TASKS="off",
        )
        command = [sys.executable, "-c", DOOMED, module, name, when]
        log = settings.data_dir / "doomed.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=settings.data_dir, env=given, stdout=output, stderr=output
            )
        try:
            yield f"http://127.0.0.1:{port}"
            assert process.wait(30) == -9, "it was killed where it should be"
        finally:
            process.kill()
            process.wait()

    return serve


async def ready(base: str) -> None:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{base}/health/ready", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    await until(answers, 60)


async def send(base: str, path: str, scene: Scene, body: Any = None) -> None:
    """Send a request that gets no answer, since the server dies of it."""
    headers = {"Authorization": f"Bearer {scene.buyer.token}", "Idempotency-Key": "k"}
    async with aiohttp.ClientSession() as client:
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            async with client.post(base + path, json=body, headers=headers) as reply:
                await reply.read()


def paying(booking: dict[str, Any], number: str) -> dict[str, Any]:
    return {"booking_id": booking["id"], "method": "card", "details": {**CARD, "number": number}}


@pytest.mark.parametrize(
    ("number", "where", "ends"),
    [(NEEDS_BUYER, BEGIN, ("PENDING", "FAILED")), (CARD["number"], SETTLE, ("CONFIRMED", "SUCCEEDED"))],
    ids=["waits", "pays"],
)
async def test_killed_between_the_charge_and_what_is_written_of_it(
    scene: Scene, doomed: Any, number: str, where: tuple[str, str], ends: tuple[str, str]
) -> None:
    booking = await scene.held()
    with doomed(*where, "before") as base:
        await ready(base)
        await send(base, "/payments", scene, paying(booking, number))
    (entry,) = await scene.gateway.entries()
    assert entry.status == ("PENDING" if number == NEEDS_BUYER else "SUCCEEDED")
    (claimed,) = scene.rows("SELECT status, next_action FROM payments")
    assert tuple(claimed) == ("PROCESSING", None)
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 1
    (payment,) = scene.rows("SELECT status FROM payments")
    assert (scene.status(booking), payment.status) == ends
    await scene.check()


async def test_killed_when_the_wait_was_written_and_not_answered(
    scene: Scene, client: Client, doomed: Any
) -> None:
    """The client sends its request again and hears where the buyer must go."""
    booking = await scene.held()
    with doomed(*BEGIN, "after") as base:
        await ready(base)
        await send(base, "/payments", scene, paying(booking, NEEDS_BUYER))
    again = await scene.pay(booking, NEEDS_BUYER, headers={"Idempotency-Key": "k"})
    assert (again.status, again.headers["Idempotency-Replayed"]) == (202, "true")
    async with client.post(f"{page_of(again.json)}/approve") as page:
        assert page.status == 200
    assert scene.status(booking) == "CONFIRMED"
    await scene.check()


@pytest.mark.parametrize(
    ("where", "when", "status"),
    [
        (TAKE, "before", ("PENDING", "PROCESSING")),
        (ISSUE, "inside", ("PENDING", "PROCESSING")),
        (TAKE, "after", ("CONFIRMED", "SUCCEEDED")),
    ],
    ids=["before the notice", "inside the transaction", "before the answer"],
)
async def test_killed_when_the_buyer_has_approved(
    scene: Scene, notifier: Any, doomed: Any, where: Any, when: str, status: Any
) -> None:
    wait: Wait = await begin_wait(scene, notifier)
    with doomed(*where, when) as base:
        await ready(base)
        await send(base, f"{wait.page}/approve", scene)
    assert (await wait.entry()).status == "SUCCEEDED"
    assert wait.status() == status
    assert scene.count("gateway_notices") == scene.count("tickets") == (status[0] == "CONFIRMED")
    await scene.balanced()
    await wait.ask()
    assert (await wait.notice()).status == 204
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    assert scene.count("tickets") == 1
    await scene.check()
