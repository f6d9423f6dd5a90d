"""The accepted subset of T-SQL: its words, and the nodes of sqlglot's tree with their allowed parts.

These forms have rules of their own. Each is refused in any other form:

``UPDATE t SET ... OUTPUT ... FROM OPENJSON(@x) WITH (...) AS j WHERE t.a = j.a``
    The only source is OPENJSON, with a name. Every column outside a subquery is qualified (``t.``, ``j.``,
    ``inserted.``), and WHERE joins the two by ``=``. It becomes UPDATE ... FROM ... RETURNING. If two
    elements match a row, either may win, on both databases. Rows are locked in no defined order. If two
    such statements may run concurrently, lock the rows by id first.
``VARBINARY(MAX)``
    A column or a parameter: bytes in Python, bytea on PostgreSQL. It can be stored, selected and tested for
    NULL. It cannot be a literal, a CAST or a column of OPENJSON, because the databases turn text into
    different bytes. It cannot be compared, because SQL Server ignores trailing zeros. Compare a digest,
    which is text.
``ALTER TABLE t ALTER COLUMN c TYPE NOT NULL`` (or ``NULL``)
    In migrations only. Always state NULL or NOT NULL: without it, SQL Server makes the column nullable.
    SQL Server does not change a column that a CHECK, a UNIQUE, a key or an index uses, except to lengthen
    text. Drop the constraint or index first, then add it again.
``SELECT ... FROM t WITH (ROWLOCK, REPEATABLEREAD)``
    A shared lock on each row until the transaction ends. Other transactions may read and share the row, but
    not change it. It becomes FOR SHARE.
"""

from collections.abc import Mapping

from sqlglot import exp

HINTS = frozenset({"UPDLOCK", "ROWLOCK", "READPAST", "REPEATABLEREAD"})
UNITS: Mapping[str, int] = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400}

_FUNCTIONS = """
    ABS AVG CAST COALESCE CONCAT COUNT COUNT_BIG DATEADD DATEDIFF LEFT LEN LOWER MAX MIN NULLIF OPENJSON
    REPLACE RIGHT ROW_NUMBER SUM SYSUTCDATETIME UPPER
"""
_TYPES = "BIGINT BIT DATE DATETIME2 DECIMAL FLOAT INT MAX NVARCHAR SMALLINT VARBINARY"
_KEYWORDS = """
    ALL AND APPLY AS ASC BETWEEN BY CASE CROSS DELETE DESC DISTINCT ELSE END ESCAPE EXISTS FETCH FIRST FROM
    GROUP HAVING IN INNER INSERT INTO IS JOIN JSON LEFT LIKE NEXT NOT NULL OFFSET ON ONLY OR ORDER OUTER
    OUTPUT OVER PARTITION ROW ROWS SELECT SET THEN TOP UNION UPDATE VALUES WHEN WHERE WITH
"""
_DDL_KEYWORDS = """
    ACTION ADD ALTER CASCADE CHECK CLUSTERED COLUMN CONSTRAINT CREATE DEFAULT DROP FOREIGN IDENTITY INCLUDE
    INDEX KEY NO NONCLUSTERED PRIMARY REFERENCES TABLE UNIQUE
"""
WORDS = frozenset({*HINTS, *UNITS, *_FUNCTIONS.split(), *_TYPES.split(), *_KEYWORDS.split()})
DDL_WORDS = WORDS | frozenset(_DDL_KEYWORDS.split())

_BINARY = "this expression"
PREDICATES: Mapping[type[exp.Expr], str] = {
    exp.And: _BINARY,
    exp.Between: "this low high",
    exp.EQ: _BINARY,
    exp.Escape: _BINARY,
    exp.Exists: "this",
    exp.GT: _BINARY,
    exp.GTE: _BINARY,
    exp.In: "this expressions query",
    exp.Is: _BINARY,
    exp.LT: _BINARY,
    exp.LTE: _BINARY,
    exp.Like: "this expression negate",
    exp.NEQ: _BINARY,
    exp.Not: "this",
    exp.Or: _BINARY,
}
NODES: Mapping[type[exp.Expr], str] = {
    **PREDICATES,
    exp.Abs: "this",
    exp.Add: _BINARY,
    exp.Alias: "this alias",
    exp.Anonymous: "this",
    exp.Avg: "this",
    exp.CTE: "this alias",
    exp.Case: "this ifs default",
    exp.Cast: "this to",
    exp.Coalesce: "this expressions",
    exp.Column: "this table",
    exp.Concat: "expressions safe coalesce",
    exp.Count: "this big_int",
    exp.DataType: "this expressions",
    exp.DataTypeParam: "this",
    exp.DateAdd: "this expression unit",
    exp.DateDiff: "this expression unit",
    exp.Delete: "this where returning",
    exp.Distinct: "expressions",
    exp.Div: "this expression typed",
    exp.Fetch: "direction count limit_options",
    exp.From: "this",
    exp.Group: "expressions",
    exp.Having: "this",
    exp.Identifier: "this quoted",
    exp.If: "this true",
    exp.Insert: "this expression returning",
    exp.Join: "this side kind on",
    exp.Lateral: "this alias cross_apply",
    exp.Left: _BINARY,
    exp.Length: "this",
    exp.Limit: "expression",
    exp.LimitOptions: "rows",
    exp.Literal: "this is_string",
    exp.Lower: "this",
    exp.Max: "this",
    exp.Min: "this",
    exp.Mod: _BINARY,
    exp.Mul: _BINARY,
    exp.National: "this",
    exp.Neg: "this",
    exp.Null: "",
    exp.Nullif: _BINARY,
    exp.Offset: "expression",
    exp.OpenJSON: "this expressions",
    exp.OpenJSONColumnDef: "this kind as_json",
    exp.Order: "expressions",
    exp.Ordered: "this desc nulls_first",
    exp.Parameter: "this",
    exp.Paren: "this",
    exp.Replace: "this expression replacement",
    exp.Returning: "expressions",
    exp.Right: _BINARY,
    exp.RowNumber: "",
    exp.Schema: "this expressions",
    exp.Select: "distinct expressions from_ group having joins limit offset order where with_",
    exp.Star: "",
    exp.Sub: _BINARY,
    exp.Subquery: "this alias",
    exp.Sum: "this",
    exp.Table: "this alias hints",
    exp.TableAlias: "this",
    exp.Tuple: "expressions",
    exp.Union: "this expression limit offset order with_",
    exp.Update: "this expressions from_ where returning",
    exp.Upper: "this",
    exp.Values: "expressions",
    exp.Var: "this",
    exp.Where: "this",
    exp.Window: "this partition_by order over",
    exp.With: "expressions",
    exp.WithTableHint: "expressions",
}
DDL_NODES: Mapping[type[exp.Expr], str] = {
    **NODES,
    exp.AddConstraint: "expressions",
    exp.Alter: "this kind actions",
    exp.AlterColumn: "this dtype allow_null",
    exp.CheckColumnConstraint: "this",
    exp.ColumnConstraint: "this kind",
    exp.ColumnDef: "this kind constraints",
    exp.Constraint: "this expressions",
    exp.Create: "this kind unique",
    exp.DefaultColumnConstraint: "this",
    exp.Drop: "tables kind cluster",
    exp.ForeignKey: "expressions reference",
    exp.GeneratedAsIdentityColumnConstraint: "start increment",
    exp.Index: "this table params",
    exp.IndexParameters: "columns include where",
    exp.NotNullColumnConstraint: "allow_null",
    exp.OnProperty: "this",
    exp.PrimaryKey: "expressions include",
    exp.Reference: "this options",
    exp.UniqueColumnConstraint: "this",
}
