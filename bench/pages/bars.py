"""What pages must reach, and what Lighthouse says of one."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

KB = 1024
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# Before compression, without pictures and the data of plans; and that data.
PAGE_BYTES, SCRIPT_BYTES, PLAN_BYTES = 60 * KB, 30 * KB, 150 * KB
PLAN = ("/plans/", "/availability")
PICTURES = ("Image", "Favicon")


class Bars(NamedTuple):
    """The least scores of a page, and the most bytes. None is not asked of it."""

    performance: int | None
    accessibility: int | None
    best_practices: int | None
    seo: int | None
    bytes: int | None = PAGE_BYTES

    @property
    def repeats(self) -> bool:
        """Whether a figure depends on the moment, so that a page is measured several times."""
        return self.performance is not None


HOME = Bars(95, 100, 95, 95)
PUBLIC = Bars(95, 100, 95, 95)
SHOP = Bars(90, 100, 95, None)  # for nobody's search
LIST = SHOP._replace(bytes=PAGE_BYTES + PLAN_BYTES)  # the seats are in the page itself
INSIDE = Bars(None, 100, 95, None, bytes=None)


class Reading(NamedTuple):
    """What Lighthouse read of a page.

    Scores are of 100, None where they were not asked. Times are in seconds, sizes in bytes: ``sent`` over the
    wire with everything, ``page`` and ``script`` before compression and without pictures and plans.
    ``faults`` are the audits that cost points.
    """

    scores: Mapping[str, float | None]
    lcp: float
    sent: int
    page: int
    script: int
    requests: int
    faults: Sequence[str]


def read(report: Mapping[str, Any]) -> Reading:
    """Return what a report in Lighthouse's JSON says."""
    scores = {
        name: None if category["score"] is None else round(100 * category["score"])
        for name, category in report["categories"].items()
    }
    network = report["audits"].get("network-requests", {"details": {"items": []}})  # of performance alone
    asked = [one for one in network["details"]["items"] if one["url"].startswith(("http:", "https:"))]
    counted = [
        one
        for one in asked
        if one.get("resourceType") not in PICTURES and not any(part in one["url"] for part in PLAN)
    ]
    faults = [
        reference["id"]
        for name, category in report["categories"].items()
        for reference in category["auditRefs"]
        if name != "performance" and reference["weight"] and _lost(report["audits"][reference["id"]])
    ]
    return Reading(
        scores=scores,
        lcp=report["audits"].get("largest-contentful-paint", {}).get("numericValue", 0.0) / 1000,
        sent=sum(one.get("transferSize", 0) for one in asked),
        page=sum(one.get("resourceSize", 0) for one in counted),
        script=sum(one.get("resourceSize", 0) for one in counted if one.get("resourceType") == "Script"),
        requests=len(asked),
        faults=sorted(set(faults)),
    )


def _lost(audit: Mapping[str, Any]) -> bool:
    return audit["score"] is not None and audit["score"] < 1


def middle(readings: Sequence[Reading]) -> Reading:
    """Return the median of each figure, with every fault."""
    first = readings[0]
    scores = {
        name: None if first.scores[name] is None else median(one.scores[name] or 0 for one in readings)
        for name in first.scores
    }
    return Reading(
        scores=scores,
        lcp=median(one.lcp for one in readings),
        sent=int(median(one.sent for one in readings)),
        page=int(median(one.page for one in readings)),
        script=int(median(one.script for one in readings)),
        requests=int(median(one.requests for one in readings)),
        faults=sorted({fault for one in readings for fault in one.faults}),
    )


def missed(reading: Reading, bars: Bars) -> list[str]:
    """Return which bars a page misses, in words."""
    found = []
    for name in CATEGORIES:
        bar, score = getattr(bars, name.replace("-", "_")), reading.scores.get(name)
        if bar is not None and (score is None or score < bar):
            found.append(f"{name} {'-' if score is None else f'{score:.0f}'} of {bar}")
    if bars.bytes is not None and reading.page > bars.bytes:
        found.append(f"{reading.page / KB:.1f} of {bars.bytes // KB} KB")
    if bars.bytes is not None and reading.script > SCRIPT_BYTES:
        found.append(f"{reading.script / KB:.1f} of {SCRIPT_BYTES // KB} KB of script")
    if found and reading.faults:
        found.append(", ".join(reading.faults))
    return found
