"""What the doctor found."""

from collections.abc import Iterator

from bms.sql.doctor.findings import Finding, Level


def told(findings: Iterator[Finding]) -> list[tuple[Level, str]]:
    return [(finding.level, finding.text) for finding in findings]


def only(findings: Iterator[Finding], level: Level, words: str) -> Finding:
    """Return the one finding of ``level``, which has ``words`` in it."""
    (found,) = [finding for finding in findings if finding.level is level]
    assert words in found.text, found
    return found
