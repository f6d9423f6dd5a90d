"""T-SQL in, PostgreSQL out, and everything that is refused."""

import re
import subprocess
import sys

import pytest

from bms.sql import statements
from bms.sql.dialect.translate import compile_postgres, translate_ddl
from bms.sql.statements import Statement, StatementError

NOW = "CAST(timezone('utc', statement_timestamp()) AS timestamp(3))"
DECLARATION = (
    "@id BIGINT, @n INT, @small SMALLINT, @flag BIT, @city NVARCHAR(100), @body NVARCHAR(MAX),"
    " @price DECIMAL(12,2), @ratio FLOAT, @at DATETIME2(3), @day DATE, @ids BIGINT LIST"
)
TYPES = {match[1]: match[0] for match in re.finditer(r"@(\w+) [^@]+?(?=, @|$)", DECLARATION)}


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(statements, "_REGISTRY", {})


def declare(text, **more):
    used = dict.fromkeys(re.findall(r"(?<!@)@(\w+)", text))
    return Statement("test.one", ", ".join(TYPES[name] for name in used if name in TYPES), text, **more)


def flat(sql):
    """Return ``sql`` on one line, as its layout is of no interest here."""
    return re.sub(r"\( | (?=\))", lambda m: m[0].strip(), " ".join(sql.split()))


def translate(text):
    statement = declare(text)
    return flat(compile_postgres(statement, statement.lengths({"ids": [1, 2]})).sql)


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
        "SELECT j.a, j.b FROM OPENJSON(@body) WITH (a INT, b NVARCHAR(MAX) AS JSON) AS j",
        "SELECT j.a, j.b FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(a integer, b text)",
    ),
    (
        "WITH x AS (SELECT TOP (1) id FROM t WITH (UPDLOCK)) SELECT u.a FROM u JOIN x ON x.id = u.id",
        f"WITH x AS (SELECT id FROM t LIMIT 1 {LOCKED}) SELECT u.a FROM u JOIN x ON x.id = u.id",
    ),
]


@pytest.mark.parametrize(("tsql", "postgres"), STATEMENTS)
def test_statement(tsql, postgres):
    assert translate(tsql) == postgres


def test_parameters_are_in_the_order_of_the_text_that_is_sent():
    statement = declare("SELECT TOP (@n) a FROM t WHERE b = @city AND a IN (@ids) ORDER BY a")
    order = compile_postgres(statement, (("ids", 2),)).order
    assert order == (("city", None), ("ids", 0), ("ids", 1), ("n", None))


def test_hand_written_postgres_is_taken_as_it_is():
    statement = declare("SELECT TOP (@n) a FROM t", postgres="SELECT a FROM t WHERE b ? 'x' LIMIT @n -- @n")
    compiled = compile_postgres(statement)
    assert compiled.sql == "SELECT a FROM t WHERE b ? 'x' LIMIT CAST(? AS integer) -- @n"
    assert compiled.order == (("n", None),)


REFUSED = [
    # No query, or more than one.
    ("", "there is no statement"),
    ("-- nothing", "there is no statement"),
    ("SELECT 1 AS a; SELECT 2 AS b", "more than one statement"),
    ("SELECT 1 AS a SELECT 2 AS b", "cannot be read"),
    ("DELETE FROM t SELECT a FROM u", "cannot be read"),
    ("SELECT a FROM t WHERE", "cannot be read"),
    ("SELECT 'a FROM t", "cannot be read"),
    ("IF 1 = 1 SELECT 1 AS a", "IfBlock"),
    ("DECLARE @x INT", "Declare"),
    ("EXEC foo", "Execute"),
    ("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "Merge"),
    ("BEGIN TRANSACTION", "not accepted"),
    ("TRUNCATE TABLE t", "TruncateTable"),
    ("CREATE TABLE t (a INT)", "Create"),
    ("SET NOCOUNT ON", "Set"),
    ("WITH x AS (SELECT a FROM t) UPDATE x SET a = 1", "with_"),
    # Hints.
    ("SELECT a FROM t WITH (NOLOCK)", "nolock"),
    ("SELECT a FROM t (NOLOCK)", "nolock"),
    ("SELECT a FROM t WITH (HOLDLOCK, UPDLOCK)", "holdlock"),
    ("SELECT a FROM t WITH (TABLOCKX)", "tablockx"),
    ("SELECT a FROM t WITH (UPDLOCK, SERIALIZABLE)", "serializable"),
    ("SELECT a FROM t WITH (INDEX(ix), UPDLOCK)", "INDEX"),
    ("SELECT a FROM t WITH (UPDLOCK, UPDLOCK)", "UPDLOCK, UPDLOCK"),
    ("SELECT a FROM t WITH (READPAST)", "READPAST without UPDLOCK"),
    ("SELECT a FROM t WITH (ROWLOCK)", "ROWLOCK without UPDLOCK"),
    ("UPDATE t WITH (READPAST) SET a = 1", "READPAST on the target"),
    ("DELETE FROM t WITH (UPDLOCK, READPAST) WHERE a = 1", "READPAST on the target"),
    ("UPDATE t WITH (TABLOCK) SET a = 1", "tablock"),
    ("INSERT INTO t WITH (ROWLOCK) (a) VALUES (1)", "cannot be read"),
    ("SELECT a FROM t OPTION (RECOMPILE)", "options"),
    ("SELECT COUNT(*) AS n FROM t WITH (UPDLOCK)", "aggregates"),
    ("SELECT a, COUNT(*) OVER () AS n FROM t WITH (UPDLOCK)", "windows"),
    ("SELECT DISTINCT a FROM t WITH (UPDLOCK)", "DISTINCT"),
    ("SELECT a FROM t WITH (UPDLOCK) GROUP BY a", "GROUP BY"),
    ("SELECT a FROM t WITH (UPDLOCK) UNION ALL SELECT b FROM u", "UNION"),
    ("SELECT t.a FROM t LEFT JOIN u WITH (UPDLOCK) ON u.a = t.a", "nullable side"),
    ("SELECT d.a FROM (SELECT a FROM t WITH (UPDLOCK)) AS d", "derived table"),
    ("SELECT t.a FROM t CROSS APPLY (SELECT b FROM u WITH (UPDLOCK)) AS d", "derived table"),
    ("SELECT a FROM u WHERE a NOT IN (SELECT a FROM t WITH (UPDLOCK))", "NOT IN"),
    ("WITH x AS (SELECT a FROM t) SELECT a FROM x WITH (UPDLOCK)", "WITH query"),
    # Columns, names.
    ("SELECT * FROM t", "one by one"),
    ("SELECT t.* FROM t", "one by one"),
    ("SELECT a FROM t WHERE EXISTS (SELECT * FROM u)", "one by one"),
    ("INSERT INTO t VALUES (1)", "lists its columns"),
    ("INSERT INTO t (a) OUTPUT inserted.* VALUES (1)", "one by one"),
    ('SELECT "a" FROM t', "quoted name"),
    ("SELECT [A b] FROM t", "quoted name"),
    ("SELECT a FROM dbo.t", "'db' of Table"),
    ("SELECT a FROM #t", "temporary"),
    ("SELECT naïve FROM t", "not accepted"),
    (f"SELECT {'a' * 64} FROM t", "the name"),
    # Shapes.
    ("SELECT a FROM t, u", "a join has ON"),
    ("SELECT t.a FROM t JOIN u", "a join has ON"),
    ("SELECT t.a FROM t RIGHT JOIN u ON u.a = t.a", "joins are"),
    ("SELECT t.a FROM t FULL JOIN u ON u.a = t.a", "full"),
    ("SELECT a FROM t UNION SELECT b FROM u", "'distinct' of Union"),
    ("SELECT a FROM t EXCEPT SELECT b FROM u", "Except"),
    ("SELECT TOP (5) PERCENT a FROM t", "limit_options"),
    ("SELECT TOP (5) WITH TIES a FROM t ORDER BY a", "limit_options"),
    ("SELECT a FROM t ORDER BY a OFFSET 1 ROWS FETCH NEXT ROW ONLY", "how many rows"),
    ("SELECT a FROM t OFFSET 5 ROWS", "OFFSET needs ORDER BY"),
    ("SELECT a FROM t LIMIT 5", "limit"),
    ("SELECT a FROM t FOR UPDATE", "cannot be read"),
    ("SELECT a INTO u FROM t", "'into' of Select"),
    ("SELECT v.a FROM (VALUES (1)) AS v (a)", "not accepted"),
    ("SELECT a FROM t TABLESAMPLE (10 PERCENT)", "sample"),
    ("SELECT a FROM t WHERE (a, b) IN (SELECT a, b FROM u)", "row values"),
    ("SELECT a = 1 FROM t WHERE a = ANY (SELECT b FROM u)", "Any"),
    ("INSERT INTO t DEFAULT VALUES", "not accepted"),
    ("INSERT INTO t (a) EXEC foo", "cannot be read|takes VALUES"),
    ("UPDATE t SET a = u.a FROM u WHERE u.id = t.id", "'from_' of Update"),
    ("UPDATE x SET a = 1 FROM t AS x", "'from_' of Update"),
    ("UPDATE t SET t.a = 1", "bare columns"),
    ("UPDATE t SET a += 1", "cannot be read"),
    ("UPDATE TOP (1) t SET a = 1", "cannot be read"),
    ("DELETE TOP (1) FROM t", "'tables' of Delete"),
    ("DELETE t WHERE a = 1", "target is one table|'tables'"),
    ("DELETE FROM t FROM u WHERE u.a = t.a", "cannot be read"),
    # OUTPUT.
    ("UPDATE t SET a = 1 OUTPUT deleted.a WHERE b = 1", "OUTPUT takes inserted.a"),
    ("INSERT INTO t (a) OUTPUT deleted.a VALUES (1)", "OUTPUT takes inserted.a"),
    ("DELETE FROM t OUTPUT inserted.a WHERE b = 1", "OUTPUT takes deleted.a"),
    ("UPDATE t SET a = 1 OUTPUT a WHERE b = 1", "OUTPUT takes inserted.a"),
    ("UPDATE t SET a = 1 WHERE b = 1 OUTPUT inserted.a", "OUTPUT before WHERE"),
    ("DELETE FROM t WHERE b = 1 OUTPUT deleted.a", "OUTPUT before WHERE"),
    ("INSERT INTO t (a) OUTPUT inserted.a INTO @n VALUES (1)", "'into' of Returning"),
    ("DELETE FROM t OUTPUT deleted.a INTO u (a) WHERE b = 1", "cannot be read|'into'"),
    # Functions.
    ("SELECT ISNULL(a, b) AS x FROM t", "is_null"),
    ("SELECT IIF(a = 1, 2, 3) AS x FROM t", "'false' of If"),
    ("SELECT GETDATE() AS x", "CurrentTimestamp"),
    ("SELECT CURRENT_TIMESTAMP AS x", "CurrentTimestamp"),
    ("SELECT GETUTCDATE() AS x", "not accepted"),
    ("SELECT SYSDATETIME() AS x", "not accepted"),
    ("SELECT foo(a) AS x FROM t", "FOO"),
    ("SELECT NEWID() AS x", "not accepted"),
    ("SELECT CONVERT(INT, a) AS x FROM t", "Convert"),
    ("SELECT TRY_CAST(a AS INT) AS x FROM t", "TryCast"),
    ("SELECT STRING_AGG(a, ',') AS x FROM t", "not accepted"),
    ("SELECT ROUND(a, 2) AS x FROM t", "Round"),
    ("SELECT @@ROWCOUNT AS x", "@@"),
    ("SELECT DATEADD(MONTH, 1, a) AS x FROM t", "month"),
    ("SELECT DATEADD(ROW, 1, a) AS x FROM t", "unit"),
    ("SELECT DATEADD(ss, 1, a) AS x FROM t", "not accepted: ss"),
    ("SELECT DATEDIFF(YEAR, a, b) AS x FROM t", "year"),
    ("SELECT DATEDIFF_BIG(SECOND, a, b) AS x FROM t", "big_int"),
    ("SELECT AVG(a) AS x FROM t", "AVG"),
    ("SELECT AVG(CAST(a AS DECIMAL(12,2))) AS x FROM t", "AVG"),
    ("SELECT SUM(a) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING) AS x FROM t", "spec"),
    ("SELECT a COLLATE Latin1_General_BIN AS x FROM t", "Collate"),
    # Values.
    ("SELECT 1e3 AS x", "the number 1e3"),
    ("SELECT 0xFF AS x", "HexString"),
    ("SELECT TRUE AS x", "Boolean"),
    ("SELECT a FROM t WHERE a IS TRUE", "not accepted"),
    ("SELECT EXISTS (SELECT 1 FROM t) AS x", "a condition is no value"),
    ("SELECT (a = b) AS x FROM t", "a condition is no value"),
    ("SELECT @n = a FROM t", "a condition is no value"),
    ("SELECT CASE a WHEN b = c THEN 1 END AS x FROM t", "a condition is no value"),
    ("SELECT N'a' + b AS x FROM t", "CONCAT"),
    ("SELECT b + 'a' AS x FROM t", "CONCAT"),
    ("SELECT a + @city AS x FROM t", "CONCAT"),
    ("SELECT a + (b + CAST(c AS NVARCHAR(20))) AS x FROM t", "CONCAT"),
    ("SELECT a + COALESCE(b, N'') AS x FROM t", "CONCAT"),
    ("SELECT a + CASE WHEN b = 1 THEN LEFT(c, 2) END AS x FROM t", "CONCAT"),
    ("SELECT a & b AS x FROM t", "Bitwise"),
    ("SELECT CAST(a AS REAL) AS x FROM t", "not accepted"),
    ("SELECT CAST(a AS FLOAT(24)) AS x FROM t", "CAST to FLOAT"),
    ("SELECT CAST(a AS NVARCHAR) AS x FROM t", "CAST to NVARCHAR"),
    ("SELECT CAST(a AS VARCHAR(20)) AS x FROM t", "varchar"),
    ("SELECT CAST(a AS DECIMAL) AS x FROM t", "CAST to DECIMAL"),
    ("SELECT CAST(a AS DATETIME2) AS x FROM t", "CAST to DATETIME2"),
    ("SELECT CAST(a AS DATETIME2(7)) AS x FROM t", "CAST to DATETIME2"),
    ("SELECT CAST(a AS BIT) AS x FROM t", "BIT"),
    ("SELECT CAST(2 AS BIT) AS x", "BIT"),
    ("SELECT a FROM t WHERE a LIKE N'[xy]%'", "escape it"),
    ("SELECT a FROM t WHERE a LIKE N'x' ESCAPE N'!!'", "one character"),
    ("SELECT a FROM t WHERE a LIKE N'x' ESCAPE @city", "one character"),
    ("SELECT j.a FROM OPENJSON(@city) WITH (a INT) AS j", r"takes a parameter of NVARCHAR\(MAX\)"),
    ("SELECT j.a FROM OPENJSON(@body) WITH (a NVARCHAR(20) AS JSON) AS j", r"AS JSON is NVARCHAR\(MAX\)"),
    # Parameters.
    ("SELECT a FROM t WHERE a = @unknown", "@unknown is not declared"),
    ("SELECT a FROM t WHERE a = @ids", "is a list"),
    ("SELECT a FROM t WHERE a IN (@ids, (SELECT @ids))", "is a list"),
    ("SELECT a FROM t WHERE a NOT IN (@ids)", "an empty list is NULL"),
    ("SELECT a FROM t WHERE NOT (b = 1 OR a IN (@ids))", "an empty list is NULL"),
]


@pytest.mark.parametrize(("tsql", "why"), REFUSED)
def test_refused_with_its_name(tsql, why):
    with pytest.raises(StatementError) as refusal:
        translate(tsql)
    assert str(refusal.value).startswith("test.one: ")
    assert re.search(why, str(refusal.value))


@pytest.mark.parametrize(
    "kind", ["DATETIME2(7)", "DATETIME2", "DECIMAL", "FLOAT(24)", "NVARCHAR(5000)", "INT(4)"]
)
def test_a_parameter_of_a_type_without_a_twin_is_refused(kind):
    with pytest.raises(StatementError, match=r"test\.one: @x .* is not accepted"):
        compile_postgres(Statement("test.one", f"@x {kind}", "SELECT @x AS x"))


DDL = [
    (
        "CREATE TABLE t (\n"
        "    id BIGINT IDENTITY(1,1) NOT NULL, -- its number\n"
        "    a NVARCHAR(20) NOT NULL CONSTRAINT df_t_a DEFAULT (N'x'),\n"
        "    b NVARCHAR(MAX) NULL,\n"
        "    c DATETIME2(3) NOT NULL CONSTRAINT df_t_c DEFAULT SYSUTCDATETIME(),\n"
        "    d DECIMAL(12,2) NOT NULL CONSTRAINT ck_t_d CHECK (d >= 0),\n"
        "    e FLOAT NULL, f DATE NULL, g SMALLINT NULL, h INT,\n"
        "    u_id BIGINT NOT NULL CONSTRAINT fk_t_u REFERENCES u (id) ON DELETE CASCADE,\n"
        "    CONSTRAINT pk_t PRIMARY KEY CLUSTERED (id ASC),\n"
        "    CONSTRAINT uq_t_a UNIQUE NONCLUSTERED (a, c),\n"
        "    CONSTRAINT fk_t_u2 FOREIGN KEY (u_id) REFERENCES u (id),\n"
        "    CONSTRAINT ck_t_a CHECK (a IN (N'x', 'y') AND a NOT LIKE N'z%')\n"
        ");",
        "CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,"
        " a varchar(20) NOT NULL DEFAULT ('x'), b text NULL,"
        f" c timestamp(3) NOT NULL DEFAULT {NOW},"
        " d numeric(12, 2) NOT NULL CONSTRAINT ck_t_d CHECK (d >= 0),"
        " e double precision NULL, f date NULL, g smallint NULL, h integer,"
        " u_id bigint NOT NULL CONSTRAINT fk_t_u REFERENCES u (id) ON DELETE CASCADE,"
        " CONSTRAINT pk_t PRIMARY KEY (id), CONSTRAINT uq_t_a UNIQUE (a, c),"
        " CONSTRAINT fk_t_u2 FOREIGN KEY (u_id) REFERENCES u (id),"
        " CONSTRAINT ck_t_a CHECK (a IN ('x', 'y') AND a NOT LIKE 'z%' ESCAPE ''))",
    ),
    (
        "CREATE TABLE t (a BIT NOT NULL CONSTRAINT df_t_a DEFAULT 1)",
        "CREATE TABLE t (a smallint NOT NULL DEFAULT 1 CONSTRAINT ck_t_a_is_bit CHECK (a IN (0, 1)))",
    ),
    (
        "-- depends: 0001\nCREATE INDEX ix_t ON t (a, b DESC, id) INCLUDE (c, d)"
        " WHERE a IN ('x') AND b IS NOT NULL",
        "CREATE INDEX ix_t ON t(a NULLS FIRST, b DESC NULLS LAST, id) INCLUDE (c, d)"
        " WHERE a IN ('x') AND b IS NOT NULL",
    ),
    ("CREATE UNIQUE INDEX ux_t ON t (id DESC)", "CREATE UNIQUE INDEX ux_t ON t(id DESC)"),
    ("CREATE NONCLUSTERED INDEX ix_t ON t (id)", "CREATE INDEX ix_t ON t(id)"),
    ("DROP INDEX ix_t ON t", "DROP INDEX ix_t"),
    ("DROP TABLE t", "DROP TABLE t"),
    (
        "ALTER TABLE t ADD CONSTRAINT ck_t_a CHECK (a > 0)",
        "ALTER TABLE t ADD CONSTRAINT ck_t_a CHECK (a > 0)",
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT pk_t PRIMARY KEY (a, b)",
        "ALTER TABLE t ADD CONSTRAINT pk_t PRIMARY KEY (a, b)",
    ),
    (
        "ALTER TABLE t ADD a INT NOT NULL CONSTRAINT df_t_a DEFAULT (0), b BIT NULL",
        "ALTER TABLE t ADD COLUMN a integer NOT NULL DEFAULT (0),"
        " ADD COLUMN b smallint NULL CONSTRAINT ck_t_b_is_bit CHECK (b IN (0, 1))",
    ),
    ("ALTER TABLE t DROP COLUMN a", "ALTER TABLE t DROP COLUMN a"),
    ("ALTER TABLE t DROP CONSTRAINT ck_t_a", "ALTER TABLE t DROP CONSTRAINT ck_t_a"),
    ("ALTER TABLE t DROP CONSTRAINT df_t_a", "ALTER TABLE t ALTER COLUMN a DROP DEFAULT"),
    ("INSERT INTO t (a, b) VALUES (N'it''s', 1)", "INSERT INTO t (a, b) VALUES ('it''s', 1)"),
    ("UPDATE t SET a = SYSUTCDATETIME() WHERE b IS NULL", f"UPDATE t SET a = {NOW} WHERE b IS NULL"),
    ("DELETE FROM t WHERE a LIKE N'x%'", "DELETE FROM t WHERE a LIKE 'x%' ESCAPE ''"),
]


@pytest.mark.parametrize(("tsql", "postgres"), DDL)
def test_ddl(tsql, postgres):
    assert flat(translate_ddl(tsql)) == postgres


REFUSED_DDL = [
    ("", "there is no statement"),
    ("DROP TABLE t; DROP TABLE u", "more than one statement"),
    ("SELECT a FROM t", "only tables"),
    ("DROP TABLE IF EXISTS t", "'exists' of Drop"),
    ("DROP INDEX ix_t", "only tables"),
    ("DROP VIEW v", "view"),
    ("CREATE VIEW v AS SELECT a FROM t", "not accepted"),
    ("CREATE CLUSTERED INDEX ix_t ON t (a)", "only tables"),
    ("CREATE INDEX ix_t ON t (a) WITH (ONLINE = ON)", "with_storage"),
    ("CREATE TABLE dbo.t (a INT)", "'db' of Table"),
    ("CREATE TABLE #t (a INT)", "'properties' of Create"),
    ("CREATE TABLE t (a VARCHAR(20) NULL)", "not accepted: varchar"),
    ("CREATE TABLE t (a NCHAR(3) NULL)", "not accepted: nchar"),
    ("CREATE TABLE t (a DATETIME NULL)", "not accepted: datetime"),
    ("CREATE TABLE t (a DATETIME2 NULL)", "type of a"),
    ("CREATE TABLE t (a NVARCHAR NULL)", "type of a"),
    ("CREATE TABLE t (a UNIQUEIDENTIFIER NULL)", "not accepted: uniqueidentifier"),
    ("CREATE TABLE t (a TINYINT NULL)", "not accepted: tinyint"),
    ("CREATE TABLE t (a INTEGER NULL)", "integer"),
    ("CREATE TABLE t (a BIGINT IDENTITY(1000,1) NOT NULL)", r"IDENTITY\(1,1\)"),
    ("CREATE TABLE t (a BIGINT IDENTITY NOT NULL)", "IDENTITY|not accepted"),
    ("CREATE TABLE t (a AS (b + 1) PERSISTED)", "Computed"),
    ("CREATE TABLE t (a NVARCHAR(9) COLLATE Latin1_General_BIN2 NULL)", "Collate"),
    ("CREATE TABLE t (a INT NOT NULL DEFAULT 0)", "is named df_t_a"),
    ("CREATE TABLE t (a INT NOT NULL CONSTRAINT df_a DEFAULT 0)", "is named df_t_a"),
    ("CREATE TABLE t (a INT NOT NULL CHECK (a > 0))", "has no name"),
    ("CREATE TABLE t (a INT NOT NULL REFERENCES u (id))", "has no name"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY)", "PrimaryKeyColumnConstraint"),
    ("CREATE TABLE t (a INT NOT NULL CONSTRAINT uq_t_a UNIQUE)", "UNIQUE"),
    ("CREATE TABLE t (a INT NOT NULL, CHECK (a > 0))", "has a name"),
    ("CREATE TABLE t (a INT NOT NULL, PRIMARY KEY (a))", "has a name"),
    ("CREATE TABLE t (a INT NOT NULL, CONSTRAINT pk_t PRIMARY KEY (a DESC))", "no direction"),
    ("CREATE TABLE t (a INT NULL, CONSTRAINT uq_t_a UNIQUE (a))", "filtered unique index"),
    ("CREATE TABLE t (id BIGINT NULL)", "id is NOT NULL"),
    ("CREATE TABLE t (a NVARCHAR(9) NOT NULL, CONSTRAINT ck_t_a CHECK (a + 'x' = 'yx'))", "CONCAT"),
    ("ALTER TABLE t ADD a INT NULL CONSTRAINT df_t_a DEFAULT 0", "leaves a new nullable column NULL"),
    ("ALTER TABLE t ADD CONSTRAINT a CHECK (b > 0), CONSTRAINT c CHECK (b > 1)", "one constraint"),
    ("ALTER TABLE t ADD CHECK (b > 0)", "not accepted|has a name|with a name"),
    ("ALTER TABLE t ADD CONSTRAINT df_t_a DEFAULT (0) FOR a", "Command"),
    ("ALTER TABLE t DROP COLUMN a, b", "one column"),
    ("ALTER TABLE t DROP CONSTRAINT df_a", "not of the form"),
    ("ALTER TABLE t ALTER COLUMN a INT NOT NULL", "AlterColumn"),
    ("ALTER TABLE t WITH NOCHECK ADD CONSTRAINT ck CHECK (a > 0)", "Command"),
    ("INSERT INTO t (a) VALUES (@n)", "@n is not declared"),
    ("UPDATE t WITH (TABLOCK) SET a = 1", "tablock"),
    ("SET IDENTITY_INSERT t ON", "not accepted"),
    ("EXEC sp_rename 't.a', 'b'", "not accepted|cannot be read"),
]


@pytest.mark.parametrize(("tsql", "why"), REFUSED_DDL)
def test_ddl_is_refused_with_its_first_line(tsql, why):
    with pytest.raises(StatementError) as refusal:
        translate_ddl(f"-- a comment\n{tsql}\n-- the end")
    assert str(refusal.value).startswith(f"{tsql}: ")
    assert re.search(why, str(refusal.value).removeprefix(f"{tsql}: "))


def test_sql_server_needs_no_sqlglot():
    script = "import sys, bms.sql.statements; sys.exit('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
