"""The benchmark beside another database server: who listens there, and what the page says of it."""

import os
import socket
from pathlib import Path

from bench import procfs, store
from bench.beside import EMBEDDED
from bench.load import Figure
from bench.report import render
from bench.run import Results


def figure(rate: float, processes: int) -> Figure:
    return Figure("hot", processes, 64, rate, 10.0, 20.0, 30.0, {201: 10}, server_cpu=0.5, database_cpu=2.0)


def test_the_process_behind_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert procfs.listener(port) == os.getpid()
    assert procfs.listener(port) == 0


def test_both_servers_stand_in_one_table(tmp_path: Path) -> None:
    found = Results({})
    found.beside = {
        EMBEDDED: [figure(2000, 1), figure(1800, 2)],
        "mssql://there/x": [figure(500, 1), figure(450, 2)],
    }
    text = render(found)
    assert f"| {EMBEDDED} | 1 | 2,000 | 1.00 | 10.0 | 20.0 | 30.0 | 0.50 | 2.00 | 10 201 |" in text
    assert "| mssql://there/x | 2 | 450 | 0.25 | 10.0 | 20.0 | 30.0 | 0.50 | 2.00 | 10 201 |" in text
    store.save(found, tmp_path / "run.json")
    assert store.load(tmp_path / "run.json") == found


def test_a_figure_with_a_problem_is_not_shown() -> None:
    found = Results({})
    found.beside = {EMBEDDED: [figure(2000, 1)], "mssql://there/x": [figure(123_456, 1)]}
    found.beside["mssql://there/x"][0].problems.append("bms check: BROKEN  tickets sold")
    text = render(found)
    assert "123,456" not in text
    assert "- hot, 64 connections: bms check: BROKEN  tickets sold" in text
