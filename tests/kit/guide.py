"""The guide of docs/: its pages, the commands that they print, and the site that Sphinx makes of them."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SHELLS = {"bash", "sh", "console", "shell"}
BASE = "http://127.0.0.1:8080"  # as the pages call a server
POSTGRESQL, SOURCE = "postgresql", "source"

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<tags>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)
_REASON = re.compile(r"<!-- not run: (?P<reason>(?:(?!-->).)+) -->\s*\Z", re.S)
_SAVED = re.compile(r"[Ss]ave this as `(?P<name>[\w.-]+)`[^`]*\Z")


class Block(NamedTuple):
    """A block of a page. ``reason`` says why it is not run; ``file`` is the name under which it is saved.

    ``follows`` says that nothing stands between it and the block before.
    """

    language: str
    tags: frozenset[str]
    text: str
    reason: str | None
    file: str | None
    follows: bool

    @property
    def is_run(self) -> bool:
        return self.language in SHELLS and self.reason is None


def pages() -> list[Path]:
    """Return the pages of the guide, which are all of docs/ but the decision records."""
    return [path for path in sorted(DOCS.rglob("*.md")) if path.parent.name != "decisions"]


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, in their order, without the indentation of a list."""
    found: list[Block] = []
    end = 0
    for fence in _FENCE.finditer(text):
        before = text[: fence.start()]
        reason, saved = _REASON.search(before), _SAVED.search(before)
        lines = fence["text"].splitlines(keepends=True)
        found.append(
            Block(
                fence["language"],
                frozenset(fence["tags"].split()),
                "".join(line.removeprefix(fence["indent"]) for line in lines),
                None if reason is None else reason["reason"],
                None if saved is None else saved["name"],
                bool(found) and not text[end : fence.start()].strip(),
            )
        )
        end = fence.end()
    return found


@cache
def build(directory: Path, source: Path = DOCS) -> str:
    """Build the site of ``source`` into ``directory`` and return what Sphinx complained of."""
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", directory.with_suffix(".doctrees"), source, directory],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""
