"""The rules in deploy/prometheus, against promtool, a live server's figures, and a Prometheus that runs them.

Debian's package ``prometheus`` brings both programs. Without them, the tests that need one are skipped.
"""

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.serving import bms_server
from tests.kit.api import Api
from tests.kit.programs import free_port
from tests.kit.promql import exposed_in, figures_in, labels_in
from tests.kit.promtool import DIRECTORY, LABELS, RECORDED, loaded, program, promtool, rules
from tests.kit.servers import Server
from tests.kit.tsql import Sql
from tests.kit.waiting import wait_until

TOKEN = "a token of sixteen characters"
# tests/broker asks a RabbitMQ for it.
OF_RABBITMQ = {"rabbitmq_detailed_queue_messages"}
EXPRESSIONS = [rule["expr"] for name in ("recording.yml", "alerts.yml") for rule in rules(name)]


def test_promtool_finds_no_fault() -> None:
    # The token's file is there only where it runs.
    promtool("check", "config", "--syntax-only", "prometheus.yml")
    promtool("check", "rules", "recording.yml", "alerts.yml")


def test_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", "alerts.test.yml")


def test_every_alert_is_seen_quiet_and_firing() -> None:
    tried = [case for test in loaded("alerts.test.yml")["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules("alerts.yml")}
    for fires in (False, True):
        assert {case["alertname"] for case in tried if bool(case.get("exp_alerts")) is fires} == names


async def test_rules_ask_for_figures_that_there_are(api: Api) -> None:
    exposed = exposed_in((await api.get("/metrics")).text)
    for expression in EXPRESSIONS:
        assert figures_in(expression) <= exposed | RECORDED | OF_RABBITMQ, expression
        assert labels_in(expression) <= LABELS, expression


def test_a_figure_that_there_is_not_is_found() -> None:
    """The twin."""
    expression = 'sum by (rout) (rate(bms_http_requests_totals{state!="x"}[5m])) / on (job) bms:x:y'
    assert figures_in(expression) == {"bms_http_requests_totals", "bms:x:y"}
    assert labels_in(expression) == {"rout", "state", "job"}


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator["Prometheus"]:
    """A real Prometheus with deploy/'s own configuration, but for the target, the token's file and the pace.

    Alerts fire after a second.
    """
    running = Prometheus(tmp_path / "prometheus")
    yield running
    running.stop()


class Prometheus:
    """Listens on the loopback, and reads the figures that ``target`` has a port for."""

    def __init__(self, directory: Path) -> None:
        self._program = program("prometheus")
        self._directory = directory
        self.target = f"127.0.0.1:{free_port()}"
        self._url = f"http://127.0.0.1:{free_port()}"
        shutil.copytree(DIRECTORY, directory)
        (directory / "token").write_text(TOKEN)
        given = loaded("prometheus.yml")
        given["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        bms = given["scrape_configs"][0]
        bms["authorization"]["credentials_file"] = "token"
        bms["static_configs"][0]["targets"] = [self.target]
        itself = next(job for job in given["scrape_configs"] if job["job_name"] == "prometheus")
        itself["static_configs"][0]["targets"] = [self._url.removeprefix("http://")]
        (directory / "prometheus.yml").write_text(yaml.safe_dump(given))
        alerts = re.sub(r"for: \d+m", "for: 1s", (DIRECTORY / "alerts.yml").read_text())
        (directory / "alerts.yml").write_text(alerts)
        with (directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={directory / 'data'}",
                    f"--web.listen-address={self._url.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def ask(self, path: str, **query: str) -> Any:
        """Return what its API answers, None while it starts."""
        assert self._process.poll() is None, (self._directory / "log").read_text()
        try:
            url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
            with urllib.request.urlopen(url, timeout=30) as reply:
                return json.load(reply)["data"]
        except OSError:
            return None

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an instant query finds."""
        answer = self.ask("query", query=expression)
        return [] if answer is None else answer["result"]

    def value(self, expression: str) -> float | None:
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        answer = self.ask("alerts") or {"alerts": []}
        return {one["labels"]["alertname"] for one in answer["alerts"] if one["state"] == "firing"}


@pytest.mark.slow
def test_a_prometheus_reads_the_figures_and_judges_them(
    prometheus: Prometheus, server: Server, tmp_path: Path
) -> None:
    """Two server processes are read as one target. A message that is given up raises the alarm."""
    with server.migrated() as url:
        given = {
            "BMS_DATABASE_URL": url,
            "BMS_SECRET_KEY": "a secret for tests, long enough for HS256",
            "BMS_GATEWAY": "simulated",
            "BMS_PUBLIC_URL": "http://localhost",
            "BMS_METRICS_TOKEN": TOKEN,
            "BMS_METRICS_PORT": prometheus.target.rpartition(":")[2],
        }
        with bms_server(tmp_path, 2, **given) as service:
            wait_until(lambda: prometheus.value('up{job="bms"}') == 1, seconds=60)
            for _ in range(20):
                urllib.request.urlopen(f"{service.url}/events", timeout=30).close()
            counted = 'bms_http_requests_total{route="/events"}'
            wait_until(lambda: prometheus.value(counted) == 20, seconds=30)
            # A rate needs a counter that grows between two looks.
            for _ in range(20):
                urllib.request.urlopen(f"{service.url}/events", timeout=30).close()
            wait_until(lambda: prometheus.value("bms:http_errors:share5m") == 0, seconds=30)
            assert prometheus.value('bms_processes{role="server"}') in (2, 3)
            _judged(prometheus)
            assert not prometheus.firing() & {"BMSMailDead", "BMSDown"}
            sql = Sql(url)
            sql(
                "INSERT INTO outbox (kind, recipient, dedupe_key, payload, state, available_at, locale)"
                " VALUES ('registration', 'nobody@example.com', 'a', '{}', 'DEAD', SYSUTCDATETIME(), 'en')"
            )
            sql.close()
            wait_until(lambda: "BMSMailDead" in prometheus.firing(), seconds=120)
        wait_until(lambda: prometheus.value('up{job="bms"}') == 0, seconds=30)
        wait_until(lambda: "BMSDown" in prometheus.firing(), seconds=120)


def _judged(prometheus: Prometheus) -> None:
    found = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in found} == {"ok"}, [rule for rule in found if rule["health"] != "ok"]
    assert len(found) == len(EXPRESSIONS)
