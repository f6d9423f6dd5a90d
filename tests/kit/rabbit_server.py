"""A RabbitMQ of a test's own: on free ports of the loopback, with data, node and epmd to itself."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.kit.programs import free_port

PROGRAMS = "/usr/lib/rabbitmq/bin:/usr/lib/rabbitmq/lib/bin:/usr/local/sbin:/usr/sbin"
START_SECONDS = 90


class RabbitServer:
    """Started by ``start``. ``kill`` is a power cut, after which ``start`` brings the same node back."""

    def __init__(self, directory: Path) -> None:
        # Debian's own wrapper changes the user, and its node is the system's.
        program = shutil.which("rabbitmq-server", path=PROGRAMS)
        epmd = shutil.which("epmd")
        if program is None or epmd is None:
            pytest.skip("rabbitmq-server is not installed")
        self._program = program
        self._directory = directory
        self.port, epmd_port, self.figures_port = free_port(), free_port(), free_port()
        config = directory / "rabbitmq.conf"
        config.write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "cluster_formation.peer_discovery_backend = classic_config\n"
            f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {self.figures_port}\n"
            "log.console = true\nlog.file = false\nlog.console.level = warning\n"
        )
        (directory / "plugins").write_text("[rabbitmq_prometheus].\n")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),  # of the Erlang cookie
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"bms-test-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd = subprocess.Popen(
            [epmd, "-port", str(epmd_port), "-address", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment,
        )

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the node and return when it accepts connections."""
        with (self._directory / "rabbit.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program], stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            text = (self._directory / "rabbit.log").read_text(errors="replace")[-3000:]
            assert self._process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.1)

    def kill(self) -> None:
        """End the node at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the node and its epmd."""
        self.kill()
        self._epmd.kill()
        self._epmd.wait()

    def _accepts(self) -> bool:
        """Return whether the broker answers the first bytes of AMQP."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as client:
            client.settimeout(2)
            client.sendall(b"AMQP\0\0\x09\x01")
            return bool(client.recv(1))
        return False
