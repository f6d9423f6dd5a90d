"""The statements of a migration: tables, constraints, indexes."""

from collections.abc import Iterable

from sqlglot import exp

from bms.sql.dialect.parse import Parsed, Refuse
from bms.sql.dialect.postgres import tsql_type, write
from bms.sql.dialect.rewrite import rewrite_nodes
from bms.sql.dialect.types import column_type


def write_ddl(parsed: Parsed, refuse: Refuse) -> str:
    """Return the PostgreSQL text of a CREATE, ALTER or DROP. Raises what ``refuse`` returns for any other."""
    tree = parsed.tree
    if parsed.hints or tree.find(exp.Parameter):
        raise refuse("a migration has neither hints nor parameters")
    rewrite_nodes(tree, {}, refuse)
    if isinstance(tree, exp.Create) and tree.args["kind"] == "TABLE":
        _create_table(tree, refuse)
    elif isinstance(tree, exp.Alter):
        default = _dropped_default(tree, refuse)
        if default is not None:
            return f"ALTER TABLE {tree.this.name} ALTER COLUMN {default} DROP DEFAULT"
        if isinstance(tree.args["actions"][0], exp.AlterColumn):
            return _alter_column(tree, refuse)
        _alter_table(tree, refuse)
    elif isinstance(tree, exp.Drop) and tree.args["kind"] == "INDEX" and tree.args.get("cluster"):
        # On SQL Server an index belongs to its table, on PostgreSQL to the schema.
        tree.set("cluster", None)
    elif not _is_plain(tree):
        raise refuse("only tables, their constraints and indexes are made and dropped")
    return write(tree)


def _is_plain(tree: exp.Expr) -> bool:
    kind = tree.args.get("kind")
    if isinstance(tree, exp.Drop):
        return kind == "TABLE" and not tree.args.get("cluster")
    return isinstance(tree, exp.Create) and kind == "INDEX"


def _create_table(tree: exp.Create, refuse: Refuse) -> None:
    if not isinstance(tree.this, exp.Schema):
        raise refuse("CREATE TABLE lists its columns")
    table = tree.this.this.name
    columns = [part for part in tree.this.expressions if isinstance(part, exp.ColumnDef)]
    constraints = [part for part in tree.this.expressions if isinstance(part, exp.Constraint)]
    if len(columns) + len(constraints) != len(tree.this.expressions):
        raise refuse("a constraint has a name")
    for column in columns:
        _column(table, column, refuse)
    _constraints(constraints, refuse)
    nullable = {column.name for column in columns if not _is_not_null(column)}
    for constraint in constraints:
        unique = constraint.find(exp.UniqueColumnConstraint)
        if unique and nullable & {name.name for name in unique.this.expressions}:
            raise refuse(
                "SQL Server lets one NULL into a UNIQUE, PostgreSQL many: use a filtered unique index"
            )
    # The translation of `ORDER BY id` relies on this: see _order_nulls in rewrite.py.
    if "id" in nullable:
        raise refuse("a column id is NOT NULL")


def _alter_table(tree: exp.Alter, refuse: Refuse) -> None:
    for action in tree.args["actions"]:
        if isinstance(action, exp.ColumnDef):
            has_default = action.find(exp.DefaultColumnConstraint)
            if has_default and not _is_not_null(action):
                raise refuse("SQL Server leaves a new nullable column NULL, PostgreSQL fills in the default")
            _column(tree.this.name, action, refuse)
        elif isinstance(action, exp.AddConstraint):
            if len(action.expressions) != 1 or not isinstance(action.expressions[0], exp.Constraint):
                raise refuse("ALTER TABLE adds one constraint, with a name")
            _constraints(action.expressions, refuse)
        elif not isinstance(action, exp.Drop) or len(action.args["tables"]) != 1:
            raise refuse("ALTER TABLE adds, or drops one column or constraint")


def _alter_column(tree: exp.Alter, refuse: Refuse) -> str:
    """Return the text that changes a column's type. PostgreSQL keeps its constraints, indexes and default."""
    (action,) = tree.args["actions"]
    kind, nullable = action.args.get("dtype"), action.args.get("allow_null")
    written = tsql_type(kind) if isinstance(kind, exp.DataType) else ""
    type_ = column_type(written)
    if type_ is None:
        raise refuse(f"the type of {action.name} is not accepted")
    if nullable is None:
        raise refuse(f"say NULL or NOT NULL: without it, SQL Server makes {action.name} nullable")
    if nullable and action.name == "id":
        raise refuse("a column id is NOT NULL")
    if written == "BIT":
        raise refuse("no column becomes a BIT: on PostgreSQL it needs a CHECK of its own")
    column = action.this.sql("postgres")
    # SQL Server truncates a fraction that an integer cannot hold, PostgreSQL rounds it.
    using = f" USING TRUNC(CAST({column} AS numeric))" if written in ("BIGINT", "INT", "SMALLINT") else ""
    return (
        f"ALTER TABLE {tree.this.name}\n"
        f"  ALTER COLUMN {column} TYPE {type_}{using},\n"
        f"  ALTER COLUMN {column} {'DROP' if nullable else 'SET'} NOT NULL"
    )


def _dropped_default(tree: exp.Alter, refuse: Refuse) -> str | None:
    """Return the column of ``DROP CONSTRAINT df_table_column``: on PostgreSQL a default has no name."""
    action = tree.args["actions"][0]
    if not isinstance(action, exp.Drop) or action.args["kind"] != "CONSTRAINT":
        return None
    name: str = action.args["tables"][0].name
    prefix = f"df_{tree.this.name}_"
    if name.startswith("df_") and not name.startswith(prefix):
        raise refuse(f"{name} is not of the form {prefix}column")
    return name.removeprefix(prefix) if name.startswith(prefix) else None


def _column(table: str, column: exp.ColumnDef, refuse: Refuse) -> None:
    kind = column.args.get("kind")
    if not isinstance(kind, exp.DataType) or column_type(tsql_type(kind)) is None:
        raise refuse(f"the type of {column.name} is not accepted")
    for constraint in column.args.get("constraints") or []:
        rule = constraint.args["kind"]
        if isinstance(rule, exp.DefaultColumnConstraint):
            if constraint.name != f"df_{table}_{column.name}":
                raise refuse(f"the default of {column.name} is named df_{table}_{column.name}")
            constraint.set("this", None)
        elif isinstance(rule, exp.GeneratedAsIdentityColumnConstraint):
            if (rule.args["start"].name, rule.args["increment"].name) != ("1", "1"):
                raise refuse("IDENTITY is IDENTITY(1,1)")
            rule.set("start", None)
            rule.set("increment", None)
        elif not isinstance(rule, exp.NotNullColumnConstraint) and not constraint.name:
            raise refuse(f"a constraint of {column.name} has no name")
        elif isinstance(rule, exp.UniqueColumnConstraint):
            raise refuse("UNIQUE is a constraint of the table")
    if kind.this is exp.DType.BIT:
        # On SQL Server the type itself accepts only 0 and 1.
        values = exp.In(
            this=exp.column(column.name), expressions=[exp.Literal.number(0), exp.Literal.number(1)]
        )
        check = exp.ColumnConstraint(
            this=exp.to_identifier(f"ck_{table}_{column.name}_is_bit"),
            kind=exp.CheckColumnConstraint(this=values),
        )
        column.append("constraints", check)


def _constraints(constraints: Iterable[exp.Constraint], refuse: Refuse) -> None:
    for constraint in constraints:
        if len(constraint.expressions) != 1:
            raise refuse(f"{constraint.name} is more than one constraint")
        rule = constraint.expressions[0]
        if isinstance(rule, exp.PrimaryKey):
            if any(part.args.get("desc") for part in rule.expressions):
                raise refuse("a primary key has no direction on PostgreSQL")
            rule.set("expressions", [part.this for part in rule.expressions])
        elif isinstance(rule, exp.UniqueColumnConstraint):
            if not isinstance(rule.this, exp.Schema):
                raise refuse("UNIQUE lists its columns")
        elif not isinstance(rule, exp.CheckColumnConstraint | exp.ForeignKey):
            raise refuse(f"{constraint.name} is not accepted")


def _is_not_null(column: exp.ColumnDef) -> bool:
    return any(
        isinstance(constraint.args["kind"], exp.NotNullColumnConstraint)
        and not constraint.args["kind"].args.get("allow_null")
        for constraint in column.args.get("constraints") or []
    )
