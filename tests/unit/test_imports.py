"""Which part may import which: handlers and tasks -> checkout -> commands -> queries -> sql.

The table below is the whole rule. A part is a package or module right under ``bms``; each may also
import itself. What is not in the table (``app``, ``processes``, ``serve``, ``cli`` and what they put
together) may import anything, and nothing in the table may import that.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bms

PACKAGE = Path(bms.__file__).parent

LEAVES = {
    *("addresses", "announcements", "characters", "errors", "formats", "holders", "logs", "money"),
    *("memory", "refund_rules", "terms", "zones"),
}

# part: the parts, or single modules of a part, that it may import; anything may import LEAVES
MAY_IMPORT = {
    "handlers": {
        *("admission", "checkout", "commands", "queries", "schemas", "http"),
        *("metrics", "seating", "security"),
    },
    "web": {
        *("admission", "cache", "checkout.pinning", "checkout.refunds", "checkout.sheets", "commands"),
        *("configuration", "settings"),
        *("http", "i18n", "metrics.tasks", "pictures", "queries", "schemas", "seating", "security"),
        "worker",
    },
    "admission": {
        *(
            "cache.counters",
            "checkout.payments",
            "commands",
            "http",
            "queries",
            "schemas.exports",
            "security",
        ),
        "sql.database",
    },
    "openapi": {"http", "schemas", "security.signatures"},
    "http": {
        *(
            "cache",
            "grouping",
            "i18n.tags",
            "links",
            "checkout.charts",
            "checkout.live_seats",
            "checkout.till",
            "checkout.turnstile",
            "mail",
            "metrics",
            "payments.gateway",
            "security",
            "settings",
        ),
        *(
            "commands.audit",
            "commands.idempotency",
            "queries.sessions",
            "schemas.base",
            "schemas.problems",
            "sql.database",
        ),
    },
    "tasks": {
        *("checkout", "commands", "i18n.languages", "links", "queries.due", "mail", "payments", "settings"),
        "broker",
        *("cache.counters", "security.booking_links", "security.link_tokens", "sql.database"),
    },
    "maintenance": {
        *("commands", "payments", "queries", "resources", "schemas", "seating", "security", "settings"),
        *("sql.database", "sql.embedded", "sql.session", "sql.yoyo"),
    },
    "resources": {
        *(
            "cache",
            "commands.constraints",
            "commands.rate_counters",
            "http.shared",
            "links",
            "mail",
            "metrics",
            "payments",
            "security",
            "settings",
        ),
        *("sql.database", "sql.odbc"),
    },
    "checkout": {
        *("grouping", "lanes", "commands", "queries", "schemas", "payments"),
        *("seating", "sql.database", "worker"),
    },
    "commands": {
        *("i18n.languages", "i18n.refund_rules", "pictures.terms", "queries", "seating"),
        *("sql.session", "sql.statements"),
    },
    "queries": {"sql.session", "sql.statements"},
    "schemas": {
        *("i18n.tags", "queries", "security.passwords", "payments.cards"),
        *("pictures.terms", "seating"),
    },
    "sql": {"cache.stamps"},
    "broker": set(),
    "mail": {"grouping", "i18n.languages", "i18n.refund_rules", "i18n.templates"},
    "i18n": set(),
    "grouping": {"lanes"},
    "lanes": set(),
    "payments": {"grouping"},
    "seating": set(),
    "pictures": set(),
    "worker": set(),
    "security": set(),
    "cache": set(),
    "settings": {"environment", "i18n.languages"},
    "configuration": {"settings"},
    "doctor": {"cache.redis_look", "mail", "settings", "sql.doctor"},
    "environment": set(),
    "links": set(),
    "metrics": set(),
    **{leaf: set() for leaf in LEAVES},
}

# library: the parts that may import it
ONLY_IN = {
    "aiohttp": {"admission", "app", "http", "handlers", "processes", "web"},
    "pyodbc": {"sql"},
    "aioodbc": {"sql"},
    "sqlglot": {"sql"},
    "yoyo": {"sql"},
    "redis": {"cache"},
    "aio_pika": {"broker"},
    "PIL": {"pictures"},
    "aiosmtplib": {"mail"},
    "babel": {"i18n"},
    "jinja2": {"i18n", "mail", "web"},
    "bcrypt": {"security"},
    "email_validator": {"addresses"},
    "pyotp": {"security"},
    "zxcvbn": {"security"},
    "jwt": {"security"},
    "jsonschema_rs": {"seating"},
    "argcomplete": {"cli"},
}
# The simulated gateway keeps a book of its own, as another company would: no table of the service's.
SQL_IN = {"commands", "queries", "sql", "payments.simulated.charging", "payments.simulated.ledger"}
# libodbc reads where its file is from the environment, and from nowhere else.
ENVIRONMENT_IN = {"environment", "sql.odbc.process"}

_ENVIRONMENT = ("environ", "environb", "getenv", "putenv")
_SQL = re.compile(
    r"\b(SELECT\s[\s\S]*\sFROM|INSERT\s+INTO|UPDATE\s+\w+[\s\S]*\sSET|DELETE\s+FROM|MERGE\s+INTO"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|DATABASE))\b"
)


def violations(package: Path) -> list[str]:
    """Return what breaks the rule in the modules under ``package``, a line each."""
    return [
        f"{path.relative_to(package)}:{line}: {problem}"
        for path in sorted(package.rglob("*.py"))
        for line, problem in _problems(path, package)
    ]


def _problems(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    module = path.relative_to(package).with_suffix("").parts
    part = module[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(text) for text in _docstrings(tree)}
    for node in ast.walk(tree):
        for name in _imported(node, module):
            problem = _import_problem(part, name)
            if problem:
                yield node.lineno, problem
        if not SQL_IN & {part, ".".join(module)} and id(node) not in docstrings and _is_sql(node):
            yield node.lineno, f"SQL in {part}"
        outside = not ENVIRONMENT_IN & {part, ".".join(module)}
        if outside and isinstance(node, ast.Attribute) and node.attr in _ENVIRONMENT:
            yield node.lineno, f"the environment is read in {part}"


def _is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_SQL.search(node.value))


def _imported(node: ast.AST, module: tuple[str, ...]) -> Iterator[str]:
    """Yield the full names of what ``node`` imports; of ``from a import b`` that is ``a.b``."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = ("bms", *module)[: -node.level]
            base = ".".join((*above, base)).rstrip(".")
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def _import_problem(part: str, name: str) -> str | None:
    top, _, rest = name.partition(".")
    if top == "bms":
        target = rest.split(".")[0]
        if not rest or target == "__version__" or target == part or part not in MAY_IMPORT:
            return None
        allowed = MAY_IMPORT[part] | (LEAVES - {part} if part not in LEAVES else set())
        if target in allowed or any(rest == one or rest.startswith(f"{one}.") for one in allowed):
            return None
        return f"{part} imports {name}"
    if top == "os" and rest in _ENVIRONMENT and part not in ENVIRONMENT_IN:
        return f"the environment is read in {part}"
    if top in ONLY_IN and part not in ONLY_IN[top]:
        return f"{part} imports {top}"
    return None


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def test_calls_go_one_way() -> None:
    assert violations(PACKAGE) == []


def test_every_arrow_of_the_table_is_used() -> None:
    """An arrow that nothing uses would let the wrong thing in one day."""
    used = {
        (part, name.removeprefix("bms."))
        for path in PACKAGE.rglob("*.py")
        for part in [path.relative_to(PACKAGE).with_suffix("").parts[0]]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node, path.relative_to(PACKAGE).with_suffix("").parts)
        if name.startswith("bms.")
    }
    unused = [
        f"{part} -> {target}"
        for part, targets in MAY_IMPORT.items()
        for target in targets
        if not any(p == part and f"{name}.".startswith(f"{target}.") for p, name in used)
    ]
    assert unused == []


def test_the_table_names_what_there_is() -> None:
    """A part that was renamed would take its rule with it."""
    for part in {*MAY_IMPORT, *SQL_IN, *ENVIRONMENT_IN}.union(*MAY_IMPORT.values(), *ONLY_IN.values()):
        path = PACKAGE.joinpath(*part.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), part


@pytest.mark.parametrize(
    ("module", "text", "problem"),
    [
        ("sql/x.py", "from bms.commands import sales", "sql imports bms.commands.sales"),
        ("sql/x.py", "def f():\n    import bms.queries", "sql imports bms.queries"),
        ("sql/x.py", "import importlib\nimportlib.import_module('bms.commands')", "sql imports bms.commands"),
        (
            "queries/x.py",
            "from bms.commands.accounts.registration import register_user",
            "queries imports bms.commands",
        ),
        ("queries/x.py", "from bms import commands", "queries imports bms.commands"),
        (
            "queries/x.py",
            "from ..commands import accounts",
            "queries imports bms.commands.accounts",
        ),
        ("commands/x.py", "from bms.mail.messages import compose", "commands imports bms.mail"),
        ("commands/x.py", "from bms.handlers import http", "commands imports bms.handlers"),
        ("commands/x.py", "from bms.settings import Settings", "commands imports bms.settings"),
        ("schemas/x.py", "from bms.payments.gateway import Charge", "schemas imports bms.payments.gateway"),
        ("schemas/x.py", "from bms.sql.session import Transaction", "schemas imports bms.sql.session"),
        ("mail/x.py", "from bms.settings import Settings", "mail imports bms.settings"),
        (
            "handlers/x.py",
            "from bms.sql.odbc.target import parse_url",
            "handlers imports bms.sql.odbc.target",
        ),
        ("handlers/x.py", "from bms.sql.session import Transaction", "handlers imports bms.sql.session"),
        ("handlers/x.py", "from bms.app import create_app", "handlers imports bms.app"),
        ("handlers/x.py", "from bms.tasks.runner import background", "handlers imports bms.tasks"),
        ("tasks/x.py", "from bms.http.pages import page", "tasks imports bms.http"),
        ("errors.py", "from bms.settings import Settings", "errors imports bms.settings"),
        ("settings.py", "import bms.sql.odbc.target", "settings imports bms.sql"),
        ("commands/x.py", "from aiohttp import web", "commands imports aiohttp"),
        ("errors.py", "import aiohttp.web", "errors imports aiohttp"),
        ("tasks/x.py", "import pyodbc", "tasks imports pyodbc"),
        ("handlers/x.py", "Q = 'SELECT id FROM users'", "SQL in handlers"),
        ("maintenance/x.py", 'Q = """\n  INSERT INTO users (id)\n"""', "SQL in maintenance"),
        ("payments/x.py", "Q = 'SELECT id FROM payments'", "SQL in payments"),
        ("tasks/x.py", "Q = f'UPDATE users SET a = {1}'", "SQL in tasks"),
        ("serve.py", "import os\nos.environ['X']", "the environment is read in serve"),
        ("sql/x.py", "from os import getenv", "the environment is read in sql"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, text: str, problem: str) -> None:
    path = tmp_path / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    (found,) = violations(tmp_path)
    assert re.match(rf"{re.escape(module)}:\d: {re.escape(problem)}", found)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (
            "handlers/x.py",
            "from aiohttp import web\nfrom bms.http import keys\nfrom bms.queries.venues import VenueRow",
        ),
        (
            "handlers/x.py",
            "from bms.commands.accounts.registration import a\nfrom bms.http.endpoint import b",
        ),
        (
            "handlers/x.py",
            '"""SELECT id FROM users is not sent from here."""\nS = "Select one from the list"',
        ),
        ("commands/x.py", "from bms.queries.accounts import a\nQ = 'DELETE FROM users'"),
        ("schemas/x.py", "from bms.payments.cards import brand_of\nfrom bms.payments import cards"),
        ("environment.py", "import os\nfrom bms.errors import ConfigurationError\nos.environ.get('X')"),
        ("serve.py", "import bms\nfrom bms import __version__\nfrom bms.app import create_app"),
        ("sql/x.py", "import os, pyodbc\nos.getpid()"),
    ],
)
def test_what_is_allowed_is_not_found(tmp_path: Path, module: str, text: str) -> None:
    path = tmp_path / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert violations(tmp_path) == []
