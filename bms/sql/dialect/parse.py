"""Parses T-SQL into a syntax tree and refuses whatever is outside the accepted subset.

sqlglot accepts far more than this project writes, and silently drops some of it (a lock hint, PERCENT,
OPTION). Two checks catch that:

- Every word of the text must be a name found in the tree or a word of the subset.
- Every node of the tree must be of a kind that the subset lists, with only the parts listed there.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from bms.sql.dialect.subset import DDL_NODES, DDL_WORDS, HINTS, NODES, PREDICATES, WORDS
from bms.sql.statements import StatementError

Refuse = Callable[[str], StatementError]

_WORD = re.compile(r"[A-Za-z_]\w*( +[A-Za-z_]\w*)*$", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}$")
_QUOTED_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}$")
_NUMBER = re.compile(r"\d+(\.\d+)?$")
_HOLD_CONDITIONS = (
    exp.And,
    exp.CheckColumnConstraint,
    exp.Escape,
    exp.Having,
    exp.Join,
    exp.Not,
    exp.Or,
    exp.Where,
)
_STRINGS = (TokenType.STRING, TokenType.NATIONAL_STRING)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree that passed both checks. ``hints`` is the number of lock hints in the text."""

    tree: exp.Expr
    hints: int


def parse(text: str, refuse: Refuse, *, ddl: bool = False) -> Parsed:
    """Return the checked tree of the only statement in ``text``. Raises what ``refuse`` returns otherwise."""
    try:
        tokens = TSQL().tokenize(text)
        while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
            tokens.pop()
        if not tokens:
            raise refuse("there is no statement")
        output = _check_tokens(text, tokens, refuse)
        text = text[: tokens[-1].end + 1]
        if ddl:
            text = _without_clustering(text, tokens)
        if output is not None and tokens[0].token_type is TokenType.DELETE:
            text = _output_last(text, *output)
        trees = sqlglot.parse(text, dialect="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        raise refuse(f"cannot be read: {_reason(error)}") from error
    tree = trees[0]
    if len(trees) != 1 or tree is None:
        raise refuse("there is more than one statement")
    _unwrap(tree)
    _check_nodes(tree, DDL_NODES if ddl else NODES, refuse)
    _check_places(tree, refuse)
    _check_words(tree, tokens, DDL_WORDS if ddl else WORDS, refuse)
    return Parsed(tree, sum(t.text.upper() in HINTS for t in tokens if t.token_type not in _STRINGS))


def _reason(error: SqlglotError) -> str:
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"{first.get('description')} at {first.get('highlight')!r}, line {first.get('line')}"
    return str(error)


def _check_tokens(text: str, tokens: list[Token], refuse: Refuse) -> tuple[int, int] | None:
    """Refuse tokens outside the subset; return the start and end of an OUTPUT clause before a WHERE."""
    depth = 0
    output: int | None = None
    where: int | None = None
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
        if kind is TokenType.ALTER and (
            following is None or following.text.upper() not in ("TABLE", "COLUMN")
        ):
            raise refuse("ALTER is ALTER TABLE, and in it ALTER COLUMN")
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        word = "" if kind in _STRINGS else token.text.upper()
        if depth == 0 and word == "WHERE" and where is None:
            where = token.start
        if depth == 0 and word == "OUTPUT":
            if where is not None:
                raise refuse("T-SQL has OUTPUT before WHERE")
            output = token.start
    return None if output is None or where is None else (output, where)


def _output_last(text: str, output: int, where: int) -> str:
    """Move the OUTPUT clause of a DELETE behind its WHERE, where sqlglot can parse it."""
    return f"{text[:output]}{text[where:]}\n{text[output:where]}"


def _without_clustering(text: str, tokens: list[Token]) -> str:
    """Blank out [NON]CLUSTERED where it does not change the meaning. PostgreSQL does not have it."""
    before = ""
    for token in tokens:
        word = token.text.upper().split(" ")[0]
        clustered = word == "CLUSTERED" and before.endswith("PRIMARY KEY")
        nonclustered = word == "NONCLUSTERED" and before.endswith(("PRIMARY KEY", "UNIQUE", "CREATE"))
        if clustered or nonclustered:
            text = text[: token.start] + " " * len(word) + text[token.start + len(word) :]
        before = token.text.upper()
    return text


def _unwrap(tree: exp.Expr) -> None:
    """Remove the casts that sqlglot's parser adds to the arguments of string and date functions."""
    for node in list(tree.find_all(exp.Left, exp.Right, exp.Length)):
        if isinstance(node.this, exp.Cast) and node.this.to.this is exp.DType.TEXT:
            node.set("this", node.this.this)
    for node in list(tree.find_all(exp.TimeStrToTime)):
        node.replace(node.this)


def _check_nodes(tree: exp.Expr, allowed: Mapping[type[exp.Expr], str], refuse: Refuse) -> None:
    for node in tree.walk():
        parts = allowed.get(type(node))
        if parts is None:
            raise refuse(f"{type(node).__name__} is not accepted: {_excerpt(node)}")
        for part, value in node.args.items():
            if value and part not in parts.split():
                raise refuse(f"{part!r} of {type(node).__name__} is not accepted: {_excerpt(node)}")
        if isinstance(node, exp.Anonymous) and node.name.upper() != "SYSUTCDATETIME":
            raise refuse(f"the function {node.name} is not accepted")
        if isinstance(node, exp.Identifier) and not _NAME.match(node.name):
            raise refuse(f"the name {node.name!r} is not accepted")


def _excerpt(node: exp.Expr) -> str:
    return node.sql("tsql", comments=False)[:80]


def _check_places(tree: exp.Expr, refuse: Refuse) -> None:
    """Refuse what the tree allows but SQL Server or this project does not."""
    for node in tree.walk():
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            raise refuse("columns are listed one by one, not as *")
        if type(node) in PREDICATES and not _stands_as_condition(node):
            raise refuse(f"a condition is no value on SQL Server: {_excerpt(node)}")
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
            raise refuse("IS takes NULL only")


def _stands_as_condition(node: exp.Expr) -> bool:
    while isinstance(node.parent, exp.Paren):
        node = node.parent
    place = node.parent
    if isinstance(place, exp.If):
        case = place.parent
        return node is place.this and isinstance(case, exp.Case) and case.args.get("this") is None
    if isinstance(place, exp.Update):
        return isinstance(node, exp.EQ)
    return isinstance(place, _HOLD_CONDITIONS)


def _check_words(tree: exp.Expr, tokens: Iterable[Token], allowed: Iterable[str], refuse: Refuse) -> None:
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
    odd += [item for item, count in (*literals.items(), *parameters.items()) if count]
    if odd:
        raise refuse(f"not accepted: {', '.join(odd)}")
