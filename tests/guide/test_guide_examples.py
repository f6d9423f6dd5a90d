"""What the guide prints and no test can run: configurations, held against the programs that read them."""

import configparser
import re
import shlex
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import services
from bms.cli import parser
from bms.settings import Settings
from tests.kit import guide
from tests.kit.guide import DOCS

VARIABLES = {f"BMS_{field.name.upper()}" for field in fields(Settings)}
VARIABLES |= {f"{name}_FILE" for name in VARIABLES}
_FAMILY = re.compile(r"BMS_\w*(?:_\.\.\._|_)$")


def blocks(page: str, language: str) -> list[str]:
    found = [
        b.text for b in guide.blocks((DOCS / page).read_text(encoding="utf-8")) if b.language == language
    ]
    assert found
    return found


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    services.make_certificate(tmp_path)
    (text,) = blocks("operating/nginx.md", "nginx")
    for wanted in ("fullchain.pem", "privkey.pem"):
        text = re.sub(rf"/etc/\S+/{wanted}", str(tmp_path / wanted), text)
    places = "".join(
        f"{kind}_temp_path {tmp_path};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {places}\n{text}\n}}"
    for told, is_right in ((whole, True), (whole.replace("proxy_pass", "proxy_past"), False)):
        (tmp_path / "nginx.conf").write_text(told, encoding="utf-8")
        done = subprocess.run(
            [program, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is is_right, done.stderr


def containers(node: Any) -> list[dict[str, Any]]:
    """Return the containers of everything that runs."""
    if isinstance(node, dict):
        own = node.get("containers", []) if isinstance(node.get("containers"), list) else []
        return [*own, *(one for value in node.values() for one in containers(value))]
    return [one for value in node for one in containers(value)] if isinstance(node, list) else []


def test_kubernetes_objects_name_what_is_there() -> None:
    (text,) = blocks("operating/kubernetes.md", "yaml")
    objects = list(yaml.safe_load_all(text))
    assert sorted(one["kind"] for one in objects) == [
        "ConfigMap",
        "Deployment",
        "Deployment",
        "Job",
        "Service",
    ]
    settings = next(one["data"] for one in objects if one["kind"] == "ConfigMap")
    assert settings.keys() <= VARIABLES
    assert all(isinstance(value, str) for value in settings.values())
    for one in [made for made in objects if made["kind"] == "Deployment"]:
        assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]
    run = [container for made in objects for container in containers(made)]
    assert len(run) == 3
    for container in run:
        parser().parse_args(container.get("args", ["bms", "serve"])[1:])
        assert {item["name"] for item in container.get("env", [])} <= VARIABLES
    probes = {c[p]["httpGet"]["path"] for c in run for p in ("livenessProbe", "readinessProbe") if p in c}
    assert probes == {"/health/live", "/health/ready"}
    ports = {port["name"]: port["containerPort"] for c in run for port in c.get("ports", [])}
    assert ports["metrics"] == int(settings["BMS_METRICS_PORT"])


def test_the_added_alert_is_a_rule(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    (text,) = blocks("operating/alerts.md", "yaml")
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", guide.pages(), ids=lambda page: page.stem)
def test_variables_are_settings(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\bBMS_[A-Z_]+(?:\.\.\._[A-Z]+)?", text))
    others = {"BMS_TEST_DATABASE_URL", "BMS_UPDATE_GOLDEN", "BMS_SERVICE_HOST"}
    families = {name for name in named if _FAMILY.match(name) or "..." in name}
    assert named - families - VARIABLES - others == set()


def test_settings_files_can_be_read() -> None:
    for page in ("operating/nginx.md", "operating/upgrades.md"):
        for text in blocks(page, "ini"):
            read = configparser.ConfigParser()
            read.read_string(f"[all]\n{text}")
            assert {name.upper() for name in read["all"]} <= VARIABLES


def test_the_commands_of_the_list_are_those_of_the_program() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8").split("\n## On the day", 1)[0]
    lines = re.findall(r"^    bms (.*)$", page, re.MULTILINE)
    asked = set()
    for line in lines:
        words = shlex.split(line.replace("[", "").replace("]", ""), comments=True)
        parser().parse_args(words)
        asked.add(words[0])
    known = next(action.choices for action in parser()._actions if action.choices)
    assert asked | {"completion"} == set(known)
