"""What PostgreSQL makes of the translation: which index answers, and whether rows are locked."""

import pytest

from bms.sql import statements
from bms.sql.dialect.compiling import compile_postgres
from bms.sql.dialect.translate import translate_ddl
from bms.sql.statements import Statement

pytestmark = pytest.mark.postgres_only("it reads plans of PostgreSQL")

TABLES = (
    "CREATE TABLE shows (id BIGINT IDENTITY(1,1) NOT NULL, city NVARCHAR(20) NULL, starts DATETIME2(3) NULL,"
    " CONSTRAINT pk_shows PRIMARY KEY (id))",
    "CREATE INDEX ix_shows_city ON shows (city, starts, id)",
    "CREATE INDEX ix_shows_starts ON shows (starts, id)",
)


@pytest.fixture
def explain(sql_connection, monkeypatch):
    monkeypatch.setattr(statements, "_REGISTRY", {})
    sql_connection.autocommit = True
    for tsql in TABLES:
        sql_connection.execute(translate_ddl(tsql))
    sql_connection.execute(
        "INSERT INTO shows (city, starts) SELECT 'c' || n % 50, now() FROM generate_series(1, 5000) n"
    )
    sql_connection.execute("ANALYZE shows")

    def run(tsql):
        statement = Statement("test.plan", "", tsql)
        return "\n".join(
            row[0] for row in sql_connection.execute(f"EXPLAIN (COSTS OFF) {compile_postgres(statement).sql}")
        )

    return run


@pytest.mark.parametrize(
    ("tsql", "index"),
    [
        ("SELECT TOP (5) id FROM shows ORDER BY id", "Index Only Scan using pk_shows"),
        ("SELECT TOP (5) id FROM shows ORDER BY id DESC", "Index Only Scan Backward using pk_shows"),
        ("SELECT TOP (5) id FROM shows WHERE id > 9 ORDER BY id", "Index Only Scan using pk_shows"),
        ("SELECT TOP (5) id FROM shows ORDER BY starts, id", "Index Only Scan using ix_shows_starts"),
        ("SELECT TOP (5) id FROM shows ORDER BY starts DESC, id DESC", "Scan Backward using ix_shows_starts"),
        ("SELECT TOP (5) id FROM shows WHERE city = N'c7' ORDER BY starts, id", "Scan using ix_shows_city"),
        (
            "SELECT TOP (5) a.id FROM shows AS a WHERE a.starts > SYSUTCDATETIME() ORDER BY a.starts",
            "ix_shows_starts",
        ),
        ("SELECT MAX(starts) AS x FROM shows", "using ix_shows_starts"),
    ],
)
def test_the_index_gives_the_order(explain, tsql, index):
    plan = explain(tsql)
    assert index in plan
    assert "Sort" not in plan


def test_hints_lock_rows_in_order(explain):
    plan = explain("SELECT TOP (5) id FROM shows WITH (UPDLOCK, READPAST, ROWLOCK) ORDER BY id")
    assert [line.strip(" ->") for line in plan.splitlines()[:3]] == [
        "Limit",
        "LockRows",
        "Index Scan using pk_shows on shows",
    ]


def test_a_claiming_subquery_runs_once(explain):
    plan = explain(
        "UPDATE shows SET city = N'x' OUTPUT inserted.id"
        " WHERE id IN (SELECT TOP (5) id FROM shows WITH (UPDLOCK, READPAST) ORDER BY starts, id)"
    )
    assert "InitPlan" in plan
    assert "SubPlan" not in plan
    assert "LockRows" in plan
    assert "Index Cond: (id = ANY ((InitPlan 1)" in plan
