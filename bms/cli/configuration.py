"""``bms settings``."""

import argparse

from bms.cli.kinds import Commands, add_json, print_json
from bms.settings import Settings


def add(commands: Commands) -> None:
    """Tell argparse of the command."""
    command = commands.add_parser(
        "settings", help="list the settings with their values, without secrets, and where each comes from"
    )
    add_json(command)
    command.set_defaults(run=show, needs_secret=False)


def show(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.configuration import list_settings
    from bms.settings import origins

    lines = list_settings(settings, origins())
    if arguments.json:
        print_json(
            [{"name": one.name, "value": one.value, "set": one.is_set, "from": one.where} for one in lines]
        )
        return 0
    shown = [(one.name, one.value or ("(set)" if one.is_set else "(not set)"), one.where) for one in lines]
    names, values = (max(len(line[column]) for line in shown) for column in (0, 1))
    for name, value, where in shown:
        print(f"{name:{names}}  {value:{min(values, 40)}}  {where}")
    return 0
