"""``bms`` as an operator runs it."""

import subprocess
from collections.abc import Callable

Run = Callable[..., subprocess.CompletedProcess[str]]
KEY = "a secret for tests, long enough for HS256"
