"""Loki and alloy, as far as they can be judged without running: what they name is there."""

import json
import logging
import re
from pathlib import Path

import yaml

from bms.logs import JsonLines

DEPLOY = Path(__file__).parents[2] / "deploy"
ALLOY = (DEPLOY / "alloy" / "config.alloy").read_text(encoding="utf-8")
LOKI = yaml.safe_load((DEPLOY / "loki" / "loki.yml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))

CODE = re.sub(r"^\s*//.*$", "", ALLOY, flags=re.MULTILINE)


def test_every_component_that_is_named_is_there() -> None:
    made = set(re.findall(r'^([\w.]+) "(\w+)" \{', CODE, re.MULTILINE))
    named = set(re.findall(r"([\w.]+)\.(\w+)\.(?:targets|receiver)\b", CODE))
    assert named == {one for one in made if one[0] != "loki.source.file"}
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", CODE)
    assert all(bare.count(left) == bare.count(right) for left, right in ("{}", "[]", "()"))


def test_loki_listens_where_alloy_writes_and_grafana_reads() -> None:
    port = LOKI["server"]["http_listen_port"]
    assert f'"http://loki:{port}/loki/api/v1/push"' in ALLOY
    sources = (DEPLOY / "grafana" / "provisioning" / "datasources" / "bms.yml").read_text()
    assert f"http://loki:{port}\n" in sources
    assert LOKI["schema_config"]["configs"][0]["schema"] == "v13"  # or it takes no structured metadata


def test_the_fields_are_those_of_docker_and_of_our_lines() -> None:
    label = COMPOSE["x-logging"]["options"]["labels"]
    assert f'"attrs.\\"{label}\\""' in ALLOY
    ours = json.loads(JsonLines().format(logging.makeLogRecord({"levelname": "INFO", "msg": "x"})))
    assert "level" in ours
    outer, inner = re.findall(r"stage\.json \{\s*expressions = \{([^}]*)\}", CODE)
    assert set(re.findall(r"^\s*(\w+)\s*=", outer, re.MULTILINE)) == {"log", "time", "service"}
    assert set(re.findall(r"^\s*(\w+)\s*=", inner, re.MULTILINE)) == {"level", "request_id"}


def test_dashboards_ask_for_labels_that_alloy_sets() -> None:
    labels = set(re.findall(r'(\w+)\s*=\s*"",', CODE)) | {"project"}
    for path in (DEPLOY / "grafana").glob("*.json"):
        for selector in re.findall(r'"expr": "\{(.*?)\}', path.read_text()):
            assert set(re.findall(r"(\w+)=", selector)) <= labels
