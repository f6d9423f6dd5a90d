"""Which figures and labels an expression of PromQL asks for, and which of them BMS has."""

import re

from prometheus_client.parser import text_string_to_metric_families

_STRING = re.compile(r'"[^"]*"')
_DURATION = re.compile(r"\[[^\]]*\]")
_SELECTOR = re.compile(r"\{([^}]*)\}")
_LISTED = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)")
_WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_OURS = ("bms", "process_", "up")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def figures_in(expression: str) -> set[str]:
    """Return the names of the figures that ``expression`` asks for. ``up`` is Prometheus's own."""
    bare = _LISTED.sub("", _SELECTOR.sub("", _DURATION.sub("", _STRING.sub("", expression))))
    return {word for word in _WORD.findall(bare) if word.startswith(_OURS)} - {"up"}


def labels_in(expression: str) -> set[str]:
    """Return the names of the labels that ``expression`` selects or groups by."""
    bare = _STRING.sub("", expression)
    selected = (name for group in _SELECTOR.findall(bare) for name in _WORD.findall(group))
    listed = (name for group in _LISTED.findall(bare) for name in _WORD.findall(group))
    return {*selected, *listed}


def exposed_in(text: str) -> set[str]:
    """Return the names of all samples that the families of a text of figures may have."""
    return {
        f"{family.name}{suffix}"
        for family in text_string_to_metric_families(text)
        for suffix in _SUFFIXES.get(family.type, ("",))
    }
