"""``bms check`` and ``doctor``: whether all is well."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Any

from bms.cli.kinds import Commands, add_json, print_json
from bms.settings import Settings


def add(commands: Commands) -> None:
    """Tell argparse of the commands."""
    command = commands.add_parser("check", help="check that no ticket and no money is lost (read-only)")
    add_json(command)
    command.set_defaults(run=check)
    command = commands.add_parser(
        "doctor", help="diagnose the database and all around it, and say how to fix problems (read-only)"
    )
    add_json(command)
    command.set_defaults(run=doctor)


def check(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.maintenance import jobs
    from bms.processes.database import database_url

    if not arguments.json:
        return check_at(settings, database_url(settings))
    findings, notes = asyncio.run(jobs.check(settings, database_url(settings)))
    broken = sum(bool(finding.rows) for finding in findings)
    print_json({"holds": not broken, "rules": _rules(findings), "notes": _rules(notes)})
    return 1 if broken else 0


def _rules(findings: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"rule": one.rule, "holds": not one.rows, "rows": one.rows} for one in findings]


def check_at(settings: Settings, url: str) -> int:
    """Print what ``bms check`` finds in the database at ``url``, and return the exit status."""
    from bms.maintenance import jobs

    findings, notes = asyncio.run(jobs.check(settings, url))
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


def doctor(settings: Settings, arguments: argparse.Namespace) -> int:
    from bms.doctor import examinations
    from bms.processes.database import database_url
    from bms.sql.doctor import Level

    problems = 0
    found = []
    for what, findings in examinations(settings, database_url):
        if not arguments.json:
            print(f"{what}:")
        for finding in findings:
            problems += finding.level is Level.PROBLEM
            if arguments.json:
                found.append(_finding(what, finding.level.value, finding.text, finding.fix))
            else:
                # Printed one by one: some take as long as a login that times out.
                print(finding, flush=True)
    if arguments.json:
        print_json({"problems": problems, "findings": found})
    else:
        print(f"{problems} problem{'' if problems == 1 else 's'} found." if problems else "No problem found.")
    return 1 if problems else 0


def cannot_examine(error: Exception, arguments: argparse.Namespace) -> int:
    """Print why the doctor cannot begin, as a finding of its own, and return the exit status."""
    if arguments.json:
        print_json({"problems": 1, "findings": [_finding("The settings", "problem", str(error), "")]})
    else:
        print(f"problem  {error}")
    return 1


def _finding(of: str, level: str, text: str, fix: str) -> dict[str, str | None]:
    return {"of": of, "level": level, "text": text, "fix": fix or None}
