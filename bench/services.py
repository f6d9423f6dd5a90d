"""BMS as seven processes behind nginx, one per service, on this machine: what script/services runs.

The processes share a data directory, and so the embedded database. The files of deploy/nginx are used as they
are, but for their directories, ports and names.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.serving import ROOT
from bms.terms import Service

FILES = ROOT / "deploy" / "nginx"
HOST = "127.0.0.1"
START_SECONDS = 90
STOP_SECONDS = 20
POOL = "4"  # connections to the database per process: seven processes have seven times as many


class NotStarted(Exception):
    """Something that is needed is missing or did not start."""


@dataclass(frozen=True)
class Front:
    """nginx, as it runs: its ports on the loopback, its certificate and its process."""

    port: int
    plain_port: int
    certificate: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def make_certificate(directory: Path) -> Path:
    """Make a key and a certificate for this machine, which no client trusts by itself. Return its file."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate, key = directory / "fullchain.pem", directory / "privkey.pem"
    command = ["openssl", "req", "-x509", "-noenc", "-keyout", key, "-out", certificate]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "30"]
    command += ["-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}"]
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o600)
    return certificate


def configure(directory: Path, ports: Mapping[Service, int], port: int, plain_port: int) -> Path:
    """Write the configuration for this machine to ``directory``. Return its main file."""
    conf, run = directory / "conf", directory / "run"
    shutil.rmtree(conf, ignore_errors=True)
    shutil.copytree(FILES, conf)
    run.mkdir(parents=True, exist_ok=True)
    here = {
        "/etc/nginx/bms": str(conf),
        "/etc/nginx/tls": str(directory / "tls"),
        "/run/nginx": str(run),
        "listen 443": f"listen {HOST}:{port}",
        "listen 80": f"listen {HOST}:{plain_port}",
        **{f"server {service}:8080": f"server {HOST}:{ports[service]}" for service in ports},
    }
    for path in conf.glob("*.conf"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub("|".join(here), lambda found: here[found[0]], text), encoding="utf-8")
    return conf / "nginx.conf"


def nginx_command(main_file: Path) -> list[str]:
    """Return the command that runs nginx in the foreground. Raises NotStarted if there is no nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NotStarted("nginx is not installed. On Debian: apt-get install nginx")
    # The workers of a root's nginx are another user's, who cannot read this one's directories.
    user = "user root; " if os.geteuid() == 0 else ""
    return [program, "-e", "stderr", "-c", str(main_file), "-g", f"{user}daemon off;"]


@contextlib.contextmanager
def nginx(
    directory: Path, ports: Mapping[Service, int], port: int | None = None, plain_port: int | None = None
) -> Iterator[Front]:
    """Run nginx in front of services that listen on ``ports``, with all that it writes in ``directory``."""
    certificate = make_certificate(directory / "tls")
    port, plain_port = port or free_port(), plain_port or free_port()
    command = nginx_command(configure(directory, ports, port, plain_port))
    with (directory / "nginx.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait_until(lambda: _accepts(port), process, directory / "nginx.log")
        yield Front(port, plain_port, certificate, process)
    finally:
        _end([process])


@contextlib.contextmanager
def seven_processes(directory: Path, **settings: str) -> Iterator[Mapping[Service, int]]:
    """Run ``bms serve`` once per service on ``directory``. Yields their ports, once all are ready.

    Prints the demo accounts if it has made some.
    """
    data, logs = directory / "data", directory / "logs"
    for one in (data, logs):
        one.mkdir(parents=True, exist_ok=True)
    ports = {service: free_port() for service in Service}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BMS_")}
    own = {"BMS_DATA_DIR": str(data), "BMS_DATABASE_POOL": POOL, "BMS_TRUSTED_PROXIES": "1"}
    given = plain | own | settings
    bms = [sys.executable, "-m", "bms.cli"]
    for command in ("migrate", "seed") if given.get("BMS_DEMO_DATA") != "off" else ("migrate",):
        output = subprocess.DEVNULL if command == "migrate" else None
        subprocess.run([*bms, command], cwd=data, env=given, check=True, stdout=output)
    processes: dict[Service, subprocess.Popen[bytes]] = {}
    try:
        for service in Service:
            part = {"BMS_SERVICES": service, "BMS_PORT": str(ports[service]), "BMS_DEMO_DATA": "off"}
            with (logs / f"{service}.log").open("wb") as log:
                processes[service] = subprocess.Popen(
                    [*bms, "serve"],
                    cwd=data,
                    env=given | part,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        for service, process in processes.items():
            url = f"http://{HOST}:{ports[service]}/health/ready"
            _wait_until(lambda url=url: _answers(url), process, logs / f"{service}.log")
        yield ports
    finally:
        _end(processes.values())


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def _answers(url: str) -> bool:
    with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
        return True
    return False


def _wait_until(is_up, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise NotStarted(f"{log.stem} did not start:\n{end}")
        time.sleep(0.05)


def _end(processes) -> None:
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="script/services", description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("var/services"), help="keeps everything")
    parser.add_argument("--port", type=int, default=8443, help="of HTTPS on the loopback (default: 8443)")
    parser.add_argument("--plain-port", type=int, default=8081, help="of HTTP, which leads there (8081)")
    given = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    directory = given.directory.absolute()
    own = {name: value for name, value in os.environ.items() if name.startswith("BMS_")}
    settings = {"BMS_PUBLIC_URL": f"https://{HOST}:{given.port}", **own}
    try:
        with (
            seven_processes(directory, **settings) as ports,
            nginx(directory / "nginx", ports, given.port, given.plain_port) as front,
        ):
            print(*(f"{service:<14}http://{HOST}:{ports[service]}" for service in ports), "", sep="\n")
            print(f"Open {front.url}/ (Ctrl-C stops all). The logs are in {directory}.", flush=True)
            over.wait()
    except NotStarted as error:
        print(f"script/services: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
