"""The same T-SQL gives the same values on both databases.

What is expected here is what SQL Server answers; which text is run depends on the server that the
suite runs against.
"""

import datetime as dt
import re
from decimal import Decimal

import pyodbc
import pytest

from bms.sql import statements
from bms.sql.dialect.compiling import compile_postgres
from bms.sql.dialect.translate import translate_ddl
from bms.sql.statements import Statement, compile_mssql

PARAMETERS = {
    "n": "INT",
    "at": "DATETIME2(3)",
    "city": "NVARCHAR(100)",
    "price": "DECIMAL(12,2)",
    "flag": "BIT",
    "ids": "BIGINT LIST",
}
TABLES = (
    """
    CREATE TABLE shows (
        id       BIGINT IDENTITY(1,1) NOT NULL,
        title    NVARCHAR(20) NOT NULL,
        city     NVARCHAR(20) NULL,
        price    DECIMAL(12,2) NOT NULL,
        seats    INT NOT NULL CONSTRAINT df_shows_seats DEFAULT 10,
        on_sale  BIT NOT NULL CONSTRAINT df_shows_on_sale DEFAULT 1,
        starts   DATETIME2(3) NULL,
        CONSTRAINT pk_shows PRIMARY KEY CLUSTERED (id),
        CONSTRAINT ck_shows_seats CHECK (seats >= 0)
    )
    """,
    """
    CREATE TABLE buys (
        id      BIGINT IDENTITY(1,1) NOT NULL,
        show_id BIGINT NOT NULL,
        seat    NVARCHAR(5) NULL,
        CONSTRAINT pk_buys PRIMARY KEY (id),
        CONSTRAINT fk_buys_show FOREIGN KEY (show_id) REFERENCES shows (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX ux_buys_seat ON buys (show_id, seat) WHERE seat IS NOT NULL",
    "INSERT INTO shows (title, city, price, starts) VALUES"
    " (N'Aida', N'Oslo', 10.00, '2026-01-01T20:00:00'), (N'Bohème', NULL, 20.50, NULL),"
    " (N'Carmen', N'Bern', 5.25, '2026-01-02T00:00:00'), (N'Don [1]', NULL, 5.25, '2026-01-03T19:30:00')",
    "INSERT INTO buys (show_id, seat) VALUES (1, N'A1'), (1, N'A2'), (3, N'A1'), (3, NULL), (3, NULL)",
)


def at(*parts):
    """Return a time as both drivers give it: naive, in UTC."""
    return dt.datetime(*parts)  # noqa: DTZ001


class Database:
    """Runs T-SQL as the server at hand needs it."""

    def __init__(self, connection):
        self.connection = connection
        self.speaks_tsql = "SQL Server" in connection.getinfo(pyodbc.SQL_DBMS_NAME)

    def rows(self, tsql, **values):
        used = dict.fromkeys(name for name in re.findall(r"@(\w+)", tsql) if name in PARAMETERS)
        statements._REGISTRY.clear()
        statement = Statement("test.one", ", ".join(f"@{name} {PARAMETERS[name]}" for name in used), tsql)
        compiler = compile_mssql if self.speaks_tsql else compile_postgres
        compiled = compiler(statement, statement.lengths(values))
        cursor = self.connection.execute(compiled.sql, *statement.bind(compiled, values))
        # psqlODBC describes no columns where RETURNING returned no row.
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else cursor.rowcount

    def value(self, expression, **values):
        return self.rows(f"SELECT {expression} AS x", **values)[0][0]

    def migrate(self, tsql):
        self.connection.execute(tsql if self.speaks_tsql else translate_ddl(tsql))


@pytest.fixture
def db(sql_connection, monkeypatch):
    monkeypatch.setattr(statements, "_REGISTRY", {})
    sql_connection.autocommit = True
    database = Database(sql_connection)
    for tsql in TABLES:
        database.migrate(tsql)
    return database


MIDNIGHT = "CAST('2026-01-02T00:00:00' AS DATETIME2(3))"
BEFORE_MIDNIGHT = "CAST('2026-01-01T23:59:59.999' AS DATETIME2(3))"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        *((f"DATEDIFF({u}, {BEFORE_MIDNIGHT}, {MIDNIGHT})", 1) for u in ("SECOND", "MINUTE", "HOUR", "DAY")),
        *((f"DATEDIFF({u}, {MIDNIGHT}, {BEFORE_MIDNIGHT})", -1) for u in ("SECOND", "MINUTE", "HOUR", "DAY")),
        (f"DATEDIFF(DAY, {MIDNIGHT}, CAST('2026-01-02T23:59:59.999' AS DATETIME2(3)))", 0),
        (f"DATEDIFF(HOUR, CAST('2025-12-31' AS DATE), {MIDNIGHT})", 48),
        (f"DATEADD(SECOND, 90, {MIDNIGHT})", at(2026, 1, 2, 0, 1, 30)),
        (f"DATEADD(MINUTE, -1, {MIDNIGHT})", at(2026, 1, 1, 23, 59)),
        (f"DATEADD(HOUR, 1 + 1, {MIDNIGHT})", at(2026, 1, 2, 2)),
        (f"DATEADD(DAY, -2, {MIDNIGHT})", at(2025, 12, 31)),
        (f"CAST({BEFORE_MIDNIGHT} AS DATE)", dt.date(2026, 1, 1)),
        ("LEN(N'ab  ')", 2),
        ("LEN(N'  ')", 0),
        ("LEN(N'  ☃')", 3),
        ("LEFT(N'Bohème', 4)", "Bohè"),
        ("RIGHT(N'Bohème', 3)", "ème"),
        ("CONCAT(N'a', NULL, N'b', 7)", "ab7"),
        ("REPLACE(N'a-b-c', N'-', N'')", "abc"),
        ("N'what? it''s @x \\'", "what? it's @x \\"),
        ("CAST(2.7 AS INT)", 2),
        ("CAST(-2.7 AS BIGINT)", -2),
        ("CAST(CAST(2.7 AS FLOAT) AS INT)", 2),
        ("CAST(1.005 AS DECIMAL(12,2))", Decimal("1.01")),
        ("CAST(0.1234567890123 AS FLOAT)", 0.1234567890123),
        ("CAST(CASE WHEN 1 = 1 THEN 1 ELSE 0 END AS BIT)", 1),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("COALESCE(NULLIF(1, 1), ABS(-4))", 4),
        ("CASE WHEN N'a\\b' LIKE N'a\\%' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN N'a%' LIKE N'a\\%' ESCAPE N'\\' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN N'ab' LIKE N'a\\%' ESCAPE N'\\' THEN 1 ELSE 0 END", 0),
        ("CASE WHEN N'[x' LIKE N'![_' ESCAPE N'!' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN N'what?' LIKE N'%?' THEN 1 ELSE 0 END", 1),
        ("(SELECT AVG(CAST(seats AS FLOAT)) FROM shows)", 10.0),
        ("(SELECT SUM(CAST(seats AS BIGINT)) FROM shows)", 40),
        ("(SELECT COUNT(DISTINCT price) FROM shows)", 3),
    ],
)
def test_value(db, expression, expected):
    value = db.value(expression)
    assert value == expected
    if not isinstance(expected, int):
        assert type(value) is type(expected)


def test_whole_sums_and_counts_are_whole(db):
    row = db.rows("SELECT SUM(CAST(seats AS BIGINT)) AS s, SUM(seats) AS t, COUNT(*) AS c FROM shows")[0]
    assert row == (40, 40, 4)
    assert [type(value) for value in row] == [int, int, int]


def test_the_clock_is_utc_whatever_the_zone_of_the_session(db):
    if not db.speaks_tsql:
        db.connection.execute("SET TIME ZONE 'Asia/Tokyo'")
    now = dt.datetime.now(dt.UTC)
    assert abs(db.value("DATEDIFF(SECOND, SYSUTCDATETIME(), @at)", at=now)) <= 5
    assert db.value("DATEDIFF(DAY, CAST(@at AS DATE), CAST(SYSUTCDATETIME() AS DATE))", at=now) in (0, 1)
    assert db.value("DATEDIFF(HOUR, CAST('2026-01-01' AS DATE), CAST('2026-01-03' AS DATE))") == 48


def test_the_clock_stands_still_within_a_statement(db):
    tsql = "SELECT TOP (1) a.id FROM shows AS a WHERE SYSUTCDATETIME() = SYSUTCDATETIME()"
    assert db.rows(tsql) == [(1,)]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("city, id", [2, 4, 3, 1]),
        ("city DESC, id DESC", [1, 3, 4, 2]),
        ("starts, id DESC", [2, 1, 3, 4]),
        ("price, id", [3, 4, 1, 2]),
    ],
)
def test_nulls_are_lowest(db, order, ids):
    assert [row[0] for row in db.rows(f"SELECT id FROM shows ORDER BY {order}")] == ids


def test_a_page_and_the_count_of_all(db):
    tsql = """
        SELECT id, COUNT(*) OVER () AS total, ROW_NUMBER() OVER (ORDER BY price, id) AS place FROM shows
        ORDER BY id OFFSET @n ROWS FETCH NEXT 2 ROWS ONLY
    """
    assert db.rows(tsql, n=1) == [(2, 4, 4), (3, 4, 1)]
    assert db.rows("SELECT TOP (@n) id FROM shows WHERE price < @price ORDER BY id DESC", n=2, price=9) == [
        (4,),
        (3,),
    ]


@pytest.mark.parametrize(("city", "ids"), [(None, [1, 2, 3, 4]), ("Oslo", [1]), ("nowhere?", [])])
def test_an_optional_filter(db, city, ids):
    tsql = "SELECT id FROM shows WHERE (@city IS NULL OR city = @city) ORDER BY id"
    assert [row[0] for row in db.rows(tsql, city=city)] == ids


@pytest.mark.parametrize(
    ("ids", "found"), [([], []), ([3], [3]), ([1, 2, 9], [1, 2]), ([4, 3, 2, 1, 1], [1, 2, 3, 4])]
)
def test_a_list(db, ids, found):
    assert [
        row[0] for row in db.rows("SELECT id FROM shows WHERE id IN (@ids) ORDER BY id", ids=ids)
    ] == found


def test_parameters_are_neither_cut_nor_rounded(db):
    assert db.value("LEN(@city)", city="x" * 150) == 150
    assert db.rows("SELECT COUNT(*) AS n FROM shows WHERE price = @price", price=Decimal("5.25")) == [(2,)]
    assert db.rows("SELECT COUNT(*) AS n FROM shows WHERE price = @price", price=Decimal("5.254")) == [(0,)]
    with pytest.raises(pyodbc.Error):
        db.rows("UPDATE shows SET title = @city", city="x" * 21)


def test_a_flag(db):
    assert db.rows("UPDATE shows SET on_sale = @flag WHERE id = 2", flag=False) == 1
    assert db.rows("SELECT id FROM shows WHERE on_sale = @flag", flag=False) == [(2,)]
    assert db.rows("SELECT COUNT(*) AS n FROM shows WHERE on_sale = 1") == [(3,)]


PATTERN = "SELECT id FROM shows WHERE title LIKE @city ESCAPE N'!'"


def test_a_pattern_in_a_parameter(db):
    assert db.rows(PATTERN, city="%e_") == [(3,)]
    assert db.rows(PATTERN, city="%!%%") == []


@pytest.mark.needs("ESCAPE")
def test_an_escaped_bracket(db):
    assert db.rows(PATTERN, city="%![1]") == [(4,)]


def test_joins_and_subqueries(db):
    assert db.rows(
        "SELECT s.id, COUNT(b.id) AS n FROM shows AS s LEFT JOIN buys AS b ON b.show_id = s.id"
        " GROUP BY s.id HAVING COUNT(b.id) <> 2 ORDER BY s.id"
    ) == [(2, 0), (3, 3), (4, 0)]
    assert db.rows(
        "SELECT s.id, l.seat FROM shows AS s OUTER APPLY"
        " (SELECT TOP (1) b.seat FROM buys AS b WHERE b.show_id = s.id ORDER BY b.id DESC) AS l ORDER BY s.id"
    ) == [(1, "A2"), (2, None), (3, None), (4, None)]
    assert db.rows(
        "WITH sold AS (SELECT show_id, COUNT(*) AS n FROM buys GROUP BY show_id)"
        " SELECT s.title FROM shows AS s INNER JOIN sold ON sold.show_id = s.id WHERE sold.n > 2"
    ) == [("Carmen",)]
    assert db.rows(
        "SELECT id FROM shows WHERE NOT EXISTS (SELECT 1 FROM buys WHERE show_id = shows.id)"
        " UNION ALL SELECT id FROM shows WHERE id = 4 ORDER BY id"
    ) == [(2,), (4,), (4,)]
    assert db.rows(
        "SELECT s.id FROM shows AS s CROSS APPLY (SELECT b.id FROM buys AS b WHERE b.show_id = s.id) AS x"
        " WHERE s.id = 1"
    ) == [(1,), (1,)]


def test_what_a_write_gives_out(db):
    insert = "INSERT INTO buys (show_id, seat) OUTPUT inserted.id, inserted.seat AS place VALUES (@n, @city)"
    assert db.rows(insert, n=2, city="B1") == [(6, "B1")]
    update = (
        "UPDATE shows WITH (ROWLOCK, UPDLOCK) SET seats = seats - @n OUTPUT inserted.seats"
        " WHERE id = 1 AND seats >= @n"
    )
    assert db.rows(update, n=4) == [(6,)]
    assert not db.rows(update, n=7)
    assert db.rows("DELETE FROM buys OUTPUT deleted.id, deleted.seat WHERE show_id = 2") == [(6, "B1")]
    copied = db.rows("INSERT INTO buys (show_id) OUTPUT inserted.show_id SELECT id FROM shows WHERE id >= 3")
    assert sorted(copied) == [(3,), (4,)]


def test_locked_rows_are_read_and_written(db):
    locked = "SELECT id FROM shows WITH (UPDLOCK, ROWLOCK) WHERE id IN (@ids) ORDER BY id"
    assert db.rows(locked, ids=[3, 1]) == [(1,), (3,)]
    claimed = db.rows(
        "UPDATE shows SET seats = 0 OUTPUT inserted.id WHERE id IN"
        " (SELECT TOP (@n) id FROM shows WITH (UPDLOCK, READPAST, ROWLOCK)"
        " WHERE seats > 0 ORDER BY price, id)",
        n=2,
    )
    assert sorted(claimed) == [(3,), (4,)]


def test_constraints_hold(db):
    for tsql in (
        "UPDATE shows SET seats = -1",
        "INSERT INTO buys (show_id, seat) VALUES (1, N'A1')",
        "INSERT INTO buys (show_id) VALUES (99)",
    ):
        with pytest.raises(pyodbc.IntegrityError):
            db.rows(tsql)
    db.rows("DELETE FROM shows WHERE id = 3")
    assert db.rows("SELECT COUNT(*) AS n FROM buys") == [(2,)]


def test_a_table_is_altered_and_dropped(db):
    for tsql in (
        "ALTER TABLE shows ADD rank INT NOT NULL CONSTRAINT df_shows_rank DEFAULT (7)",
        "ALTER TABLE shows ADD hidden BIT NULL",
        "ALTER TABLE shows ADD CONSTRAINT ck_shows_rank CHECK (rank > 0)",
        "CREATE INDEX ix_shows_rank ON shows (rank, id) INCLUDE (title)",
        "UPDATE shows SET rank = 8 WHERE title = N'Aida'",
    ):
        db.migrate(tsql)
    assert db.rows("SELECT rank FROM shows WHERE hidden IS NULL ORDER BY rank DESC") == [
        (8,),
        (7,),
        (7,),
        (7,),
    ]
    for tsql in (
        "DROP INDEX ix_shows_rank ON shows",
        "ALTER TABLE shows DROP CONSTRAINT ck_shows_rank",
        "ALTER TABLE shows DROP COLUMN hidden",
        "DROP TABLE buys",
        "DROP TABLE shows",
    ):
        db.migrate(tsql)
    with pytest.raises(pyodbc.Error):
        db.rows("SELECT id FROM shows")


@pytest.mark.needs("names of defaults")
def test_a_column_with_a_default_is_dropped(db):
    for tsql in (
        "ALTER TABLE shows ADD rank INT NOT NULL CONSTRAINT df_shows_rank DEFAULT (7), hidden BIT NULL",
        "ALTER TABLE shows DROP CONSTRAINT df_shows_rank",
        "ALTER TABLE shows DROP COLUMN rank",
    ):
        db.migrate(tsql)
    assert db.rows("SELECT id FROM shows WHERE hidden IS NULL AND id = 1") == [(1,)]
