"""A run kept as JSON, to compare another with."""

import json
from dataclasses import asdict
from pathlib import Path

from bench.confirming import Mailing
from bench.limit import Limit
from bench.load import Figure
from bench.run import Results


def save(results: Results, path: Path) -> None:
    """Write ``results`` to ``path``."""
    path.write_text(json.dumps(asdict(results), indent=1) + "\n")


def load(path: Path) -> Results:
    """Return what ``save`` wrote. Raises OSError and ValueError for what is no such file."""
    try:
        found = json.loads(path.read_text())
        found["trials"] = {int(n): [_figure(f) for f in figures] for n, figures in found["trials"].items()}
        found["limits"] = [Limit(**limit) for limit in found["limits"]]
        found["figures"] = [_figure(figure) for figure in found["figures"]]
        found["bare"] = {
            name: {loop: _figure(figure) for loop, figure in loops.items()}
            for name, loops in found["bare"].items()
        }
        found["memory"] = {int(pid): value for pid, value in found["memory"].items()}
        found["picked"] = {name: (median, p99) for name, (median, p99) in found["picked"].items()}
        found["beside"] = {
            name: [_figure(figure) for figure in figures] for name, figures in found.get("beside", {}).items()
        }
        found["mail"] = {name: Mailing(**mail) for name, mail in found.get("mail", {}).items()}
        found["browsing"] = [_figure(figure) for figure in found.get("browsing", [])]
        found["soak"] = [(time, value) for time, value in found["soak"]]
        found["soak_figure"] = found["soak_figure"] and _figure(found["soak_figure"])
        return Results(**found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no run of script/bench: {error!r}") from None


def _figure(stored: dict[str, object]) -> Figure:
    statuses = stored["statuses"]
    assert isinstance(statuses, dict)
    return Figure(**{**stored, "statuses": {int(status): count for status, count in statuses.items()}})  # type: ignore[arg-type]
