"""Handles what means one thing in T-SQL and another in PostgreSQL: rewrites the syntax tree, or refuses it.

Some differences depend on the types of columns, which are not known here. When you write a statement, know
these:

- CONCAT and CAST to NVARCHAR print times and floats differently.
- SUM of a BIGINT column is NUMERIC on PostgreSQL: write SUM(CAST(x AS BIGINT)).
- Comparison is case-insensitive on SQL Server by default.
- The caller escapes a LIKE pattern in a parameter: %, _ and also [, which opens a class on SQL Server only.
"""

from collections.abc import Mapping

from sqlglot import exp

from bms.sql.dialect.parse import Parsed, Refuse
from bms.sql.dialect.postgres import tsql_type
from bms.sql.dialect.source import check_source
from bms.sql.dialect.subset import UNITS
from bms.sql.dialect.types import column_type
from bms.sql.statements import Parameter

_INTEGERS = (exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT)
_ALWAYS_INTEGER = (exp.Count, exp.Length, exp.RowNumber, exp.DateDiff)
_ALWAYS_TEXT = (exp.Concat, exp.Left, exp.Lower, exp.National, exp.Replace, exp.Right, exp.Upper)


def rewrite(parsed: Parsed, parameters: Mapping[str, Parameter], refuse: Refuse) -> None:
    """Change ``parsed`` in place so that PostgreSQL does what SQL Server would. Leaves out the locks."""
    tree = parsed.tree
    _check_shape(tree, refuse)
    if isinstance(tree, exp.Update) and tree.args.get("from_"):
        check_source(tree, refuse)
    _rewrite_output(tree, refuse)
    rewrite_nodes(tree, parameters, refuse)


def rewrite_nodes(tree: exp.Expr, parameters: Mapping[str, Parameter], refuse: Refuse) -> None:
    """Rewrite, in place, every node of ``tree``: a query, or a migration with its CHECKs."""
    for node in list(tree.walk()):
        if isinstance(node, exp.Parameter):
            _check_parameter(node, parameters, refuse)
        elif isinstance(node, exp.OpenJSON):
            _check_rows_of_json(node, parameters, refuse)
        elif isinstance(node, exp.Join):
            _check_join(node, refuse)
        elif isinstance(node, exp.Select | exp.Union):
            _rewrite_limit(node, refuse)
        elif isinstance(node, exp.Ordered):
            _order_nulls(node)
        elif isinstance(node, exp.Like):
            _rewrite_like(node, refuse)
        elif isinstance(node, exp.Cast):
            _rewrite_cast(node, parameters, refuse)
        elif isinstance(node, exp.Sum):
            _rewrite_sum(node)
        elif isinstance(node, exp.Avg) and not _casts_to(node.this, exp.DType.FLOAT):
            raise refuse("AVG of whole numbers is whole on SQL Server only: write AVG(CAST(x AS FLOAT))")
        elif isinstance(node, exp.Add) and any(
            _is_text(side, parameters) for side in (node.left, node.right)
        ):
            raise refuse("text is joined by CONCAT, not by +")
        elif isinstance(node, exp.DateAdd | exp.DateDiff) and node.args["unit"].name.upper() not in UNITS:
            raise refuse(f"the unit is one of {', '.join(UNITS)}")


def _check_shape(tree: exp.Expr, refuse: Refuse) -> None:
    if not isinstance(tree, exp.Select | exp.Union | exp.Insert | exp.Update | exp.Delete):
        raise refuse("only SELECT, INSERT, UPDATE and DELETE are accepted")
    if isinstance(tree, exp.Insert):
        if not isinstance(tree.this, exp.Schema):
            raise refuse("INSERT lists its columns")
        if not isinstance(tree.expression, exp.Values | exp.Select | exp.Union):
            raise refuse("INSERT takes VALUES or a SELECT")
    if isinstance(tree, exp.Update | exp.Delete) and not isinstance(tree.this, exp.Table):
        raise refuse("the target is one table")
    if isinstance(tree, exp.Update | exp.Delete) and tree.this.alias:
        raise refuse("the target of an UPDATE or DELETE has no alias in T-SQL")
    if isinstance(tree, exp.Update):
        for assignment in tree.expressions:
            if not isinstance(assignment.this, exp.Column) or assignment.this.table:
                raise refuse("SET takes bare columns")
    for node in tree.find_all(exp.With, exp.Values, exp.Tuple, exp.Subquery):
        if isinstance(node, exp.Tuple) and not isinstance(node.parent, exp.Values):
            raise refuse("SQL Server has no row values")
        if isinstance(node, exp.With | exp.Values) and node.parent is not tree:
            raise refuse(f"{type(node).__name__.upper()} is accepted at the top only")
        if isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Select | exp.Union):
            raise refuse("a subquery is a SELECT")


def _rewrite_output(tree: exp.Expr, refuse: Refuse) -> None:
    returning = tree.args.get("returning")
    if returning is None:
        return
    prefix = "deleted" if isinstance(tree, exp.Delete) else "inserted"
    source = tree.args.get("from_")
    for column in list(returning.find_all(exp.Column)):
        if column.table.lower() == prefix:
            # If the source has a column of the same name, a bare name would be ambiguous.
            column.set("table", tree.this.this.copy() if source else None)
        elif source is None or column.table.lower() != source.this.alias.lower():
            raise refuse(f"OUTPUT takes {prefix}.{column.name} here, not {column.sql('tsql')}")
    if returning.find(exp.Select):
        raise refuse("OUTPUT takes no subquery")


def _check_parameter(node: exp.Parameter, parameters: Mapping[str, Parameter], refuse: Refuse) -> None:
    parameter = parameters.get(node.name)
    if parameter is None:
        raise refuse(f"@{node.name} is not declared")
    if parameter.base == "VARBINARY" and not _is_stored_or_selected(node):
        raise refuse(f"@{node.name} is VARBINARY, which is stored, selected or tested for NULL")
    if parameter.is_list:
        if not isinstance(node.parent, exp.In) or node.arg_key != "expressions":
            raise refuse(f"@{node.name} is a list and stands in IN (@{node.name}) only")
        if node.find_ancestor(exp.Not):
            raise refuse(f"NOT and the list @{node.name} do not go together: an empty list is NULL")


def _is_stored_or_selected(node: exp.Expr) -> bool:
    """Return whether ``node``, or a choice that contains it, is stored, selected or tested for NULL."""
    place = node.parent
    while isinstance(place, exp.Paren | exp.Alias | exp.Coalesce | exp.Case) or (
        isinstance(place, exp.If) and node.arg_key == "true"
    ):
        if isinstance(place, exp.Case) and node.arg_key == "this":
            return False
        node, place = place, place.parent
    if isinstance(place, exp.EQ):
        return isinstance(place.parent, exp.Update)
    return isinstance(place, exp.Tuple | exp.Select | exp.Is)


def _check_rows_of_json(node: exp.OpenJSON, parameters: Mapping[str, Parameter], refuse: Refuse) -> None:
    """Accept OPENJSON of a parameter as a named table whose columns have the names of their keys."""
    text = node.this
    if not isinstance(text, exp.Parameter) or parameters[text.name].type != "NVARCHAR(MAX)":
        raise refuse("OPENJSON takes a parameter of NVARCHAR(MAX)")
    if not isinstance(node.parent, exp.Table) or not node.parent.alias or not node.expressions:
        raise refuse("OPENJSON stands in FROM, WITH its columns and AS a name")
    for column in node.expressions:
        kind = tsql_type(column.args["kind"])
        if column_type(kind) is None or kind == "VARBINARY(MAX)":
            raise refuse(f"OPENJSON with {column.name} {kind} is not accepted")
        if column.args.get("as_json") and kind != "NVARCHAR(MAX)":
            raise refuse("a column AS JSON is NVARCHAR(MAX)")


def _check_join(join: exp.Join, refuse: Refuse) -> None:
    if isinstance(join.this, exp.Lateral):
        if not isinstance(join.this.this, exp.Subquery):
            raise refuse("APPLY takes a subquery")
    elif join.side not in ("", "LEFT") or join.kind not in ("", "INNER", "OUTER", "CROSS"):
        raise refuse("joins are INNER, LEFT or CROSS")
    elif (join.kind == "CROSS") == bool(join.args.get("on")):
        raise refuse("a join has ON, unless it is a CROSS JOIN")


def _rewrite_limit(query: exp.Select | exp.Union, refuse: Refuse) -> None:
    limit = query.args.get("limit")
    if isinstance(limit, exp.Fetch):
        if limit.args.get("count") is None:
            raise refuse("FETCH says how many rows")
        query.set("limit", exp.Limit(expression=limit.args["count"]))
    if query.args.get("offset") and not query.args.get("order"):
        raise refuse("OFFSET needs ORDER BY")


def _order_nulls(node: exp.Ordered) -> None:
    """Write where NULLs sort, but not for a primary key ``id``, whose index has PostgreSQL's own order.

    NULLs sort lowest on SQL Server, highest on PostgreSQL. A PostgreSQL index serves an ORDER BY only if both
    sort NULLs alike, so the columns of an index are rewritten too.
    """
    if isinstance(node.this, exp.Column) and node.this.name == "id" and _is_primary_key(node):
        node.set("nulls_first", bool(node.args.get("desc")))


def _is_primary_key(node: exp.Ordered) -> bool:
    """Return whether a column ``id`` is certainly that of a table, in a row that exists."""
    if node.find_ancestor(exp.IndexParameters):
        return True
    select = node.find_ancestor(exp.Select, exp.Union)
    if not isinstance(select, exp.Select) or any(
        column.alias == "id" and column.unalias().name != "id" for column in select.expressions
    ):
        return False
    common_tables = {cte.alias for cte in select.root().find_all(exp.CTE)}
    joins = select.args.get("joins") or []
    from_ = select.args.get("from_")
    whole = [from_.this, *(join.this for join in joins if not join.side)] if from_ else []
    tables = [t for t in whole if isinstance(t, exp.Table) and t.name not in common_tables]
    qualifier = node.this.args.get("table")
    if qualifier is not None:
        return qualifier.name in {table.alias_or_name for table in tables}
    return len(tables) == 1 and not joins


def _rewrite_like(node: exp.Like, refuse: Refuse) -> None:
    escape = node.parent.expression if isinstance(node.parent, exp.Escape) else None
    pattern = node.expression
    if escape is None:
        # PostgreSQL would treat a backslash as an escape character.
        _wrap(node, exp.Escape(expression=exp.Literal.string("")))
    elif not _is_string(escape) or len(escape.name) != 1:
        raise refuse("ESCAPE takes one character")
    if _is_string(pattern):
        text = pattern.name.replace(f"{escape.name}[", "") if escape else pattern.name
        if "[" in text:
            raise refuse("[ opens a class in a pattern on SQL Server alone: escape it")


def _rewrite_cast(node: exp.Cast, parameters: Mapping[str, Parameter], refuse: Refuse) -> None:
    if column_type(tsql_type(node.to)) is None or node.to.this is exp.DType.VARBINARY:
        raise refuse(f"CAST to {tsql_type(node.to)} is not accepted")
    if node.to.this in _INTEGERS and not _is_integer(node.this, parameters):
        # SQL Server truncates the fraction, PostgreSQL rounds it.
        number = exp.Cast(this=node.this, to=exp.DataType(this=exp.DType.DECIMAL))
        node.set("this", exp.Anonymous(this="TRUNC", expressions=[number]))
    if node.to.this is exp.DType.BIT and not _is_bit(node.this, parameters):
        raise refuse("CAST to BIT takes 0, 1 or a CASE of them: other numbers would stay as they are")


def _rewrite_sum(node: exp.Sum) -> None:
    """Cast the sum of BIGINTs to BIGINT. On PostgreSQL it is NUMERIC."""
    if _casts_to(node.this, exp.DType.BIGINT):
        whole = node.parent if isinstance(node.parent, exp.Window) else node
        _wrap(whole, exp.Cast(to=exp.DataType(this=exp.DType.BIGINT)))


def _wrap(node: exp.Expr, outer: exp.Expr) -> None:
    """Put ``node`` itself inside ``outer``, not a copy: its children may not be rewritten yet."""
    node.replace(outer)
    outer.set("this", node)


def _casts_to(node: exp.Expr, kind: exp.DType) -> bool:
    return isinstance(node, exp.Cast) and node.to.this is kind


def _is_string(node: exp.Expr) -> bool:
    return isinstance(node, exp.National) or (isinstance(node, exp.Literal) and bool(node.is_string))


def _results(node: exp.Expr) -> list[exp.Expr]:
    """Return the expressions that ``node`` chooses its value from; ``node`` itself if it chooses nothing."""
    if isinstance(node, exp.Paren):
        return _results(node.this)
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        chosen = [branch.args["true"] for branch in node.args["ifs"]] + ([default] if default else [])
    elif isinstance(node, exp.Coalesce):
        chosen = [node.this, *node.expressions]
    elif isinstance(node, exp.Nullif):
        chosen = [node.this]
    else:
        return [node]
    return [result for choice in chosen for result in _results(choice)]


def _is_text(node: exp.Expr, parameters: Mapping[str, Parameter]) -> bool:
    return any(
        _is_string(result)
        or isinstance(result, _ALWAYS_TEXT)
        or _casts_to(result, exp.DType.NVARCHAR)
        or (isinstance(result, exp.Parameter) and parameters[result.name].base == "NVARCHAR")
        or (
            isinstance(result, exp.Add)
            and (_is_text(result.left, parameters) or _is_text(result.right, parameters))
        )
        for result in _results(node)
    )


def _is_integer(node: exp.Expr, parameters: Mapping[str, Parameter]) -> bool:
    return all(
        isinstance(result, _ALWAYS_INTEGER)
        or (isinstance(result, exp.Literal) and not result.is_string and "." not in result.name)
        or (isinstance(result, exp.Cast) and result.to.this in _INTEGERS)
        or (
            isinstance(result, exp.Parameter)
            and parameters[result.name].base in ("BIGINT", "INT", "SMALLINT", "BIT")
        )
        or (isinstance(result, exp.Neg) and _is_integer(result.this, parameters))
        for result in _results(node)
    )


def _is_bit(node: exp.Expr, parameters: Mapping[str, Parameter]) -> bool:
    return all(
        (isinstance(result, exp.Literal) and result.name in ("0", "1"))
        or (isinstance(result, exp.Parameter) and parameters[result.name].base == "BIT")
        for result in _results(node)
    )
