"""A name for a device, from its User-Agent: words of ours, since the header holds whatever a client likes."""

from collections.abc import Sequence

# The first that is found counts: browsers name those that they resemble, too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Python/", "Python"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_name(agent: str | None) -> str | None:
    """Return the browser and the system of a User-Agent, such as ``Firefox, Linux``, or None."""
    found = [_first(names, agent or "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or None


def _first(names: Sequence[tuple[str, str]], agent: str) -> str | None:
    return next((name for mark, name in names if mark in agent), None)
