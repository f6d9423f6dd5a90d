"""People in place of load: bench/locustfile.py on a server of its own, and the books after it."""

import subprocess
import sys
from pathlib import Path

from bench.serving import ROOT, bms_server, check_books
from bench.world import World

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
REPORTS = ROOT / "var" / "bench"
ARRIVALS = 2  # people a second, each of whom has two passwords hashed
GRACE_SECONDS = 10  # for what people are about when the time is up


def run_people(world: World, *, processes: int, people: int, seconds: int) -> str:
    """Let ``people`` come and use the server for ``seconds``; locust prints what it saw.

    Returns what is wrong: unwished answers, or what ``bms check`` finds. The report is in var/bench.
    """
    REPORTS.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "locust",
        "--headless",
        "--only-summary",
        "--locustfile",
        str(LOCUSTFILE),
    ]
    command += ["--users", str(people), "--spawn-rate", str(ARRIVALS), "--run-time", f"{seconds}s"]
    command += ["--stop-timeout", str(GRACE_SECONDS), "--loglevel", "WARNING"]
    command += ["--csv", str(REPORTS / "locust"), "--html", str(REPORTS / "locust.html")]
    with bms_server(world.data_dir, processes) as server:
        # In the data directory, where there is no locust.conf to read.
        done = subprocess.run([*command, "--host", server.url], cwd=world.data_dir, check=False)
    problems = [f"locust: exit status {done.returncode}"] if done.returncode else []
    broken = check_books(world.data_dir)
    return "; ".join([*problems, f"bms check: {broken}"] if broken else problems)
