"""T-SQL in, PostgreSQL out: queries and writes."""

import subprocess
import sys

import pytest

from bms.sql.dialect.compiling import compile_postgres
from tests.sql.dialect.texts import NOW, declare, translate

pytestmark = pytest.mark.usefixtures("empty_registry")

# Columns a, b, c of tables t, u; what is between SELECT and FROM, or after WHERE, is enough to tell.
EXPRESSIONS = [
    ("@id", "CAST(? AS bigint)"),
    ("@n", "CAST(? AS integer)"),
    ("@small", "CAST(? AS smallint)"),
    ("@flag", "CAST(? AS smallint)"),
    ("@city", "CAST(? AS varchar)"),
    ("@body", "CAST(? AS text)"),
    ("@price", "CAST(? AS numeric)"),
    ("@ratio", "CAST(? AS double precision)"),
    ("@at", "CAST(? AS timestamp(3))"),
    ("@day", "CAST(? AS date)"),
    ("@data", "CAST(? AS bytea)"),
    ("N'naïve'", "'naïve'"),
    ("N'it''s @m? /* -- \\'", "'it''s @m? /* -- \\'"),
    ("[key]", '"key"'),
    ("SYSUTCDATETIME()", NOW),
    ("DATEADD(SECOND, @n, a)", "(a + CAST(? AS integer) * INTERVAL '1 second')"),
    ("DATEADD(MINUTE, -5, a)", "(a + (-5) * INTERVAL '1 minute')"),
    ("DATEADD(HOUR, b + 1, SYSUTCDATETIME())", f"({NOW} + (b + 1) * INTERVAL '1 hour')"),
    ("DATEADD(DAY, b, a)", "(a + b * INTERVAL '1 day')"),
    (
        "DATEDIFF(MINUTE, a, b)",
        "CAST(EXTRACT(EPOCH FROM DATE_TRUNC('minute', CAST(b AS timestamp))"
        " - DATE_TRUNC('minute', CAST(a AS timestamp))) / 60 AS integer)",
    ),
    ("LEN(a)", "LENGTH(RTRIM(a, ' '))"),
    ("LEFT(a, 2)", "LEFT(a, 2)"),
    ("RIGHT(a, 2)", "RIGHT(a, 2)"),
    ("REPLACE(LOWER(a), N'x', UPPER(b))", "REPLACE(LOWER(a), 'x', UPPER(b))"),
    ("CONCAT(a, N'-', @city)", "CONCAT(a, '-', CAST(? AS varchar))"),
    ("COALESCE(NULLIF(a, 0), ABS(b), -c)", "COALESCE(NULLIF(a, 0), ABS(b), -c)"),
    ("1.0 * a / b - c % 2", "1.0 * a / b - c % 2"),
    ("CASE WHEN a = 1 THEN N'x' ELSE b END", "CASE WHEN a = 1 THEN 'x' ELSE b END"),
    ("CASE a WHEN 1 THEN 2 END", "CASE a WHEN 1 THEN 2 END"),
    ("CAST(a AS FLOAT)", "CAST(a AS double precision)"),
    ("CAST(a AS DECIMAL(12,2))", "CAST(a AS numeric(12, 2))"),
    ("CAST(a AS NVARCHAR(20))", "CAST(a AS varchar(20))"),
    ("CAST(a AS NVARCHAR(MAX))", "CAST(a AS text)"),
    ("CAST(a AS DATETIME2(3))", "CAST(a AS timestamp(3))"),
    ("CAST(a AS DATE)", "CAST(a AS date)"),
    ("CAST(@n AS BIGINT)", "CAST(CAST(? AS integer) AS bigint)"),
    ("CAST(a AS INT)", "CAST(TRUNC(CAST(a AS numeric)) AS integer)"),
    ("CAST(CASE WHEN a LIKE N'x' THEN 1 ELSE 0 END AS BIT)",
     "CAST(CASE WHEN a LIKE 'x' ESCAPE '' THEN 1 ELSE 0 END AS smallint)"),
    ("CAST(CASE WHEN a LIKE N'x' THEN 1.5 END AS INT)",
     "CAST(TRUNC(CAST(CASE WHEN a LIKE 'x' ESCAPE '' THEN 1.5 END AS numeric)) AS integer)"),
    ("COUNT(*)", "COUNT(*)"),
    ("COUNT_BIG(*)", "COUNT(*)"),
    ("COUNT(DISTINCT a)", "COUNT(DISTINCT a)"),
    ("COALESCE(SUM(a), 0)", "COALESCE(SUM(a), 0)"),
    ("AVG(CAST(a AS FLOAT))", "AVG(CAST(a AS double precision))"),
    ("SUM(CAST(@n AS BIGINT))", "CAST(SUM(CAST(CAST(? AS integer) AS bigint)) AS bigint)"),
    ("COUNT(*) OVER ()", "COUNT(*) OVER ()"),
    ("SUM(CAST(@n AS BIGINT)) OVER (PARTITION BY b)",
     "CAST(SUM(CAST(CAST(? AS integer) AS bigint)) OVER (PARTITION BY b) AS bigint)"),
    ("ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC)",
     "ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST)"),
    ("(SELECT MAX(c) FROM u)", "(SELECT MAX(c) FROM u)"),
]  # fmt: skip


@pytest.mark.parametrize(("tsql", "postgres"), EXPRESSIONS)
def test_expression(tsql, postgres):
    assert translate(f"SELECT {tsql} AS x FROM t") == f"SELECT {postgres} AS x FROM t"


CONDITIONS = [
    ("(@city IS NULL OR a = @city)", "(CAST(? AS varchar) IS NULL OR a = CAST(? AS varchar))"),
    ("a IN (@ids)", "a IN (CAST(? AS bigint), CAST(? AS bigint))"),
    ("a IN (N'x', @city)", "a IN ('x', CAST(? AS varchar))"),
    ("a NOT IN (1, 2)", "a NOT IN (1, 2)"),
    ("a NOT IN (SELECT b FROM u)", "a NOT IN (SELECT b FROM u)"),
    ("a IS NOT NULL AND NOT (b = 1)", "a IS NOT NULL AND NOT (b = 1)"),
    ("a NOT BETWEEN @n AND 9", "a NOT BETWEEN CAST(? AS integer) AND 9"),
    ("a <> 1 AND b >= 2 OR c < 3", "a <> 1 AND b >= 2 OR c < 3"),
    ("EXISTS (SELECT 1 FROM u WHERE u.a = t.a)", "EXISTS(SELECT 1 FROM u WHERE u.a = t.a)"),
    ("NOT EXISTS (SELECT 1 FROM u)", "NOT EXISTS(SELECT 1 FROM u)"),
    ("a LIKE @city ESCAPE N'!'", "a LIKE CAST(? AS varchar) ESCAPE '!'"),
    ("a NOT LIKE N'![x%' ESCAPE '!'", "a NOT LIKE '![x%' ESCAPE '!'"),
    ("a LIKE N'\\%' ESCAPE '\\'", "a LIKE '\\%' ESCAPE '\\'"),
    ("a LIKE @city", "a LIKE CAST(? AS varchar) ESCAPE ''"),
    ("LOWER(a) LIKE N'x%'", "LOWER(a) LIKE 'x%' ESCAPE ''"),
]


@pytest.mark.parametrize(("tsql", "postgres"), CONDITIONS)
def test_condition(tsql, postgres):
    assert translate(f"SELECT a FROM t WHERE {tsql}") == f"SELECT a FROM t WHERE {postgres}"


LOCKED = "FOR NO KEY UPDATE OF t"
STATEMENTS = [
    # Which rows, in which order.
    (
        "SELECT TOP (@n) a FROM t ORDER BY a",
        "SELECT a FROM t ORDER BY a NULLS FIRST LIMIT CAST(? AS integer)",
    ),
    ("SELECT TOP (1) a FROM t", "SELECT a FROM t LIMIT 1"),
    (
        "SELECT a FROM t ORDER BY a DESC OFFSET @n ROWS FETCH NEXT @small ROWS ONLY",
        "SELECT a FROM t ORDER BY a DESC NULLS LAST LIMIT CAST(? AS smallint) OFFSET CAST(? AS integer)",
    ),
    ("SELECT DISTINCT a FROM t", "SELECT DISTINCT a FROM t"),
    (
        "SELECT a, SUM(b) AS s FROM t GROUP BY a HAVING SUM(b) > 1",
        "SELECT a, SUM(b) AS s FROM t GROUP BY a HAVING SUM(b) > 1",
    ),
    # A primary key's own index has no NULLS FIRST, and it holds no NULL.
    ("SELECT id FROM t ORDER BY id", "SELECT id FROM t ORDER BY id"),
    ("SELECT id FROM t ORDER BY a, id DESC", "SELECT id FROM t ORDER BY a NULLS FIRST, id DESC"),
    (
        "SELECT t.a FROM t JOIN u ON u.b = t.b ORDER BY u.id",
        "SELECT t.a FROM t JOIN u ON u.b = t.b ORDER BY u.id",
    ),
    (
        "SELECT t.a FROM t LEFT JOIN u ON u.b = t.b ORDER BY u.id, t.id",
        "SELECT t.a FROM t LEFT JOIN u ON u.b = t.b ORDER BY u.id NULLS FIRST, t.id",
    ),
    ("SELECT b AS id FROM t ORDER BY id", "SELECT b AS id FROM t ORDER BY id NULLS FIRST"),
    (
        "WITH x AS (SELECT b AS id FROM t) SELECT id FROM x ORDER BY id",
        "WITH x AS (SELECT b AS id FROM t) SELECT id FROM x ORDER BY id NULLS FIRST",
    ),
    (
        "SELECT d.id FROM (SELECT b AS id FROM t) AS d ORDER BY d.id",
        "SELECT d.id FROM (SELECT b AS id FROM t) AS d ORDER BY d.id NULLS FIRST",
    ),
    # From where.
    ("SELECT x.a FROM t x INNER JOIN u ON u.a = x.a", "SELECT x.a FROM t AS x INNER JOIN u ON u.a = x.a"),
    ("SELECT t.a FROM t CROSS JOIN u", "SELECT t.a FROM t CROSS JOIN u"),
    (
        "SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY a",
        "SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY a NULLS FIRST",
    ),
    (
        "SELECT t.a FROM t OUTER APPLY (SELECT TOP (1) u.b FROM u WHERE u.a = t.a ORDER BY u.b) AS z",
        "SELECT t.a FROM t LEFT JOIN LATERAL"
        " (SELECT u.b FROM u WHERE u.a = t.a ORDER BY u.b NULLS FIRST LIMIT 1) AS z ON TRUE",
    ),
    (
        "SELECT t.a FROM t CROSS APPLY (SELECT u.b FROM u WHERE u.a = t.a) AS z",
        "SELECT t.a FROM t INNER JOIN LATERAL (SELECT u.b FROM u WHERE u.a = t.a) AS z ON TRUE",
    ),
    # Writes.
    (
        "INSERT INTO t (a, b) OUTPUT inserted.id, inserted.a AS x VALUES (@n, SYSUTCDATETIME()), (2, NULL)",
        f"INSERT INTO t (a, b) VALUES (CAST(? AS integer), {NOW}), (2, NULL) RETURNING id, a AS x",
    ),
    (
        "INSERT INTO t (a) OUTPUT inserted.id SELECT a FROM u WHERE b = @n",
        "INSERT INTO t (a) SELECT a FROM u WHERE b = CAST(? AS integer) RETURNING id",
    ),
    (
        "UPDATE t WITH (ROWLOCK, UPDLOCK) SET a = a - @n OUTPUT inserted.id, inserted.a"
        " WHERE id = @id AND a >= @n",
        "UPDATE t SET a = a - CAST(? AS integer) WHERE id = CAST(? AS bigint) AND a >= CAST(? AS integer)"
        " RETURNING id, a",
    ),
    ("DELETE FROM t WHERE a = 1;", "DELETE FROM t WHERE a = 1"),
    ("DELETE FROM t OUTPUT deleted.id WHERE a = 1", "DELETE FROM t WHERE a = 1 RETURNING id"),
    (
        "DELETE FROM t WITH (ROWLOCK) OUTPUT deleted.id -- why\n"
        " WHERE a IN (SELECT b FROM u WHERE c = 1) -- end",
        "DELETE FROM t WHERE a IN (SELECT b FROM u WHERE c = 1) RETURNING id",
    ),
    ("DELETE FROM t OUTPUT deleted.id", "DELETE FROM t RETURNING id"),
    # Bytes.
    (
        "INSERT INTO t (id, a) OUTPUT inserted.a VALUES (@id, @data)",
        "INSERT INTO t (id, a) VALUES (CAST(? AS bigint), CAST(? AS bytea)) RETURNING a",
    ),
    (
        "UPDATE t SET a = COALESCE(@data, a), b = (@data) WHERE @data IS NOT NULL",
        "UPDATE t SET a = COALESCE(CAST(? AS bytea), a), b = (CAST(? AS bytea))"
        " WHERE CAST(? AS bytea) IS NOT NULL",
    ),
    (
        "INSERT INTO t (a) SELECT CASE WHEN b = 1 THEN @data ELSE @data END FROM u",
        "INSERT INTO t (a) SELECT CASE WHEN b = 1 THEN CAST(? AS bytea) ELSE CAST(? AS bytea) END FROM u",
    ),
    ("INSERT INTO t (a) VALUES (@data)", "INSERT INTO t (a) VALUES (CAST(? AS bytea))"),
    # Locks.
    ("SELECT a FROM t WITH (UPDLOCK, ROWLOCK) WHERE id = 1", f"SELECT a FROM t WHERE id = 1 {LOCKED}"),
    ("SELECT a FROM t WITH (ROWLOCK, UPDLOCK)", f"SELECT a FROM t {LOCKED}"),
    ("SELECT a FROM t WITH (UPDLOCK)", f"SELECT a FROM t {LOCKED}"),
    ("SELECT x.a FROM t AS x WITH (UPDLOCK, ROWLOCK)", "SELECT x.a FROM t AS x FOR NO KEY UPDATE OF x"),
    (
        "SELECT TOP (@n) id FROM t WITH (UPDLOCK, READPAST, ROWLOCK) ORDER BY id",
        f"SELECT id FROM t ORDER BY id LIMIT CAST(? AS integer) {LOCKED} SKIP LOCKED",
    ),
    (
        "SELECT t.a FROM t WITH (UPDLOCK) JOIN u WITH (READPAST, UPDLOCK) ON u.a = t.a"
        " LEFT JOIN v ON v.a = t.a",
        f"SELECT t.a FROM t JOIN u ON u.a = t.a LEFT JOIN v ON v.a = t.a {LOCKED}"
        " FOR NO KEY UPDATE OF u SKIP LOCKED",
    ),
    (
        "SELECT t.a FROM t WITH (UPDLOCK) JOIN u WITH (UPDLOCK) ON u.a = t.a",
        "SELECT t.a FROM t JOIN u ON u.a = t.a FOR NO KEY UPDATE OF t, u",
    ),
    (
        "INSERT INTO u (a) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t WITH (UPDLOCK) WHERE a = 1)",
        f"INSERT INTO u (a) SELECT 1 WHERE NOT EXISTS(SELECT 1 FROM t WHERE a = 1 {LOCKED})",
    ),
    # Once, however the planner would join it: with SKIP LOCKED a second run finds other rows.
    (
        "UPDATE t SET a = 1 OUTPUT inserted.id WHERE id IN"
        " (SELECT TOP (@n) id FROM t WITH (UPDLOCK, READPAST) ORDER BY b)",
        "UPDATE t SET a = 1 WHERE id = ANY(ARRAY(SELECT id FROM t ORDER BY b NULLS FIRST"
        f" LIMIT CAST(? AS integer) {LOCKED} SKIP LOCKED)) RETURNING id",
    ),
    (
        "SELECT a FROM t WITH (ROWLOCK, REPEATABLEREAD) WHERE id = 1",
        "SELECT a FROM t WHERE id = 1 FOR SHARE OF t",
    ),
    (
        "SELECT x.a FROM t AS x WITH (REPEATABLEREAD, ROWLOCK) JOIN u WITH (UPDLOCK) ON u.a = x.a",
        "SELECT x.a FROM t AS x JOIN u ON u.a = x.a FOR NO KEY UPDATE OF u FOR SHARE OF x",
    ),
    (
        "SELECT t.a FROM t WITH (ROWLOCK, REPEATABLEREAD)"
        " JOIN u WITH (ROWLOCK, REPEATABLEREAD) ON u.a = t.a LEFT JOIN v ON v.a = t.a",
        "SELECT t.a FROM t JOIN u ON u.a = t.a LEFT JOIN v ON v.a = t.a FOR SHARE OF t, u",
    ),
    (
        "SELECT j.a, j.b FROM OPENJSON(@body) WITH (a INT, b NVARCHAR(MAX) AS JSON) AS j",
        "SELECT j.a, j.b FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(a integer, b text)",
    ),
    (
        "WITH x AS (SELECT TOP (1) id FROM t WITH (UPDLOCK)) SELECT u.a FROM u JOIN x ON x.id = u.id",
        f"WITH x AS (SELECT id FROM t LIMIT 1 {LOCKED}) SELECT u.a FROM u JOIN x ON x.id = u.id",
    ),
]

ROWS = "OPENJSON(@body) WITH (id BIGINT, a INT, b NVARCHAR(20)) AS j"
ROWS_FOR_POSTGRES = "JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(id bigint, a integer, b varchar)"
STATEMENTS += [
    (
        f"UPDATE t SET a = j.a FROM {ROWS} WHERE t.id = j.id",
        f"UPDATE t SET a = j.a FROM {ROWS_FOR_POSTGRES} WHERE t.id = j.id",
    ),
    # Both have a and id: what is given out says whose it is.
    (
        "UPDATE t WITH (ROWLOCK) SET a = t.a + j.a, c = @n OUTPUT inserted.id, inserted.a AS x, j.b"
        f" FROM {ROWS} WHERE (j.id = t.id AND t.c IS NULL) AND j.b <> @city",
        f"UPDATE t SET a = t.a + j.a, c = CAST(? AS integer) FROM {ROWS_FOR_POSTGRES}"
        " WHERE (j.id = t.id AND t.c IS NULL) AND j.b <> CAST(? AS varchar) RETURNING t.id, t.a AS x, j.b",
    ),
    (
        f"UPDATE T SET a = J.a OUTPUT INSERTED.a FROM {ROWS} WHERE t.id = J.ID",
        f"UPDATE T SET a = J.a FROM {ROWS_FOR_POSTGRES} WHERE t.id = J.ID RETURNING T.a",
    ),
    (
        f"UPDATE t SET a = j.a FROM {ROWS}"
        " WHERE t.id = j.id AND EXISTS (SELECT 1 FROM u WHERE u.id = j.a AND c = 1)",
        f"UPDATE t SET a = j.a FROM {ROWS_FOR_POSTGRES}"
        " WHERE t.id = j.id AND EXISTS(SELECT 1 FROM u WHERE u.id = j.a AND c = 1)",
    ),
]


@pytest.mark.parametrize(("tsql", "postgres"), STATEMENTS)
def test_statement(tsql, postgres):
    assert translate(tsql) == postgres


def test_parameters_are_in_the_order_of_the_text_that_is_sent():
    statement = declare("SELECT TOP (@n) a FROM t WHERE b = @city AND a IN (@ids) ORDER BY a")
    order = compile_postgres(statement, (("ids", 2),)).order
    assert order == (("city", None), ("ids", 0), ("ids", 1), ("n", None))


def test_the_rows_of_an_update_come_after_what_it_sets():
    statement = declare(
        f"UPDATE t SET a = j.a, c = @n OUTPUT inserted.id FROM {ROWS} WHERE t.id = j.id AND t.b = @id"
    )
    assert [name for name, _ in compile_postgres(statement).order] == ["n", "body", "id"]


def test_hand_written_postgres_is_taken_as_it_is():
    statement = declare("SELECT TOP (@n) a FROM t", postgres="SELECT a FROM t WHERE b ? 'x' LIMIT @n -- @n")
    compiled = compile_postgres(statement)
    assert compiled.sql == "SELECT a FROM t WHERE b ? 'x' LIMIT CAST(? AS integer) -- @n"
    assert compiled.order == (("n", None),)


def test_sql_server_needs_no_sqlglot():
    script = "import sys, bms.sql.statements; sys.exit('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
