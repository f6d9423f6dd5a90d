"""What deploy/prometheus has, and promtool, which knows the language of its rules."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bms.metrics.families import FAMILIES

DIRECTORY = Path(__file__).parents[2] / "deploy" / "prometheus"


def loaded(name: str) -> Any:
    """Return a file of deploy/prometheus as read."""
    return yaml.safe_load((DIRECTORY / name).read_text(encoding="utf-8"))


def rules(name: str) -> list[dict[str, str]]:
    """Return the rules of a file."""
    return [rule for group in loaded(name)["groups"] for rule in group["rules"]]


RECORDED = {rule["record"] for rule in rules("recording.yml")}
LABELS = {label for family in FAMILIES.values() for label in family.labels} | {
    *("job", "instance", "le", "event", "title", "queue"),
}


def program(name: str) -> str:
    """Return where a program is. Skips the test where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def promtool(*arguments: str | Path) -> str:
    """Run promtool in deploy/prometheus and return what it said. It must find no fault."""
    done = subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, check=False, cwd=DIRECTORY
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
