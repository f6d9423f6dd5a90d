"""The load tests that people run, run: on a service with something to sell, and on one without."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.kit.programs import environment, free_port, run, serving

pytestmark = [pytest.mark.slow, pytest.mark.embedded_only("it starts the embedded server")]

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"
CONTRACT = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
SECONDS = 120

with_locust = pytest.mark.skipif(find_spec("locust") is None, reason="needs pip install 'bms-tickets[bench]'")
with_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs the program node")
with_k6 = pytest.mark.skipif(shutil.which("k6") is None, reason="needs the program k6")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service with the demo data."""
    with _service(tmp_path_factory.mktemp("shop"), demo="on") as base:
        yield base


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service with nothing on sale."""
    with _service(tmp_path_factory.mktemp("empty"), demo="off") as base:
        yield base


def _service(directory: Path, demo: str) -> "contextlib.AbstractContextManager[str]":
    settings = {
        "BMS_DATA_DIR": "var",
        "BMS_BCRYPT_ROUNDS": "4",
        "BMS_DEMO_DATA": demo,
        "BMS_ACCESS_LOG": "off",
    }
    return serving([sys.executable, "-m", "bms.cli", "serve"], directory, **settings)


def locust(directory: Path, file: str, host: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run locust without its page, in a directory without a configuration of its own."""
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", str(BENCH / file)]
    return subprocess.run(
        [*command, "--host", host, "--json-file", str(directory / "figures"), *options],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def figures(directory: Path) -> dict[str, int]:
    """Return how often each call was made, by "METHOD path"."""
    found = json.loads((directory / "figures.json").read_text())
    return {f"{one['method']} {one['name']}": one["num_requests"] for one in found}


@with_locust
def test_people_of_every_kind_use_a_shop(shop: str, tmp_path: Path) -> None:
    options = ("--users", "16", "--spawn-rate", "8", "--run-time", "20s", "--stop-timeout", "20")
    done = locust(tmp_path, "locustfile.py", shop, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    made = figures(tmp_path)
    for call in (
        "POST /register",
        "POST /bookings",
        "POST /payments",
        "POST /events",
        "GET /reviews/{id}",
    ):
        assert made.get(call), made


@with_locust
def test_a_crowd_goes_to_one_event(shop: str, tmp_path: Path) -> None:
    options = ("--crowd", "12", "--crowd-seconds", "12", "--stop-timeout", "20")
    done = locust(tmp_path, "locust_stampede.py", shop, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    made = figures(tmp_path)
    assert made["POST /bookings"] > made["POST /register"]
    assert "GET /events" not in made, "they know where they want to go"


@with_locust
@pytest.mark.parametrize("file", ["locustfile.py", "locust_stampede.py"])
def test_a_run_fails_where_there_is_nothing_to_buy(empty: str, shop: str, tmp_path: Path, file: str) -> None:
    brief = ("--run-time", "10s", "--users", "2") if file == "locustfile.py" else ("--crowd-seconds", "10")
    for host, options, told in (
        (empty, (), "there is nothing to buy"),
        (shop, ("--event", "999999"), "does not answer as BMS does: HTTP Error 404"),
        (f"http://127.0.0.1:{free_port()}", (), "does not answer as BMS does"),
    ):
        done = locust(tmp_path, file, host, *brief, *options)
        assert (done.returncode, told in done.stderr) == (2, True), done.stdout + done.stderr


def test_k6_makes_the_calls_of_the_contract() -> None:
    """Those of locust, with the answers that the contract has."""
    source = (BENCH / "k6.js").read_text()
    made = set()
    for method, path, wanted in re.findall(r"call\('(\w+)', ['`](/[^?$'`]*)[^,]*, \[([\d, ]+)\]", source):
        made.add((method, path))
        answers = CONTRACT[path][method.lower()]["responses"]
        assert set(wanted.split(", ")) <= set(answers), (method, path)
    of_locust = re.findall(r'call\(\s*"(\w+)", "(/[^"]*)"', (BENCH / "locustfile.py").read_text())
    assert set(of_locust) - {("POST", "/payments")} <= made
    assert len(made) >= 14


@with_node
def test_the_script_of_k6_is_a_module_of_javascript() -> None:
    """k6 itself is on few machines. Each name that it takes from k6's modules is one that they have."""
    source = (BENCH / "k6.js").read_text()
    command = ["node", "--check", "--input-type=module", "-"]
    parsed = subprocess.run(command, input=source, capture_output=True, text=True, timeout=60, check=False)
    assert parsed.returncode == 0, parsed.stderr
    broken = subprocess.run(
        command, input=f"{source}\n}}", capture_output=True, text=True, timeout=60, check=False
    )
    assert "SyntaxError" in broken.stderr
    taken = dict(re.findall(r"^import (.+) from '(.+)';?$", source, re.MULTILINE))
    assert set(taken.values()) <= {"k6", "k6/http", "k6/metrics", "k6/execution", "k6/data", "k6/encoding"}
    weights = re.search(r"WEIGHTS = \{(.+?)\}", source, re.DOTALL)
    assert weights is not None
    people = {*re.findall(r"(\w+):", weights[1]), "stampede", "setup"}
    assert set(re.findall(r"^export function (\w+)", source, re.MULTILINE)) == people


@with_k6
def test_the_people_of_k6(shop: str, empty: str, tmp_path: Path) -> None:
    def k6(host: str, **given: str) -> subprocess.CompletedProcess[str]:
        options = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
        return run(["k6", "run", "--quiet", "-e", f"HOST={host}", *options, str(BENCH / "k6.js")], tmp_path)

    done = k6(shop, USERS="16", ARRIVAL="2s", DURATION="15s")
    assert done.returncode == 0, done.stdout + done.stderr
    crowd = k6(shop, PEOPLE="stampede", CROWD="10", CROWD_SECONDS="10")
    assert crowd.returncode == 0, crowd.stdout + crowd.stderr
    assert k6(empty).returncode == 107
    assert k6(f"http://127.0.0.1:{free_port()}").returncode == 107
