"""The people of bench/locustfile.py make calls that the API has, and take answers that it gives.

Read and not imported: locust changes the whole process's sockets as it is imported.
"""

import ast
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "bench" / "locustfile.py"


def test_every_call_is_in_the_contract() -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    made = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "call":
            method, path, *wanted = (a.value for a in node.args if isinstance(a, ast.Constant))
            made.add((method, path))
            answers = paths[path][method.lower()]["responses"]
            assert {str(status) for status in wanted} <= set(answers), (method, path)
    for needed in (
        "/venues",
        "/events",
        "/register",
        "/login",
        "/token/refresh",
        "/bookings",
        "/payments",
        "/bookings/{id}/cancel",
    ):
        assert ("POST", needed) in made
    assert {("GET", "/events"), ("GET", "/events/{id}"), ("GET", "/events/{id}/stats")} <= made
