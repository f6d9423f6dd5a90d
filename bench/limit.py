"""The limit: the statements of a booking from pgbench, PostgreSQL's own client, with nothing around them."""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import procfs
from bench.tape import Script
from bench.world import World
from bms import settings as settings_module
from bms.maintenance.jobs import check
from bms.sql.embedded.provision import create_database, drop_database, embedded_url
from bms.sql.embedded.tools import find_tools

DATABASE = "bench_limit"
CLIENTS = (8, 16, 64)
HOT_CLIENTS = (8, 16)  # whose best is the limit of one hot row: with more the queue for it only grows
AS_SENT, LEAN = "as BMS sends them", "five statements"
_LEAN_FILE = Path(__file__).with_name("five_statements.sql")
_LEAN_ROUND_TRIPS = 7  # BEGIN and COMMIT too


class LimitFailed(Exception):
    """pgbench did not run, or what it booked does not add up."""


@dataclass(frozen=True)
class Limit:
    """What pgbench came to: transactions a second, their mean time in milliseconds, and the share of
    the machine's cores that was not at work for this.
    """

    statements: str
    spread: bool
    clients: int
    rate: float
    mean: float
    others: float = 0.0


def lean_script() -> Script:
    """Return the five statements of a booking."""
    return Script(_LEAN_FILE.read_text(), {}, _LEAN_ROUND_TRIPS)


def measure_limit(
    world: World, taped: Script, *, kinds: Sequence[bool], seconds: float, quick: bool = False
) -> Iterator[Limit]:
    """Yield the limit of each of ``kinds`` (spread: True, one hot row: False), each number of clients and
    both scripts; ``quick`` leaves the 64 clients out.

    On a copy of the world's database on the same server. Raises LimitFailed.
    """
    create_database(world.postgres, DATABASE, "bms")
    try:
        for name, script in ((AS_SENT, taped), (LEAN, lean_script())):
            for spread in kinds:
                for clients in CLIENTS[: 2 if quick else 3]:
                    yield _pgbench(world, name, script, spread=spread, clients=clients, seconds=seconds)
        _check_books(world)
    finally:
        drop_database(world.postgres, DATABASE)


def best(limits: Sequence[Limit], *, spread: bool) -> float | None:
    """Return the rate that BMS is measured against: the best, of both scripts; None when there is none."""
    rates = [
        limit.rate for limit in limits if limit.spread == spread and (spread or limit.clients in HOT_CLIENTS)
    ]
    return max(rates, default=None)


def _pgbench(world: World, name: str, script: Script, *, spread: bool, clients: int, seconds: float) -> Limit:
    first, last = world.buyers[0][0], world.buyers[-1][0]
    low = world.events[0] if spread else world.hot
    number = f"random(0, {len(world.events) - 1})" if spread else "0"
    choose = (
        f"\\set n {number}\n\\set user_id random({first}, {last})\n"
        f"\\set event_id {low.event_id} + :n\n\\set ticket_type_id {low.ticket_type_id} + :n\n"
        "\\set reference random(1, 9999999999999999)\n\\set key random(1, 9000000000000000000)\n"
    )
    file = world.data_dir / "pgbench.sql"
    file.write_text(choose + script.text)
    command = [str(find_tools(world.postgres.directory).binaries / "pgbench")]
    command += ["--no-vacuum", "--protocol=prepared", f"--file={file}", _length(seconds)]
    command += [f"--client={clients}", f"--jobs={min(clients, os.cpu_count() or 1)}"]
    command += [f"--define={constant}={value}" for constant, value in script.constants.items()]
    command += [f"--host={world.postgres.socket_directory}", "--username=bms", DATABASE]
    with procfs.metered(None, world.postmaster) as usage:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LimitFailed(done.stderr.strip()[-500:])
    rate, mean = read_pgbench(done.stdout)
    return Limit(name, spread, clients, rate, mean, usage.others)


def _length(seconds: float) -> str:
    """Return the option that says how long pgbench is to go on, in its whole seconds."""
    return f"--time={max(1, round(seconds))}"


def read_pgbench(output: str) -> tuple[float, float]:
    """Return transactions a second and mean milliseconds of pgbench's report. Raises LimitFailed."""
    rate = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
    mean = re.search(r"^latency average = ([0-9.]+) ms", output, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
    if rate is None or mean is None or failed is None or int(failed[1]):
        raise LimitFailed(f"pgbench says: {output.strip()[-500:]}")
    return float(rate[1]), float(mean[1])


def _check_books(world: World) -> None:
    # A mail of the five statements follows from nothing.
    world.rows("DELETE FROM outbox WHERE announcement_id = 0", DATABASE)
    settings = settings_module.load({"BMS_DATA_DIR": str(world.data_dir)}, Path("/nonexistent"))
    findings, _ = asyncio.run(check(settings, embedded_url(world.postgres, DATABASE)))
    broken = [finding.rule for finding in findings if finding.rows]
    if broken:
        raise LimitFailed(f"After pgbench the books do not balance: {'; '.join(broken)}")
