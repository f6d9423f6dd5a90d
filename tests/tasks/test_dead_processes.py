"""What a dead process had leased is done at once by the next one of its host, and by nobody else early."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bms import holders
from bms.commands.dead_processes import take_over_from_dead
from bms.commands.events.cancel import lease_cancellation
from bms.commands.messages.fan_out import lead
from bms.holders import host, is_dead, new_token
from bms.sql.database import Database
from bms.tasks.reconciliation import Reconciler
from tests.kit.gateways import Pause
from tests.kit.outgoing import Outgoing
from tests.kit.scene import Scene

KEY = {"Idempotency-Key": "mine"}
PROGRAM = "from bms.holders import new_token; print(new_token(), flush=True); input()"


@pytest.fixture
def other() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def token_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def dead(other: "subprocess.Popen[str]") -> str:
    """The token of a process that has died."""
    token = token_of(other)
    other.kill()
    other.wait()
    return token


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell when a process began")
def test_a_token_tells_whether_its_process_lives(other: "subprocess.Popen[str]") -> None:
    mine, token = new_token(), token_of(other)
    assert len(token) == len(mine) == holders.LENGTH
    assert new_token() != mine
    assert (is_dead(mine), is_dead(token)) == (False, False)
    os.kill(other.pid, signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(token)  # not even reaped
    other.wait()
    assert is_dead(token)


def test_what_no_process_of_this_host_made_is_not_dead() -> None:
    mine = new_token()
    elsewhere = f"{'0' * 8 if host() != '0' * 8 else '1' * 8}{mine[8:]}"
    for token in ("", "x", elsewhere, "ab" * 16, f"{host()}zzzzzzzz{'0' * 16}", f"{host()}{'0' * 24}"):
        assert not is_dead(token), token
    # A process id that was given again belongs to another.
    reused = f"{mine[:16]}{(int(mine[16:24], 16) + 1) & 0xFFFFFFFF:08x}{mine[24:]}"
    assert is_dead(reused) == (sys.platform == "linux")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell when a process began")
async def test_mail_and_leadership_and_cancellations(
    scene: Scene, outgoing: Outgoing, db: Database, dead: str
) -> None:
    await scene.held()
    reply = await scene.api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    assert reply.status == 200, reply.text
    outgoing.rows("DELETE FROM outbox")
    await outgoing.queue(3)
    job = scene.event["id"]
    assert await db.transact(lease_cancellation, event_id=job, seconds=600) is not None
    assert await db.transact(lead, holder=new_token(), seconds=600)
    await outgoing.claim(2)
    # The living keep what they have.
    assert await db.transact(take_over_from_dead) == 0
    assert len(await outgoing.claim()) == 1
    outgoing.rows("UPDATE outbox SET lease_token = ? WHERE id < (SELECT MAX(id) FROM outbox)", dead)
    outgoing.rows("UPDATE event_cancellations SET lease_token = ?", dead)
    outgoing.rows("UPDATE leases SET holder = ? WHERE name = 'fan_out'", dead)
    assert await db.transact(take_over_from_dead) == 4
    assert len(await outgoing.claim()) == 2
    assert await db.transact(lease_cancellation, event_id=job, seconds=600) is not None
    assert await db.transact(lead, holder=new_token(), seconds=600)
    assert await db.transact(take_over_from_dead) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell when a process began")
@pytest.mark.parametrize("of_the_dead", [True, False])
async def test_a_payment_whose_process_died_is_settled_at_once(
    scene: Scene, db: Database, dead: str, of_the_dead: bool
) -> None:
    """The twin is that of a living process, whose request may still be running."""
    booking = await scene.held()
    assert (await scene.pay(booking, headers=KEY)).status == 201
    scene.rows("DELETE FROM tickets")
    scene.rows("UPDATE bookings SET status = 'PENDING', confirmed_at = NULL, hold_expires_at = '2099-01-01'")
    scene.rows(
        "UPDATE payments SET status = 'PROCESSING', gateway_reference = NULL, claimed_by = ?",
        dead if of_the_dead else new_token(),
    )
    await db.transact(take_over_from_dead)
    assert await Reconciler(db, scene.gateway).settle_payments() == int(of_the_dead)
    assert scene.status(booking) == ("CONFIRMED" if of_the_dead else "PENDING")


async def test_how_long_to_wait_for_a_request_in_progress(scene: Scene, pause: Pause) -> None:
    booking = await scene.held()
    paying = asyncio.create_task(scene.pay(booking, headers=KEY))
    await pause.reached.wait()
    waits = []
    for age in (0, 20, 50, 600):
        scene.rows(
            "UPDATE idempotency_keys SET created_at = DATEADD(SECOND, ?, SYSUTCDATETIME())"
            " WHERE status IS NULL",
            -age,
        )
        reply = await scene.pay(booking, headers=KEY)
        reply.problem(409, "request_in_progress")
        waits.append(int(reply.headers["Retry-After"]))
    pause.go.set()
    assert (await paying).status == 201
    assert waits[0] == 1
    assert 35 <= waits[1] <= 40
    assert 5 <= waits[2] <= 10
    assert waits[3] == 5
