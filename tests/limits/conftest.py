"""The application with its default limits, behind a proxy that tells addresses."""

import dataclasses
from pathlib import Path

import pytest

from bms.settings import Settings
from tests.kit.limits import DEFAULTS


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, **DEFAULTS, trusted_proxies=1)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counters"
