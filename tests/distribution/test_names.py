"""What the texts tell people to install: the distribution by its name, and extras that it has."""

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("bms", "deploy", "docs", "script", "tests")

_INSTALL = re.compile(r"pip install (?:-\S+ )*['\"]?([A-Za-z][\w-]*)(?:\\?\[([\w,-]+)\\?\])?")


def texts() -> list[Path]:
    """Return the files in which people read what to install."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file()]
    return [path for path in files if path.suffix in {"", ".md", ".py", ".yaml", ".example"}]


def test_whoever_is_told_to_install_bms_gets_bms() -> None:
    setup = ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    name = setup["metadata"]["name"]
    named = {
        (path.relative_to(ROOT).as_posix(), found[1], extra)
        for path in texts()
        for found in _INSTALL.finditer(path.read_text(encoding="utf-8"))
        for extra in (found[2] or "").split(",")
    }
    extras = {extra for _, _, extra in named} - {""}
    assert {"embedded", "mssql", "redis"} <= extras <= set(setup["options.extras_require"])
    # "bms" alone is a stranger's package.
    assert {(path, found) for path, found, _ in named if found != name} == set()
