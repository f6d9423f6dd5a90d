"""Whatever the API lets people do, a page does too, by the same commands and queries.

Of each operation the test reads which commands and queries its handler uses; of the site, which its modules
use. What no page does is named below, with the reason.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import bms.web
from bms.app import ENDPOINTS
from bms.http.call import Access
from bms.http.endpoint import Endpoint

SITE = Path(bms.web.__path__[0])
WORK = ("bms.commands", "bms.checkout", "bms.queries", "bms.admission", "bms.maintenance")
# Part of every such module, and no work that somebody asks for.
TOOLS = frozenset(
    {
        *("Key", "StoredReply", "Contact", "Wanted", "Actor", "Ask", "EventFilter", "Listed", "Position"),
        *("Pin", "NewPlan", "Difference", "LiveSeats", "AT_ONCE"),
    }
)

# A page's command that does what another does, and more.
ALSO = {
    "bms.commands.events.create.create_event": "bms.commands.events.create.create_event_and_venue",
    "bms.commands.sales.reseat.reseat_booking": "bms.commands.sales.reseat.reseat_tickets",
}

LEFT_OUT = {
    "notifications.send": "to a single user; that to holders is on a page",
    "bookings.index": "pages list one's own bookings with their events, and those of an event",
    "bookings.show": "a page finds a booking by its reference",
    "notifications.read": "the account shows all of them at once",
    "payments.index": "the page of a booking shows its payment",
    "payments.show": "the page of a booking shows its payment",
    "refunds.show": "the page of a booking shows its refunds",
    "statistics.stats": "the event's page reads the same figures and more",
}


def names_in(node: ast.AST) -> set[str]:
    """Return the names that are used in a piece of code."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {
        one.value.id
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
    }


def imported(tree: ast.Module) -> dict[str, str]:
    """Return what a module imports of the working parts: the full name by the name in the module."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(WORK):
            for one in node.names:
                found[one.asname or one.name] = f"{node.module}.{one.name}"
    return found


@cache
def module_of(path: str) -> tuple[dict[str, str], dict[str, ast.AST]]:
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    functions = {
        node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return imported(tree), functions


def work_of(path: str, function: str) -> set[str]:
    """Return the commands and queries that a function uses, by its helpers of the same module too."""
    known, functions = module_of(path)
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [function]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        used = names_in(functions[name])
        attributes = {
            f"{known[one.value.id]}.{one.attr}"
            for one in ast.walk(functions[name])
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in known
        }
        found |= {known[one] for one in used if one in known} | attributes
        waiting += [one for one in used if one in functions and one not in seen]
    return {
        one for one in found if one.rpartition(".")[2] not in TOOLS and one.rpartition(".")[2][0].islower()
    }


@cache
def work_of_the_site() -> frozenset[str]:
    """Return the commands and queries that pages use."""
    found: set[str] = set()
    for path in SITE.rglob("*.py"):
        known, functions = module_of(str(path))
        for name in functions:
            found |= work_of(str(path), name)
        # A page may be a method, or hold its work in a constant.
        found |= set(known.values())
    return frozenset(found)


def operations() -> Iterator[Endpoint]:
    """Yield the operations that somebody signed in may call, once each."""
    seen: set[str] = set()
    for endpoint in ENDPOINTS:
        asks = endpoint.access not in (Access.ANYONE, Access.CREDENTIALS, Access.SIGNED, Access.OPERATOR)
        if asks and not endpoint.deprecated and endpoint.operation not in seen:
            seen.add(endpoint.operation)
            yield endpoint


def missing(endpoint: Endpoint) -> set[str]:
    """Return the commands of an operation that no page uses, or its queries if it has no commands."""
    code = inspect.unwrap(endpoint.handler)
    work = work_of(inspect.getfile(code), code.__name__)
    commands = {one for one in work if not one.startswith("bms.queries")}
    return {ALSO.get(one, one) for one in commands or work} - work_of_the_site()


@pytest.mark.parametrize("endpoint", list(operations()), ids=lambda endpoint: endpoint.operation)
def test_a_page_does_it(endpoint: Endpoint) -> None:
    left = missing(endpoint)
    if endpoint.operation in LEFT_OUT:
        assert left, f"{endpoint.operation} is on a page now: take it out of LEFT_OUT"
    else:
        assert not left, f"{endpoint.operation}: no page uses {sorted(left)}"


def test_what_is_left_out_exists() -> None:
    assert set(LEFT_OUT) <= {endpoint.operation for endpoint in operations()}


def test_a_command_that_no_page_uses_is_found() -> None:
    """The twin: work that the site does not do."""
    path = Path(bms.web.__path__[0]).parent / "handlers" / "notifications.py"
    assert "bms.commands.messages.notifications.mark_read" in work_of(str(path), "read")
    assert "bms.commands.messages.notifications.mark_read" not in work_of_the_site()
