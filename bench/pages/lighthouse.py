"""Running Lighthouse, which npm installs, in Debian's Chromium."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.serving import ROOT

VERSION = "12.2.3"
HOME = ROOT / ".venv" / f"lighthouse-{VERSION}"
CHROMIUM = "/usr/bin/chromium"
SECONDS = 180  # for one page
ATTEMPTS = 3  # of a page whose browser did not answer


class NoLighthouse(Exception):
    """Lighthouse cannot be run here, or did not read a page."""


def install() -> Path:
    """Return Lighthouse's program, installed unless it is. Raises NoLighthouse."""
    program = HOME / "node_modules" / ".bin" / "lighthouse"
    if not Path(CHROMIUM).exists():
        raise NoLighthouse(f"there is no {CHROMIUM}: install Debian's package chromium")
    if program.exists():
        return program
    npm = shutil.which("npm")
    if npm is None:
        raise NoLighthouse("npm is needed to install Lighthouse: install Node.js 20 or newer")
    options = ["--no-audit", "--no-fund", "--loglevel=error"]
    command = [npm, "install", "--prefix", str(HOME), *options, f"lighthouse@{VERSION}"]
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
        raise NoLighthouse(f"npm could not install Lighthouse {VERSION}")
    return program


def measure(program: Path, url: str, cookie: str, categories: Sequence[str]) -> dict[str, Any]:
    """Return Lighthouse's report of a page, as a phone. Raises NoLighthouse."""
    said = ""
    for _ in range(ATTEMPTS):
        with tempfile.TemporaryDirectory() as directory:
            headers = Path(directory, "headers.json")
            headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
            command = [
                *(str(program), url, "--quiet", "--output=json", f"--extra-headers={headers}"),
                f"--only-categories={','.join(categories)}",
                "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage",
            ]
            environment = {**os.environ, "CHROME_PATH": CHROMIUM}
            try:
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                said = f"no answer within {SECONDS} s"
                continue
        if done.returncode == 0:
            report: dict[str, Any] = json.loads(done.stdout)
            if report["finalDisplayedUrl"].partition("?")[0] != url.partition("?")[0]:
                raise NoLighthouse(f"{url} led to {report['finalDisplayedUrl']}")
            if "runtimeError" not in report:
                return report
            said = report["runtimeError"]["message"]
        else:
            said = done.stderr[-400:]
    raise NoLighthouse(f"{url}: {said}")
