"""``bms migrate`` and ``new-migration``."""

import argparse
import sys
from collections.abc import Sequence

from bms.cli.kinds import Commands, add_json, print_json
from bms.errors import ConfigurationError
from bms.settings import Settings


def add(commands: Commands) -> None:
    """Tell argparse of the commands."""
    command = commands.add_parser("migrate", help="migrate the database to the current schema")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--status", action="store_true", help="only list the migrations")
    which.add_argument("--rollback", type=_count, metavar="N", help="roll back the last N migrations")
    to = which.add_argument(
        "--to",
        metavar="NAME",
        help="apply or roll back until NAME is the last one applied; its number is enough",
    )
    to.completer = _names  # type: ignore[attr-defined]  # argcomplete looks there
    command.add_argument("--dry-run", action="store_true", help="only print the SQL, as the server gets it")
    command.add_argument("--yes", action="store_true", help="roll back without asking")
    command.add_argument(
        "--while-serving", action="store_true", help="roll back although BMS uses the database"
    )
    add_json(command, "with --status: ")
    command.set_defaults(run=migrate, needs_secret=False)

    command = commands.add_parser(
        "new-migration", help="write the two files of a new migration, in a source tree"
    )
    command.add_argument("title", help="what it does in a few words, such as 'add category rank'")
    command.set_defaults(run=new_migration, needs_secret=False)


def _names(**_: object) -> list[str]:
    from bms.sql.yoyo.apply import MIGRATIONS, read_directory

    return [migration.id for migration in read_directory(MIGRATIONS)]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a number is needed, 1 or more")
    return int(text)


def migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.processes.database import database_url
    from bms.sql.yoyo.apply import NotAllowed

    url = database_url(settings)
    try:
        if arguments.status:
            return _status(url, as_json=arguments.json)
        if arguments.json:
            raise ConfigurationError("--json goes with --status")
        return _migrate(settings, url, arguments)
    except NotAllowed as error:
        print(f"bms: {error}", file=sys.stderr)
        return 1


def _status(url: str, *, as_json: bool) -> int:
    from bms.sql.yoyo.apply import list_migrations

    if as_json:
        print_json([{"name": name, "applied": applied} for name, applied in list_migrations(url)])
        return 0
    for name, applied in list_migrations(url):
        print(f"{'applied' if applied else 'pending'}  {name}")
    return 0


def _migrate(settings: Settings, url: str, arguments: argparse.Namespace) -> int:
    from bms.processes.pid_file import serving_ports
    from bms.sql.yoyo.plan import carry_out, make_plan

    plan = make_plan(url, to=arguments.to, back=arguments.rollback)
    if arguments.dry_run:
        print(plan.script(), end="")
        return 0
    if plan.back:
        if not arguments.while_serving:
            _refuse_while_serving(plan.others, serving_ports(settings))
        print(plan.account(), flush=True)
        if not arguments.yes and not _agreed():
            print("Nothing was rolled back.")
            return 1
    for verb, name in carry_out(url, plan):
        print(f"{verb} {name}", flush=True)
    if not plan.back and not plan.forward:
        print("The schema is up to date.")
    return 0


def _refuse_while_serving(others: int, ports: Sequence[int]) -> None:
    if ports:
        raise ConfigurationError(
            f"A service runs on port {', '.join(map(str, ports))}. Stop it before you roll back, or add "
            "--while-serving if its release works with the schema that is left"
        )
    if others:
        raise ConfigurationError(
            f"BMS has {others} other session{'' if others == 1 else 's'} on this database. Stop all its "
            "processes before you roll back, or add --while-serving if their release works with the schema "
            "that is left"
        )


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError("Nothing was rolled back: nobody is there to be asked. Add --yes")
    try:
        return input("Roll back? Type yes: ").strip().lower() == "yes"
    except EOFError:
        print()
        return False


def new_migration(_: Settings, arguments: argparse.Namespace) -> int:
    from bms.sql.yoyo.drafts import draft_migration

    path, back = draft_migration(arguments.title)
    print(f"Wrote {path} and {back}.\nWrite the T-SQL of both. CONTRIBUTING.md says what comes next.")
    return 0
