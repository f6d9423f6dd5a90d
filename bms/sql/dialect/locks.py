"""Translates table hints to row locks. A silently dropped hint could sell a ticket twice.

When you write a statement, know this:

- On PostgreSQL ``SELECT ... WITH (UPDLOCK) ... ORDER BY`` locks in the stated order, but sorts before it
  locks. A row that another transaction changed meanwhile has its new values in its old position; if it no
  longer matches, it is missing.
- ``TOP`` counts rows before they are locked, so fewer may come back.
- Two transactions that share a lock and then both change the row deadlock. Take a shared lock only to read;
  take UPDLOCK to write.
"""

from sqlglot import exp

from bms.sql.dialect.parse import Parsed, Refuse
from bms.sql.dialect.subset import HINTS


def place_locks(parsed: Parsed, refuse: Refuse) -> None:
    """Turn every hint of ``parsed`` into a lock clause, or drop it where an UPDATE or DELETE locks anyway.

    Raises what ``refuse`` returns for a hint that has no equivalent.
    """
    tree = parsed.tree
    common_tables = {cte.alias for cte in tree.find_all(exp.CTE)}
    locks: dict[int, tuple[exp.Select, dict[tuple[bool, bool], list[exp.Identifier]]]] = {}
    handled = 0
    for table in list(tree.find_all(exp.Table)):
        hints = _take_hints(table, refuse)
        if not hints:
            continue
        handled += len(hints)
        if isinstance(tree, exp.Update | exp.Delete) and table is tree.this:
            for hint in sorted(hints & {"READPAST", "REPEATABLEREAD"}):
                raise refuse(f"{hint} on the target of an UPDATE or DELETE has no twin: lock in a subquery")
            continue
        shared = "REPEATABLEREAD" in hints
        if shared and hints != {"REPEATABLEREAD", "ROWLOCK"}:
            raise refuse(f"REPEATABLEREAD goes with ROWLOCK alone, not as {', '.join(sorted(hints))}")
        if not shared and "UPDLOCK" not in hints:
            raise refuse(f"the hint {', '.join(sorted(hints))} without UPDLOCK is not accepted on a SELECT")
        if table.name in common_tables:
            raise refuse(f"a hint on {table.name}, a WITH query, locks nothing on PostgreSQL")
        select = _selecting(table, refuse)
        _check_lockable(select, "REPEATABLEREAD" if shared else "UPDLOCK", refuse)
        _, names = locks.setdefault(id(select), (select, {}))
        alias = table.args.get("alias")
        names.setdefault((shared, "READPAST" in hints), []).append(
            (alias.this if alias else table.this).copy()
        )
    if handled != parsed.hints:
        raise refuse(f"of {parsed.hints} hints {handled} were understood")
    for select, names in locks.values():
        # FOR NO KEY UPDATE: like UPDLOCK, it lets other transactions insert rows that refer to a locked row.
        # In sqlglot, `wait=False` means SKIP LOCKED and None means wait.
        clauses = [
            exp.Lock(
                update=not shared,
                key=not shared,
                expressions=names[shared, skip],
                wait=False if skip else None,
            )
            for shared, skip in sorted(names)
        ]
        select.set("locks", clauses)


def _take_hints(table: exp.Table, refuse: Refuse) -> set[str]:
    words = [word.name.upper() for hint in table.args.get("hints") or [] for word in hint.expressions]
    if len(set(words)) != len(words) or not HINTS.issuperset(words):
        raise refuse(f"the hints {', '.join(words)} are not accepted")
    table.set("hints", None)
    return set(words)


def _selecting(table: exp.Table, refuse: Refuse) -> exp.Select:
    """Return the SELECT that reads ``table`` in its FROM, or in a join that does not make its rows NULL."""
    place = table.parent
    if isinstance(place, exp.Join) and place.side:
        raise refuse(f"{table.name} is on the nullable side of a join, where PostgreSQL takes no lock")
    if isinstance(place, exp.From | exp.Join) and isinstance(place.parent, exp.Select):
        return place.parent
    raise refuse(f"a hint on {table.name} is not accepted here")


def _check_lockable(select: exp.Select, hint: str, refuse: Refuse) -> None:
    """Refuse a lock where PostgreSQL cannot name the locked row, or may run the query more than once."""
    if any(select.args.get(part) for part in ("distinct", "group", "having")) or any(
        node.find_ancestor(exp.Select) is select for node in select.find_all(exp.AggFunc, exp.Window)
    ):
        raise refuse(f"{hint} does not go with DISTINCT, GROUP BY, HAVING, aggregates or windows")
    place = select.parent
    if isinstance(place, exp.SetOperation):
        raise refuse(f"{hint} does not go with UNION")
    if isinstance(place, exp.Subquery):
        if isinstance(place.parent, exp.From | exp.Join | exp.Lateral):
            raise refuse(f"{hint} in a derived table may lock more than once: put the query in a WITH")
        if isinstance(place.parent, exp.In) and place.find_ancestor(exp.Not):
            raise refuse(f"{hint} does not go with NOT IN")
