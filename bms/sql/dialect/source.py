"""Checks UPDATE ... FROM: its only source of rows, beside the changed table, is OPENJSON."""

from sqlglot import exp

from bms.sql.dialect.parse import Refuse


def check_source(update: exp.Update, refuse: Refuse) -> None:
    """Accept ``FROM OPENJSON(@x) WITH (...) AS j`` that WHERE joins to the target.

    Every column outside a subquery is qualified. A server reports an ambiguous bare name only when the
    statement first runs; this check finds it at start-up. Raises what ``refuse`` returns for anything else.
    """
    source = update.args["from_"].this
    if not isinstance(source, exp.Table) or not isinstance(source.this, exp.OpenJSON) or not source.alias:
        raise refuse("the FROM of an UPDATE is OPENJSON, WITH its columns and AS a name")
    target, alias = update.this.name.lower(), source.alias.lower()
    if alias in (target, "inserted", "deleted"):
        raise refuse(f"the name {source.alias} means another table here")
    _check_columns(update, target, source, refuse)
    where = update.args.get("where")
    conditions = _conditions(where.this) if where else []
    if not any(_joins(condition, {target, alias}) for condition in conditions):
        raise refuse(f"WHERE joins {update.this.name} to {source.alias}: {target}.x = {alias}.y AND ...")


def _check_columns(update: exp.Update, target: str, source: exp.Table, refuse: Refuse) -> None:
    alias = source.alias.lower()
    known = {column.name.lower() for column in source.this.expressions}
    are_set = {id(assignment.this) for assignment in update.expressions}
    for column in update.find_all(exp.Column):
        owner = column.table.lower()
        if owner == alias and column.name.lower() not in known:
            raise refuse(f"{source.alias} has no column {column.name}")
        # SET takes bare columns. OUTPUT and subqueries are checked elsewhere.
        if id(column) in are_set or column.find_ancestor(exp.Returning, exp.Select):
            continue
        if owner not in (target, alias):
            name = column.name
            raise refuse(f"say whose {column.sql('tsql')} is: {target}.{name} or {alias}.{name}")


def _conditions(node: exp.Expr) -> list[exp.Expr]:
    """Return the conditions that AND joins in ``node``."""
    node = node.unnest()
    return _conditions(node.left) + _conditions(node.right) if isinstance(node, exp.And) else [node]


def _joins(condition: exp.Expr, owners: set[str]) -> bool:
    sides = (condition.left, condition.right) if isinstance(condition, exp.EQ) else ()
    return {side.table.lower() for side in sides if isinstance(side, exp.Column)} == owners
