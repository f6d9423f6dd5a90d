"""A Python client that openapi-python-client makes of the served description. It buys a ticket."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generators.conftest import HERE
from tests.kit import contract
from tests.kit.programs import environment

pytestmark = pytest.mark.slow


def generate(description: Path, directory: Path) -> Path:
    """Make the package ``bms_client`` in ``directory`` and return its path. A warning is a failure."""
    config = directory / "config.json"
    # Nobody reads the client, so nothing formats it. The generator knows no bodies of plain text.
    settings = {"post_hooks": [], "content_type_overrides": {"text/csv": "application/octet-stream"}}
    config.write_text(json.dumps(settings))
    package = directory / "bms_client"
    made = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
            *("--meta", "none", "--config", config, "--path", description, "--output-path", package),
        ],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return package


def test_the_client_buys_a_ticket(base: str, described: Path, tmp_path: Path) -> None:
    generate(described / "openapi.json", tmp_path)
    code = tmp_path / "code"
    bought = subprocess.run(
        [sys.executable, HERE / "buy.py", base, code],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert bought.returncode == 0, bought.stdout + bought.stderr
    assert len(code.read_text()) == 26


def test_what_stands_there_twice_is_noticed(described: Path, tmp_path: Path) -> None:
    """The twin: of the older shapes no client can be made, since two values of an enum get one name."""
    with pytest.raises(AssertionError, match="Duplicate key USER"):
        generate(described / "openapi-legacy.json", tmp_path)


def test_there_is_a_class_for_a_schema_and_none_for_an_error(described: Path, tmp_path: Path) -> None:
    package = generate(described / "openapi.json", tmp_path)
    models = list((package / "models").glob("*.py"))
    schemas = contract.document()["components"]["schemas"]
    assert len(schemas) <= len(models) < 3 * len(schemas)  # its enumerations have files of their own
    problems = {path.stem for path in models if "problem" in path.stem}
    assert problems == {"problem", "problem_errors_item", "problem_kind_answer"}
