"""The commands that older pages print in indented blocks: each is there, and those of bms are run.

The guide's fenced blocks are run by tests/guide.
"""

import re
import shlex
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from bms.cli import parser
from bms.settings import load
from tests.kit.guide import ROOT, pages
from tests.kit.programs import run

PROGRAMS = re.compile(r"(?:bms|yoyo|k6|script/\S+|\.venv/bin/\S+|BMS_\w+=\S+)(?: |$)")
GIVEN = {"NAME": "boss", "ADDRESS": "boss@example.org", "FILE": "kept.bms", "URL": "postgresql://h/d"}
# They need what a test has elsewhere: a service that runs, a second server, a tree to write to.
RUN_ELSEWHERE = {"serve", "worker", "reload", "copy", "new-migration"}


class Line(NamedTuple):
    """A command as a page prints it, without its comment."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        words = shlex.split(re.sub(r"[\[\]]", "", self.text))
        given = {**GIVEN, "NAME": "ticket_types.reserve"} if words[:2] == ["bms", "sql"] else GIVEN
        return [given.get(word, word) for word in words]


def lines() -> list[Line]:
    found = []
    for page in [*pages(), ROOT / "README.md"]:
        text = re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for line in re.findall(r"^    (\S.*)$", text, re.M):
            command = re.split(r"\s{2,}#|\s#\s", line)[0].rstrip()
            if PROGRAMS.match(command):
                found += [Line(page.name, one) for one in command.split(" && ")]
    return found


LINES = lines()
OF_BMS = [line for line in LINES if line.text.startswith("bms ")]
OF_SCRIPTS = [line for line in LINES if line.text.startswith("script/")]
OF_PYTHON = [line for line in LINES if line.text.startswith(".venv/bin/")]
OF_SETTINGS = [line for line in LINES if line.text.startswith("BMS_")]


def named(line: Line) -> str:
    return f"{line.page}: {line.text}"


def test_the_pages_print_some() -> None:
    """Else a page in another form would be tested by nothing."""
    assert len(OF_BMS) >= 20
    assert len(OF_SCRIPTS) >= 8
    assert len(OF_PYTHON) >= 4
    assert len(OF_SETTINGS) >= 2


@pytest.mark.parametrize("line", OF_BMS, ids=named)
def test_bms_takes_the_arguments(line: Line) -> None:
    assert callable(parser().parse_args(line.words[1:]).run)


@pytest.mark.parametrize("line", OF_SCRIPTS, ids=named)
def test_a_script_has_the_options(line: Line) -> None:
    script = ROOT / line.words[0]
    source = script.read_text(encoding="utf-8")
    if "exec " in source and (module := re.search(r"-m (bench[\w.]*)", source)):
        package = ROOT.joinpath(*module[1].split("."))
        sources = [*package.rglob("*.py")] if package.is_dir() else [package.with_suffix(".py")]
        source += "".join(path.read_text(encoding="utf-8") for path in sources)
    for word in line.words[1:]:
        assert not word.startswith("--") or f'"{word}"' in source or word in source, word


@pytest.mark.parametrize("line", OF_PYTHON, ids=named)
def test_what_python_is_given_is_there(line: Line) -> None:
    words = line.words
    for option, follows in pairwise(words):
        if option == "-m" and follows.split(".")[0] in {"bench", "bms", "tests"}:
            module = ROOT.joinpath(*follows.split("."))
            assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
    for word in words[1:]:
        if "/" in word and "://" not in word:
            assert (ROOT / word.split("::")[0]).exists(), word


@pytest.mark.parametrize("line", OF_SETTINGS, ids=named)
def test_a_setting_may_be_that(line: Line, tmp_path: Path) -> None:
    given = dict(word.split("=", 1) for word in line.words if word.startswith("BMS_"))
    load({"BMS_DATA_DIR": str(tmp_path), **given}, tmp_path / "none", secret=False)


@pytest.mark.slow
@pytest.mark.embedded_only("the page's database is the embedded one")
def test_what_the_page_of_commands_prints_is_done(tmp_path: Path) -> None:
    """In its order, in one directory, without being asked."""
    settings = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4"}
    done = set()
    for line in OF_BMS:
        command = line.words[1]
        if line.page != "commands.md" or command in RUN_ELSEWHERE:
            continue
        if command in {"create-admin", "reset-password", "seed"}:  # after the rollbacks
            run([sys.executable, "-m", "bms.cli", "migrate"], tmp_path, **settings)
        if command == "restore":
            settings["BMS_DATA_DIR"] = str(tmp_path / "restored")
        sure = ["--yes"] if command == "migrate" else []
        typed = shlex.join([sys.executable, "-m", "bms.cli", *line.words[1:], *sure])
        ended = run(["sh", "-c", f"echo 'correct horse battery' | {typed}"], tmp_path, **settings)
        allowed = {0, 1} if command == "doctor" else {0}
        assert ended.returncode in allowed, (line.text, ended.stdout, ended.stderr)
        done.add(command)
    assert {"migrate", "create-admin", "backup", "restore", "check", "sql", "settings"} <= done
