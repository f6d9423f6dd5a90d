"""T-SQL text to a syntax tree, refusing whatever is outside the accepted subset.

sqlglot reads far more than this project writes, and drops in silence some of what it reads (a lock
hint, PERCENT, OPTION). Two nets stand against that. Every word of the text must be a name that is
found again in the tree or one of the words below, and every node of the tree must be of a kind, and
carry only the parts, that the tables below list.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.tokens import Token, TokenType

from bms.sql.statements import StatementError

HINTS = frozenset({"UPDLOCK", "ROWLOCK", "READPAST"})
UNITS: Mapping[str, int] = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400}
_FUNCTIONS = frozenset(
    [
        "ABS",
        "AVG",
        "CAST",
        "COALESCE",
        "CONCAT",
        "COUNT",
        "COUNT_BIG",
        "DATEADD",
        "DATEDIFF",
        "LEFT",
        "LEN",
        "LOWER",
        "MAX",
        "MIN",
        "NULLIF",
        "REPLACE",
        "RIGHT",
        "ROW_NUMBER",
        "SUM",
        "SYSUTCDATETIME",
        "UPPER",
    ]
)
_TYPES = frozenset(
    ["BIGINT", "BIT", "DATE", "DATETIME2", "DECIMAL", "FLOAT", "INT", "MAX", "NVARCHAR", "SMALLINT"]
)
_KEYWORDS = frozenset(
    [
        "ALL",
        "AND",
        "APPLY",
        "AS",
        "ASC",
        "BETWEEN",
        "BY",
        "CASE",
        "CROSS",
        "DELETE",
        "DESC",
        "DISTINCT",
        "ELSE",
        "END",
        "ESCAPE",
        "EXISTS",
        "FETCH",
        "FIRST",
        "FROM",
        "GROUP",
        "HAVING",
        "IN",
        "INNER",
        "INSERT",
        "INTO",
        "IS",
        "JOIN",
        "LEFT",
        "LIKE",
        "NEXT",
        "NOT",
        "NULL",
        "OFFSET",
        "ON",
        "ONLY",
        "OR",
        "ORDER",
        "OUTER",
        "OUTPUT",
        "OVER",
        "PARTITION",
        "ROW",
        "ROWS",
        "SELECT",
        "SET",
        "THEN",
        "TOP",
        "UNION",
        "UPDATE",
        "VALUES",
        "WHEN",
        "WHERE",
        "WITH",
    ]
)
_DDL_KEYWORDS = frozenset(
    [
        "ACTION",
        "ADD",
        "ALTER",
        "CASCADE",
        "CHECK",
        "CLUSTERED",
        "COLUMN",
        "CONSTRAINT",
        "CREATE",
        "DEFAULT",
        "DROP",
        "FOREIGN",
        "IDENTITY",
        "INCLUDE",
        "INDEX",
        "KEY",
        "NO",
        "NONCLUSTERED",
        "PRIMARY",
        "REFERENCES",
        "TABLE",
        "UNIQUE",
    ]
)
_WORDS = HINTS | UNITS.keys() | _FUNCTIONS | _TYPES | _KEYWORDS

_BINARY = "this expression"
_PREDICATES: Mapping[type[exp.Expr], str] = {
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
_NODES: Mapping[type[exp.Expr], str] = {
    **_PREDICATES,
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
    exp.Update: "this expressions where returning",
    exp.Upper: "this",
    exp.Values: "expressions",
    exp.Var: "this",
    exp.Where: "this",
    exp.Window: "this partition_by order over",
    exp.With: "expressions",
    exp.WithTableHint: "expressions",
}
_DDL_NODES: Mapping[type[exp.Expr], str] = {
    **_NODES,
    exp.AddConstraint: "expressions",
    exp.Alter: "this kind actions",
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

_WORD = re.compile(r"[A-Za-z_]\w*( +[A-Za-z_]\w*)*$", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}$")
_QUOTED_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}$")
_NUMBER = re.compile(r"\d+(\.\d+)?$")
_STRINGS = (TokenType.STRING, TokenType.NATIONAL_STRING)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree that has passed both nets; ``hints`` counts the table hints that the text holds."""

    tree: exp.Expr
    hints: int


def parse(name: str, text: str, *, ddl: bool = False) -> Parsed:
    """Return the checked tree of the one statement in ``text``; StatementError, with ``name``, otherwise."""

    def refuse(why: str) -> StatementError:
        return StatementError(f"{name}: {why}")

    try:
        tokens = TSQL().tokenize(text)
        while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
            tokens.pop()
        if not tokens:
            raise refuse("there is no statement")
        _check_tokens(text, tokens, refuse)
        text, tokens = _without_clustering(text, tokens) if ddl else (text, tokens)
        trees = sqlglot.parse(text, dialect="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        raise refuse(f"cannot be read: {error}") from error
    tree = trees[0]
    if len(trees) != 1 or tree is None:
        raise refuse("there is more than one statement")
    _unwrap(tree)
    _check_nodes(tree, _DDL_NODES if ddl else _NODES, refuse)
    _check_places(tree, refuse)
    _check_words(tree, tokens, _WORDS | _DDL_KEYWORDS if ddl else _WORDS, refuse)
    return Parsed(tree, sum(t.text.upper() in HINTS for t in tokens if t.token_type not in _STRINGS))


def _check_tokens(text: str, tokens: list[Token], refuse) -> None:  # type: ignore[no-untyped-def]
    depth = 0
    where_seen = False
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        kind = token.token_type
        if kind is TokenType.SEMICOLON:
            raise refuse("there is more than one statement")
        if kind is TokenType.PARAMETER and (following is None or not _WORD.match(following.text)):
            raise refuse("@@ and a bare @ are not accepted")
        if kind is TokenType.NUMBER and not _NUMBER.match(token.text):
            raise refuse(f"the number {token.text} is not accepted")
        if kind is TokenType.IDENTIFIER and (text[token.start] != "[" or not _QUOTED_NAME.match(token.text)):
            raise refuse(f"the quoted name {token.text!r} is not accepted; write it [in_lower_case]")
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        word = "" if kind in _STRINGS else token.text.upper()
        where_seen = where_seen or (depth == 0 and word == "WHERE")
        if word == "OUTPUT" and where_seen:
            raise refuse("T-SQL has OUTPUT before WHERE")


def _without_clustering(text: str, tokens: list[Token]) -> tuple[str, list[Token]]:
    """Blank out [NON]CLUSTERED, which PostgreSQL has not, where it says nothing about the rows."""
    kept: list[Token] = []
    for token in tokens:
        word, before = token.text.upper(), " ".join(t.text.upper() for t in kept[-2:])
        clustered = word == "CLUSTERED" and before.endswith("PRIMARY KEY")
        nonclustered = word == "NONCLUSTERED" and before.endswith(("PRIMARY KEY", "UNIQUE", "CREATE"))
        if clustered or nonclustered:
            text = text[: token.start] + " " * len(token.text) + text[token.end + 1 :]
        else:
            kept.append(token)
    return text, kept


def _unwrap(tree: exp.Expr) -> None:
    """Take off what sqlglot's parser adds of itself: casts around the arguments of string and date functions."""
    for node in list(tree.find_all(exp.Left, exp.Right, exp.Length)):
        if isinstance(node.this, exp.Cast) and node.this.to.this is exp.DType.TEXT:
            node.set("this", node.this.this)
    for node in list(tree.find_all(exp.TimeStrToTime)):
        node.replace(node.this)


def _check_nodes(tree: exp.Expr, allowed: Mapping[type[exp.Expr], str], refuse) -> None:  # type: ignore[no-untyped-def]
    for node in tree.walk():
        parts = allowed.get(type(node))
        if parts is None:
            raise refuse(f"{type(node).__name__} is not accepted: {node.sql('tsql')[:80]}")
        for part, value in node.args.items():
            if value and part not in parts.split():
                raise refuse(f"{part!r} of {type(node).__name__} is not accepted: {node.sql('tsql')[:80]}")
        if isinstance(node, exp.Anonymous) and node.name.upper() != "SYSUTCDATETIME":
            raise refuse(f"the function {node.name} is not accepted")
        if isinstance(node, exp.Identifier) and not _NAME.match(node.name):
            raise refuse(f"the name {node.name!r} is not accepted")


def _check_places(tree: exp.Expr, refuse) -> None:  # type: ignore[no-untyped-def]
    """Refuse what the tree allows and SQL Server or this project does not."""
    for node in tree.walk():
        place = node.parent
        if isinstance(node, exp.Star) and not isinstance(place, exp.Count):
            raise refuse("columns are listed one by one, not as *")
        while isinstance(place, exp.Paren):
            place = place.parent
        if type(node) in _PREDICATES and not _holds_predicate(node, place):
            raise refuse(f"a condition is no value on SQL Server: {node.sql('tsql')[:80]}")
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
            raise refuse("IS takes NULL only")


def _holds_predicate(node: exp.Expr, place: exp.Expr | None) -> bool:
    if isinstance(place, exp.Update):
        return isinstance(node, exp.EQ)
    if isinstance(place, exp.If):
        case = place.parent
        return not node.find_ancestor(exp.If) or (
            isinstance(case, exp.Case) and case.this is None and _within(node, place.this)
        )
    if isinstance(place, exp.Join):
        return True
    return isinstance(
        place,
        exp.Where | exp.Having | exp.And | exp.Or | exp.Not | exp.Escape | exp.CheckColumnConstraint,
    )


def _within(node: exp.Expr, outer: exp.Expr) -> bool:
    return node is outer or any(node is inner for inner in outer.walk())


def _check_words(  # type: ignore[no-untyped-def]
    tree: exp.Expr, tokens: Iterable[Token], allowed: Iterable[str], refuse
) -> None:
    words: Counter[str] = Counter()
    literals: Counter[str] = Counter()
    parameters: Counter[str] = Counter()
    before: TokenType | None = None
    for token in tokens:
        kind = token.token_type
        if kind in _STRINGS or kind is TokenType.NUMBER:
            literals[token.text] += 1
        elif before is TokenType.PARAMETER:
            parameters[token.text] += 1
        elif _WORD.match(token.text):
            words.update(token.text.lower().split())
        before = kind
    words.subtract(node.name.lower() for node in tree.find_all(exp.Identifier))
    literals.subtract(node.name for node in tree.find_all(exp.Literal, exp.National))
    parameters.subtract(node.name for node in tree.find_all(exp.Parameter))
    known = {word.lower() for word in allowed}
    odd = [word for word, count in words.items() if count < 0 or (count and word not in known)]
    odd += [item for item, count in (literals | parameters).items() if count]
    odd += [item for item, count in (literals - Counter(literals.keys())).items() if count < 0]
    if odd:
        raise refuse(f"not accepted: {', '.join(odd)}")
