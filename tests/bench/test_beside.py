"""The hot event on another database server: how it is found and asked, and what its page says of it."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import __main__ as program
from bench import beside, procfs, store
from bench.beside import EMBEDDED, measure_beside
from bench.beside_page import INTRODUCTION, render_beside
from bench.load import Figure
from bench.other import NoAnswer, Other, ask_other, read_version
from bench.report import render
from bench.run import Results
from bench.world import NotDurable, Target, World
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url

BABELFISH = (
    "Babelfish for PostgreSQL with SQL Server Compatibility - 12.0.2000.8\nNov 27 2026 19:42:31\n"
    "Copyright (c) Amazon Web Services\nPostgreSQL 16.4 on x86_64-pc-linux-gnu (Babelfish 4.3.0)"
)
SQL_SERVER = (
    "Microsoft SQL Server 2022 (RTM-CU14) (KB5038325) - 16.0.4135.4 (X64) \n\tJul 10 2024 14:09:09 \n"
    "\tCopyright (C) 2022 Microsoft Corporation\n\tDeveloper Edition (64-bit) on Linux"
)
ALONE = ("spread", "--soak=60", "--connections=64", "--processes=2", "--no-limit", "--locust")


def figure(rate: float, processes: int) -> Figure:
    return Figure("hot", processes, 64, rate, 10.0, 20.0, 30.0, {201: 10}, server_cpu=0.5, database_cpu=2.0)


def results() -> Results:
    found = Results({"CPU": "a fast one", "other server": "Babelfish 4.3.0 on PostgreSQL 16.4"}, uvloop=True)
    found.beside = {
        EMBEDDED: [figure(2000, 1), figure(1800, 2)],
        "Babelfish": [figure(500, 1), figure(450, 2)],
    }
    return found


def run_without_load(docs: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """Let a run find these results at once and write to ``docs``."""
    found = results()

    @contextlib.contextmanager
    def no_world(data_dir: Path, *, seats: bool) -> Iterator[None]:
        yield None

    docs.mkdir()
    for name in ("DOCUMENT", "BESIDE_DOCUMENT"):
        monkeypatch.setattr(program, name, docs / getattr(program, name).name)
    monkeypatch.setattr(program, "make_world", no_world)
    monkeypatch.setattr(program, "run", lambda *_: found)
    monkeypatch.setattr(program, "measure_beside", lambda *_, **__: found)
    return found


def test_the_process_behind_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert procfs.listener(port) == os.getpid()
    assert procfs.listener(port) == 0


def test_both_servers_stand_in_one_table(tmp_path: Path) -> None:
    found = results()
    text = render_beside(found)
    assert "| other server | Babelfish 4.3.0 on PostgreSQL 16.4 |" in text
    assert "| event loop | uvloop |" in text
    assert "| other work | 0.0% of the cores on average during the run |" in text
    assert f"| {EMBEDDED} | 1 | 2,000 | 1.00 | 10.0 | 20.0 | 30.0 | 0.50 | 2.00 | 10 201 |" in text
    assert "| Babelfish | 2 | 450 | 0.25 | 10.0 | 20.0 | 30.0 | 0.50 | 2.00 | 10 201 |" in text
    assert "`bms check` held" in text
    assert "Problems" not in text
    store.save(found, tmp_path / "run.json")
    assert store.load(tmp_path / "run.json") == found


def test_an_earlier_run_stands_beside_it() -> None:
    before = results()
    before.beside["Babelfish"] = [figure(400, 1)]
    lines = render_beside(results(), before).splitlines()
    assert [line.rsplit("|", 2)[1] for line in lines if line.startswith(("| embed", "| Babelfish"))] == [
        " 2,000 ",
        " 1,800 ",
        " 400 ",
        "  ",
    ]


def test_a_figure_with_a_problem_is_not_shown() -> None:
    found = results()
    found.beside["Babelfish"] = [figure(123_456, 1), figure(450, 2)]
    found.beside["Babelfish"][0].problems.append("bms check: BROKEN  tickets sold")
    text = render_beside(found)
    assert "123,456" not in text
    assert "- hot, 64 connections: bms check: BROKEN  tickets sold" in text
    assert "`bms check` held" not in text


def test_the_benchmarks_name_the_page_and_have_none_of_its_figures() -> None:
    text = render(results())
    assert f"({program.BESIDE_DOCUMENT.name})" in text
    assert "| Babelfish |" not in text


def test_the_page_that_is_there_is_of_this_form() -> None:
    assert program.BESIDE_DOCUMENT.read_text().startswith(INTRODUCTION)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ([], {"benchmarks.md"}),
        (["--beside", "mssql://h/x"], {"another-database-server.md"}),
        (["--beside", "mssql://h/x", "--quick"], set()),
        (["--quick"], set()),
        (["hot"], set()),
    ],
)
def test_a_run_writes_its_own_page_alone(
    given: list[str], written: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    run_without_load(docs, monkeypatch)
    assert program.main(given) == 0
    assert {path.name for path in docs.iterdir()} == written
    for path in docs.iterdir():
        assert ("# Another database server" in path.read_text()) is ("--beside" in given)


def test_a_run_with_a_problem_writes_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = tmp_path / "docs"
    found = run_without_load(docs, monkeypatch)
    for one in found.beside["Babelfish"]:
        one.others = 0.5
    assert program.main(["--beside", "mssql://h/x"]) == 1
    assert not [*docs.iterdir()]


@pytest.mark.parametrize("other", ALONE)
def test_it_is_a_run_of_its_own(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["--beside", "mssql://h/x", other])
    assert "--beside is a run of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        (BABELFISH, "Babelfish", "Babelfish 4.3.0 on PostgreSQL 16.4"),
        (SQL_SERVER, "SQL Server", "Microsoft SQL Server 2022 (RTM-CU14) (KB5038325) - 16.0.4135.4 (X64)"),
    ],
)
def test_a_server_that_speaks_t_sql_says_its_version(text: str, name: str, version: str) -> None:
    assert read_version(text) == (name, version)


def test_a_server_is_asked_what_it_is(empty_database_url: str) -> None:
    said = ask_other(parse_url(empty_database_url))
    assert said.name in said.version
    assert any(digit.isdigit() for digit in said.version)
    if said.name == "SQL Server":
        assert "delayed durability" in said.settings
    else:
        assert said.is_durable is (said.settings == "fsync on, synchronous_commit on, full_page_writes on")
    assert "odbc" in said.driver


def test_a_server_that_is_not_there_cannot_be_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    with pytest.raises(NoAnswer, match=f"postgresql://127.0.0.1:{port}/x: ") as refused:
        ask_other(parse_url(f"postgresql://me:hidden@127.0.0.1:{port}/x"))
    assert "hidden" not in str(refused.value)


def test_a_server_that_does_not_wait_for_its_disk_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Other("PostgreSQL", "PostgreSQL 18.6", "fsync off", is_durable=False, driver="an ODBC driver")
    monkeypatch.setattr(beside, "ask_other", lambda _: told)
    world = World(tmp_path, EmbeddedServer(tmp_path / "none"), [], Target(1, 1), [], [])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"postgresql://127.0.0.1:{listening.getsockname()[1]}/x"
        with pytest.raises(NotDurable, match="fsync off"):
            measure_beside(world, url, seconds=1, rounds=1)
