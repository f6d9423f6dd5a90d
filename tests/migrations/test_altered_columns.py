"""ALTER COLUMN as SQL Server allows it: not while a constraint or an index uses the column.

PostgreSQL changes such a column with all that uses it, so a migration that forgets to drop the CHECK first
would fail on SQL Server alone. The rules are those of "ALTER TABLE (Transact-SQL), ALTER COLUMN": only text
and bytes that grow may stay in a CHECK, a UNIQUE or an index, and nothing in a key.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlparse
from sqlglot import exp

from bms.sql.dialect.parse import parse
from bms.sql.dialect.postgres import tsql_type
from bms.sql.statements import StatementError
from bms.sql.yoyo.apply import MIGRATIONS

_VALUE_ONLY = (
    exp.DefaultColumnConstraint,
    exp.NotNullColumnConstraint,
    exp.GeneratedAsIdentityColumnConstraint,
)


@dataclass
class Schema:
    """The types of columns, and which columns each constraint and index uses."""

    types: dict[tuple[str, str], str] = field(default_factory=dict)
    uses: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def run(self, text: str) -> Iterator[str]:
        """Take over what a migration does; yield what SQL Server would refuse of it."""
        for statement in sqlparse.split(text):
            if not sqlparse.format(statement, strip_comments=True).strip(" \n;"):
                continue
            tree = parse(statement, StatementError, ddl=True).tree
            if isinstance(tree, exp.Create) and tree.args["kind"] == "INDEX":
                table = tree.this.args["table"].name
                self.uses[tree.this.name] = _columns(table, tree.this.args["params"])
            elif isinstance(tree, exp.Create):
                self._add(tree.this.this.name, tree.this.expressions)
            elif isinstance(tree, exp.Drop):
                for dropped in tree.args["tables"]:
                    self.uses.pop(dropped.name, None)
                    self.types = {key: kind for key, kind in self.types.items() if key[0] != dropped.name}
            elif isinstance(tree, exp.Alter):
                yield from self._alter(tree)

    def _alter(self, tree: exp.Alter) -> Iterator[str]:
        table = tree.this.name
        for action in tree.args["actions"]:
            if isinstance(action, exp.AlterColumn):
                column, kind = (table, action.name), tsql_type(action.args["dtype"])
                grows = _grows(self.types[column], kind)
                yield from (
                    f"{table}.{action.name} is used by {name}"
                    for name, used in sorted(self.uses.items())
                    if column in used and (name in self.keys or not grows)
                )
                self.types[column] = kind
            elif isinstance(action, exp.Drop):
                self.uses.pop(action.args["tables"][0].name, None)
            else:
                self._add(table, action.expressions if isinstance(action, exp.AddConstraint) else [action])

    def _add(self, table: str, parts: list[exp.Expr]) -> None:
        for part in parts:
            rules = [part]
            if isinstance(part, exp.ColumnDef):
                self.types[table, part.name] = tsql_type(part.args["kind"])
                rules = [rule for rule in part.args.get("constraints") or [] if rule.name]
            for rule in rules:
                if isinstance(rule.args.get("kind"), _VALUE_ONLY):
                    continue
                used = _columns(table, rule)
                if isinstance(part, exp.ColumnDef):
                    used.add((table, part.name))
                reference = rule.find(exp.Reference)
                if reference is not None:
                    used |= _columns(reference.this.this.name, reference)
                if reference is not None or rule.find(exp.PrimaryKey):
                    self.keys.add(rule.name)
                self.uses[rule.name] = used


def _columns(table: str, node: exp.Expr) -> set[tuple[str, str]]:
    return {(table, name.name) for name in node.find_all(exp.Identifier)}


def _grows(before: str, after: str) -> bool:
    sizes = [re.fullmatch(r"(NVARCHAR|VARBINARY)\((\d+|MAX)\)", kind) for kind in (before, after)]
    if sizes[0] is None or sizes[1] is None or sizes[0][1] != sizes[1][1]:
        return False
    old, new = (1 << 31 if size[2] == "MAX" else int(size[2]) for size in sizes if size)
    return new >= old


def refused(directory: Path) -> list[str]:
    """Return what SQL Server would refuse of the migrations in ``directory`` and of their rollbacks."""
    schema, found = Schema(), []
    for path in sorted(path for path in directory.glob("*.sql") if not path.stem.endswith(".rollback")):
        found += [f"{path.name}: {what}" for what in schema.run(path.read_text(encoding="utf-8"))]
        rollback = path.with_name(f"{path.stem}.rollback.sql")
        back = copy.deepcopy(schema).run(rollback.read_text(encoding="utf-8"))
        found += [f"{rollback.name}: {what}" for what in back]
    return found


def test_no_migration_changes_a_column_in_use() -> None:
    assert refused(MIGRATIONS) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ALTER TABLE t ALTER COLUMN price DECIMAL(15,3) NOT NULL;", ["t.price is used by ck_t_price"]),
        ("ALTER TABLE t ALTER COLUMN tax DECIMAL(15,3) NOT NULL;", ["t.tax is used by ck_t_sum"]),
        ("ALTER TABLE t ALTER COLUMN code NVARCHAR(10) NULL;", ["t.code is used by ix_t_code"]),
        ("ALTER TABLE t ALTER COLUMN code NVARCHAR(21) NULL;", []),
        ("ALTER TABLE t ALTER COLUMN code NVARCHAR(MAX) NULL;", []),
        ("ALTER TABLE t ALTER COLUMN free DECIMAL(15,3) NOT NULL;", []),
        ("ALTER TABLE t ALTER COLUMN kept INT NOT NULL;", ["t.kept is used by ix_t_code"]),
        ("ALTER TABLE t ALTER COLUMN id INT NOT NULL;", ["t.id is used by fk_u_t", "t.id is used by pk_t"]),
        ("ALTER TABLE u ALTER COLUMN t_id INT NOT NULL;", ["u.t_id is used by fk_u_t"]),
        (
            "ALTER TABLE t DROP CONSTRAINT ck_t_price;"
            " ALTER TABLE t ALTER COLUMN price DECIMAL(15,3) NOT NULL;"
            " ALTER TABLE t ADD CONSTRAINT ck_t_price CHECK (price > 0);",
            [],
        ),
        ("DROP INDEX ix_t_code ON t; ALTER TABLE t ALTER COLUMN code NVARCHAR(10) NULL;", []),
        (
            "ALTER TABLE t ADD CONSTRAINT ck_t_free CHECK (free > 0);"
            " ALTER TABLE t ALTER COLUMN free DECIMAL(15,3) NOT NULL;",
            ["t.free is used by ck_t_free"],
        ),
    ],
)
def test_a_column_in_use_is_found(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "0001_make.sql").write_text("""
        CREATE TABLE t (
            id BIGINT IDENTITY(1,1) NOT NULL,
            price DECIMAL(12,2) NOT NULL CONSTRAINT ck_t_price CHECK (price >= 0),
            tax DECIMAL(12,2) NOT NULL CONSTRAINT df_t_tax DEFAULT 0,
            total DECIMAL(12,2) NOT NULL,
            free DECIMAL(12,2) NOT NULL CONSTRAINT df_t_free DEFAULT 0,
            code NVARCHAR(20) NULL,
            kept SMALLINT NOT NULL,
            CONSTRAINT pk_t PRIMARY KEY (id),
            CONSTRAINT ck_t_sum CHECK (total >= tax)
        );
        -- Words in comments and literals are no columns.
        CREATE INDEX ix_t_code ON t (code) INCLUDE (kept) WHERE code <> N'free';
        CREATE TABLE u (t_id BIGINT NOT NULL CONSTRAINT fk_u_t REFERENCES t (id));
    """)
    (tmp_path / "0001_make.rollback.sql").write_text("DROP TABLE u; DROP TABLE t;")
    (tmp_path / "0002_change.sql").write_text(text)
    (tmp_path / "0002_change.rollback.sql").write_text("-- nothing")
    assert refused(tmp_path) == [f"0002_change.sql: {what}" for what in found]
    # The same in a rollback, where the migration itself changed nothing.
    (tmp_path / "0002_change.sql").write_text("-- nothing")
    (tmp_path / "0002_change.rollback.sql").write_text(text)
    assert refused(tmp_path) == [f"0002_change.rollback.sql: {what}" for what in found]
