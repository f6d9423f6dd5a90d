"""The machine that was measured, in words."""

import datetime as dt
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from bench.world import Site, filesystem

ROOT = Path(__file__).resolve().parents[1]
_SYNC_SECONDS = 1.0
_PAGE = 8192  # bytes, as PostgreSQL writes its log


def describe(site: Site) -> dict[str, str]:
    """Return what the figures depend on, by name."""
    device, kind = filesystem(site.data_dir)
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit(),
        "CPU": f"{_cpu_model()}, {len(os.sched_getaffinity(0))} cores",
        "RAM": f"{_ram_gb():.1f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "disk": f"{kind} on {device}, {syncs_a_second(site.data_dir):,.0f} fdatasync per second of one page",
        "Python": platform.python_version(),
        "PostgreSQL": site.rows("SHOW server_version")[0][0].split()[0],
        "settings": "fsync, synchronous_commit and full_page_writes on; BMS's defaults for everything else",
    }


def commit() -> str:
    """Return the commit that is measured, and whether files differ from it."""
    head = _git("rev-parse", "--short=12", "HEAD")
    if not head:
        return "unknown"
    return f"{head}, with changes" if _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_model() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _ram_gb() -> float:
    found = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 / 1e9 if found else 0.0


def syncs_a_second(directory: Path) -> float:
    """Return how often a page can be written and made durable in ``directory``, one after the other."""
    path, page, done = directory / "sync.probe", b"\0" * _PAGE, 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        began = time.perf_counter()
        while time.perf_counter() - began < _SYNC_SECONDS:
            os.pwrite(descriptor, page, 0)
            os.fdatasync(descriptor)
            done += 1
        return done / (time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
