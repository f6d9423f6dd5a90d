"""``bms create-admin`` and ``reset-password``."""

import argparse
import asyncio
import getpass
import sys

from bms.cli.kinds import Commands
from bms.settings import Settings
from bms.terms import Role


def add(commands: Commands) -> None:
    """Tell argparse of the commands."""
    admin = commands.add_parser(
        "create-admin", help="create an admin (prompts for the password, or reads it from stdin)"
    )
    admin.add_argument("--username", required=True)
    admin.add_argument("--email", required=True)
    admin.add_argument("--name", help="the person's name (default: the username)")
    admin.set_defaults(run=create_admin)

    reset = commands.add_parser(
        "reset-password",
        help="set an account's password and end its sessions (prompts for it, or reads it from stdin)",
    )
    reset.add_argument("username")
    reset.add_argument(
        "--remove-second-factor", action="store_true", help="let the password alone be enough to sign in"
    )
    reset.set_defaults(run=reset_password)


def create_admin(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance import jobs
    from bms.processes.database import database_url
    from bms.schemas.accounts import Register

    account = {
        "username": arguments.username,
        "email": arguments.email,
        "password": _read_password(),
    }
    account["role"] = Role.ADMIN
    if arguments.name:
        account["name"] = arguments.name
    checked = Register().parse(account)
    user_id = asyncio.run(jobs.create_admin(settings, database_url(settings), checked))
    print(f"Created the admin {arguments.username} (id {user_id}).")
    return 0


def reset_password(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance import jobs
    from bms.processes.database import database_url

    user_id = asyncio.run(
        jobs.reset_password(
            settings,
            database_url(settings),
            username=arguments.username,
            password=_read_password(),
            keep_second_factor=not arguments.remove_second_factor,
        )
    )
    print(f"Set the password of {arguments.username} (id {user_id}) and ended the sessions.")
    return 0


def _read_password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
