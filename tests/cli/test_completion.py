"""What a shell is told when somebody presses the tabulator."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.kit.programs import run


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("bms mig", {"migrate"}),
        ("bms migrate --st", {"--status"}),
        ("bms sql ticket_types.reserve", {"ticket_types.reserve", "ticket_types.reserve_each"}),
        ("bms migrate --to 0001", {"0001_create_users"}),
    ],
)
def test_a_shell_completes_commands(tmp_path: Path, line: str, found: set[str]) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    (tmp_path / "bms").write_text(f'#!/bin/sh\nexec {sys.executable} -m bms.cli "$@"\n')
    (tmp_path / "bms").chmod(0o755)
    # What a shell does when somebody presses the tabulator.
    asked = f"""
        eval "$(bms completion bash)"
        COMP_WORDS=({line}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}
        COMP_TYPE=9; compopt() {{ :; }}
        _python_argcomplete bms
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = run([bash, "-c", asked], tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert {word.strip() for word in done.stdout.splitlines()} == found, done.stderr
    assert not (tmp_path / "var").exists()
