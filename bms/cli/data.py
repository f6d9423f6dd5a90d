"""``bms seed``, ``outbox``, ``backup``, ``restore`` and ``copy``: what is done with a service's data."""

import argparse
import asyncio
from pathlib import Path

from bms import settings as settings_module
from bms.cli.diagnosis import check_at
from bms.cli.kinds import Commands
from bms.settings import Settings


def add(commands: Commands) -> None:
    """Tell argparse of the commands."""
    command = commands.add_parser("seed", help="load the demo data, if there are no accounts yet")
    command.set_defaults(run=seed)
    command = commands.add_parser("outbox", help="show the mail that waits and the mail that was given up")
    command.add_argument(
        "--retry-dead", action="store_true", help="have the mail that was given up tried again"
    )
    command.set_defaults(run=outbox)
    command = commands.add_parser("backup", help="write the embedded database and all beside it to a file")
    command.add_argument("file", type=Path)
    command.set_defaults(run=backup)
    command = commands.add_parser("restore", help="load a backup into an empty data directory")
    command.add_argument("file", type=Path)
    command.set_defaults(run=restore)
    command = commands.add_parser("copy", help="copy the database to an empty one on another server")
    command.add_argument("--to", required=True, metavar="URL", help="as BMS_DATABASE_URL, which moves there")
    command.set_defaults(run=copy)


def seed(settings: Settings, _: argparse.Namespace) -> int:
    from bms.maintenance import jobs
    from bms.processes.database import database_url

    loaded = asyncio.run(jobs.seed(settings, database_url(settings)))
    print(loaded or "There are accounts already; nothing was loaded.")
    return 0


def outbox(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance import jobs
    from bms.processes.database import database_url

    url = database_url(settings)
    if arguments.retry_dead:
        print(f"{asyncio.run(jobs.revive(settings, url))} messages will be tried again.")
        return 0
    counts, dead = asyncio.run(jobs.outbox(settings, url))
    for count in counts:
        print(f"{count.state:8} {count.kind:18} {count.messages:7}  oldest {count.oldest:%Y-%m-%d %H:%M} UTC")
    for message in dead:
        name, _, domain = message.recipient.rpartition("@")
        written = f"{message.created_at:%Y-%m-%d %H:%M} UTC"
        print(
            f"{message.id}  {message.kind}  to {name[:1]}...@{domain}  {written}"
            f"  {message.attempts} attempts: {message.last_error}"
        )
    if not counts:
        print("Nothing waits, and nothing was given up.")
    return 0


def backup(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance.backup import back_up

    made = back_up(settings, arguments.file)
    print(f"Wrote {arguments.file}, {made.size / 1e6:.1f} MB, as of {made.made_at}. Keep it secret.")
    return 0


def restore(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance import backup
    from bms.processes.database import database_url

    loaded = backup.restore(settings, arguments.file)
    print(f"Restored the backup of {loaded.made_at}.")
    # The secrets in the data directory are those of the backup now.
    restored = settings_module.load()
    return check_at(restored, database_url(restored))


def copy(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.processes.database import database_url
    from bms.sql.copying import copy_database

    for table, rows in copy_database(database_url(settings), arguments.to):
        print(f"{rows:>10}  {table}", flush=True)
    print("Every row is there. What it adds up to:")
    status = check_at(settings, arguments.to)
    print(
        "Now set BMS_DATABASE_URL to it, and BMS_SECRET_KEY and BMS_GATEWAY_SECRET to what this service has: "
        f"without these settings they are in {settings.data_dir}."
    )
    return status
