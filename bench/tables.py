"""How figures stand on a page."""

from collections.abc import Iterable, Mapping, Sequence

from bench.load import Figure


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_rate(rate: float) -> str:
    """Return a rate with as many digits as are worth reading."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def as_times(figure: Figure) -> list[str]:
    """Return the cells of a figure's percentiles and CPU, in milliseconds."""
    percentiles = [f"{value:.1f}" for value in (figure.p50, figure.p95, figure.p99)]
    return [*percentiles, f"{figure.server_cpu:.2f}", f"{figure.database_cpu:.2f}"]


def as_answers(statuses: Mapping[int, int]) -> str:
    """Return how often each status came."""
    return ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))


def problem_section(problems: Iterable[str]) -> str:
    """Return the section of what could not be measured honestly."""
    return "## Problems of this run\n\n" + "".join(f"- {problem}\n" for problem in problems)
