"""The command line: ``bms serve | worker | migrate | seed | create-admin | check | doctor | sql``."""

import argparse
import asyncio
import getpass
import inspect
import logging
import sys
from collections.abc import Callable, Sequence

from bms import __version__
from bms import settings as settings_module
from bms.errors import BMSError, ConfigurationError
from bms.settings import LOG_FORMAT, Settings
from bms.terms import Role


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except (ConfigurationError, BMSError) as error:
        if arguments.run is _doctor:
            print(f"problem  {error}")
            return 1
        print(f"bms: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    run: Callable[[Settings, argparse.Namespace], int] = arguments.run
    settings = settings_module.load()
    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    # Imported here, where main catches errors: on a machine without unixODBC the import fails and says so.
    from bms.sql.database import StatementFailed

    try:
        return run(settings, arguments)
    except StatementFailed as error:
        raise ConfigurationError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bms", description="The BMS ticket-booking service.")
    parser.add_argument("--version", action="version", version=f"bms {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve the API and run the background tasks")
    serve.set_defaults(run=_serve)
    worker = commands.add_parser("worker", help="run only the background tasks")
    worker.set_defaults(run=_worker)

    apply = commands.add_parser("migrate", help="migrate the database to the current schema")
    apply.add_argument("--status", action="store_true", help="only list the migrations")
    apply.add_argument("--rollback", type=int, metavar="N", help="roll back the last N migrations")
    apply.set_defaults(run=_migrate)

    seed = commands.add_parser("seed", help="load the demo data, if there are no accounts yet")
    seed.set_defaults(run=_seed)

    admin = commands.add_parser(
        "create-admin", help="create an admin (prompts for the password, or reads it from stdin)"
    )
    admin.add_argument("--username", required=True)
    admin.add_argument("--email", required=True)
    admin.add_argument("--name", help="the person's name (default: the username)")
    admin.set_defaults(run=_create_admin)

    check = commands.add_parser("check", help="check that no ticket and no money is lost (read-only)")
    check.set_defaults(run=_check)

    doctor = commands.add_parser(
        "doctor", help="diagnose the database's set-up and say how to fix problems (read-only)"
    )
    doctor.set_defaults(run=_doctor)

    sql = commands.add_parser("sql", help="list the SQL statements, or print one as a database receives it")
    sql.add_argument("name", nargs="?", help="name of a statement, such as ticket_types.reserve")
    sql.add_argument("--for", dest="dialect", choices=("mssql", "postgres"), default="mssql")
    sql.set_defaults(run=_sql)
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from bms.serve import serve

    return serve(settings)


def _worker(settings: Settings, _: argparse.Namespace) -> int:
    from bms.serve import work

    return work(settings)


def _migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.serve import database_url
    from bms.sql.yoyo.apply import NotAllowed

    url = database_url(settings)
    try:
        return _migrate_to(url, arguments)
    except NotAllowed as error:
        print(f"bms: {error}", file=sys.stderr)
        return 1


def _migrate_to(url: str, arguments: argparse.Namespace) -> int:
    from bms.sql.yoyo.apply import apply_migrations, list_migrations, roll_back_migrations

    if arguments.status:
        for name, applied in list_migrations(url):
            print(f"{'applied' if applied else 'pending'}  {name}")
    elif arguments.rollback is not None:
        if arguments.rollback < 1:
            raise ConfigurationError("--rollback takes a number, 1 or more")
        for name in roll_back_migrations(url, arguments.rollback):
            print(f"rolled back {name}")
    else:
        done = apply_migrations(url)
        print("\n".join(f"applied {name}" for name in done) or "The schema is up to date.")
    return 0


def _seed(settings: Settings, _: argparse.Namespace) -> int:
    from bms.maintenance.jobs import seed
    from bms.serve import database_url

    loaded = asyncio.run(seed(settings, database_url(settings)))
    print(loaded or "There are accounts already; nothing was loaded.")
    return 0


def _create_admin(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance.jobs import create_admin
    from bms.schemas.accounts import Register
    from bms.serve import database_url

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    account = {"username": arguments.username, "email": arguments.email, "password": password}
    account["role"] = Role.ADMIN
    if arguments.name:
        account["name"] = arguments.name
    checked = Register().parse(account)
    user_id = asyncio.run(create_admin(settings, database_url(settings), checked))
    print(f"Created the admin {arguments.username} (id {user_id}).")
    return 0


def _check(settings: Settings, _: argparse.Namespace) -> int:
    from bms.maintenance.jobs import check
    from bms.serve import database_url

    findings, notes = asyncio.run(check(settings, database_url(settings)))
    for finding in findings:
        print(f"{'BROKEN' if finding.rows else 'holds '}  {finding.rule}")
        for row in finding.rows:
            print(f"        {row}")
    for note in notes:
        if note.rows:
            print(f"note    {note.rule}: {len(note.rows)}")
    broken = [finding for finding in findings if finding.rows]
    print(f"{len(broken)} of {len(findings)} rules are broken." if broken else "All holds.")
    return 1 if broken else 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    from bms.serve import database_url
    from bms.sql.doctor import Level, examine

    examinations = {"The database": examine(database_url(settings))}
    if settings.database_read_url is not None:
        examinations["The read replica"] = examine(settings.database_read_url, replica=True)
    problems = 0
    for what, findings in examinations.items():
        print(f"{what}:")
        for finding in findings:
            # Printed one by one: some take as long as a login that times out.
            print(finding, flush=True)
            problems += finding.level is Level.PROBLEM
    print(f"{problems} problem{'' if problems == 1 else 's'} found." if problems else "No problem found.")
    return 1 if problems else 0


def _sql(_: Settings, arguments: argparse.Namespace) -> int:
    from bms import commands, queries
    from bms.sql.catalogue import all_statements, text_for

    statements = {statement.name: statement for statement in all_statements(commands, queries)}
    if arguments.name is None:
        print("\n".join(statements))
    elif arguments.name in statements:
        statement = statements[arguments.name]
        print(f"-- {statement.declared_at}")
        print(inspect.cleandoc(text_for(statement, arguments.dialect)))
    else:
        raise ConfigurationError(f"There is no statement {arguments.name}; 'bms sql' lists them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
