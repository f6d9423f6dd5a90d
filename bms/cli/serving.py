"""``bms serve``, ``worker`` and ``reload``."""

import argparse
import contextlib

from bms.cli.kinds import Commands
from bms.settings import Settings


def add(commands: Commands) -> None:
    """Tell argparse of the commands."""
    command = commands.add_parser("serve", help="serve the API and run the background tasks")
    command.add_argument("--host", metavar="ADDRESS", help="in place of BMS_HOST")
    command.add_argument("--port", metavar="PORT", help="in place of BMS_PORT")
    command.add_argument(
        "--reload", action="store_true", help="reload when the code changes, for those who work on it"
    )
    command.set_defaults(run=serve, chooses=("host", "port"))
    command = commands.add_parser("worker", help="run only the background tasks")
    command.set_defaults(run=worker)
    command = commands.add_parser(
        "reload", help="have a running service replace its processes, without a refused connection"
    )
    command.set_defaults(run=reload, needs_secret=False)


def serve(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms import serve
    from bms.processes.reloader import reloading

    with reloading() if arguments.reload else contextlib.nullcontext():
        return serve.serve(settings)


def worker(settings: Settings, _: argparse.Namespace) -> int:
    from bms.serve import work

    return work(settings)


def reload(settings: Settings, _: argparse.Namespace) -> int:
    from bms.processes.pid_file import reload_server

    print(f"Asked process {reload_server(settings)} to replace what serves on port {settings.port}.")
    return 0
