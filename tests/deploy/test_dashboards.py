"""The dashboards in deploy/grafana: made by script/dashboards, of figures that there are."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.api import Api
from tests.kit.promql import exposed_in, figures_in, labels_in
from tests.kit.promtool import LABELS, RECORDED, promtool

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
PAGES = sorted(GRAFANA.glob("*.json"))
# What Grafana puts in before it asks.
VARIABLES = {"${event:doublequote}": '"Night of Jazz"', "$__range": "1h"}


def panels(path: Path) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]


def queries(path: Path) -> list[str]:
    """Return the expressions of PromQL on a dashboard, as Prometheus gets them."""
    found = [
        target["expr"]
        for panel in panels(path)
        if panel["datasource"]["type"] == "prometheus"
        for target in panel["targets"]
    ]
    for variable, value in VARIABLES.items():
        found = [expression.replace(variable, value) for expression in found]
    return found


def test_they_are_as_the_script_makes_them() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "script" / "dashboards", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def test_they_show_figures_that_there_are(api: Api) -> None:
    exposed = exposed_in((await api.get("/metrics")).text)
    assert len(PAGES) == 3
    for path in PAGES:
        for expression in queries(path):
            assert figures_in(expression) <= exposed | RECORDED, expression
            assert labels_in(expression) <= LABELS, expression
            assert "$" not in expression, expression


def test_every_query_is_promql(tmp_path: Path) -> None:
    rules = [
        {"record": f"dashboard:{path.stem}:query{number}", "expr": expression}
        for path in PAGES
        for number, expression in enumerate(queries(path))
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_panel_has_a_place_of_its_own(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(path):
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in json.loads(path.read_text())["panels"]]
    assert len(set(ids)) == len(ids)


def test_their_data_sources_are_provided() -> None:
    given = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "bms.yml").read_text())["datasources"]
    provided = {(source["type"], source["uid"]) for source in given}
    used = {tuple(panel["datasource"][key] for key in ("type", "uid")) for p in PAGES for panel in panels(p)}
    assert used == provided
    assert not [path.name for path in PAGES if re.search(r'"uid": null', path.read_text())]
