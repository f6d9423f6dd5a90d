"""What the translator refuses, with the name of the statement and the reason."""

import re

import pytest

from bms.sql.dialect.translate import compile_postgres, translate_ddl
from bms.sql.statements import Statement, StatementError
from tests.sql.dialect import translate

pytestmark = pytest.mark.usefixtures("empty_registry")

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
