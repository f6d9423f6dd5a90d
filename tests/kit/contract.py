"""Answers held against what their endpoints declare: the status, the body, the code of a problem."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from marshmallow import Schema

from bms.app import ENDPOINTS
from bms.handlers import TAGS
from bms.http.endpoint import Endpoint
from bms.openapi.document import describe
from bms.openapi.operations import path_of, refusals


@cache
def document(*, older: bool = False) -> dict[str, Any]:
    """Return the API's description, with ``older`` that of the older call shapes."""
    described: dict[str, Any] = json.loads(json.dumps(describe(ENDPOINTS, TAGS, older=older)))
    return described


def find(method: str, url: str) -> Endpoint | None:
    """Return the endpoint that answers, if any does: one whose path holds no parameter goes first."""
    path = urlsplit(url).path.removeprefix("/api")
    path = path.removesuffix("/") or "/"
    method = "GET" if method == "HEAD" else method
    fitting = [
        e
        for e in ENDPOINTS
        if e.method == method and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path_of(e))), path)
    ]
    return min(fitting, key=lambda e: e.path.count("{"), default=None)


def check(method: str, url: str, status: int, headers: Any, text: str) -> None:
    """Raise AssertionError unless the endpoint's declaration (see ``Routes.add``) allows this answer."""
    endpoint = find(method, url)
    if endpoint is None:
        return
    what = f"{method} {url} -> {status} {text[:500]}"
    assert "X-Request-Id" in headers, what
    if endpoint.successor is not None:
        assert "Deprecation" in headers, what
        assert any('rel="successor-version"' in link for link in headers.getall("Link")), what
    kind = headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/problem+json":
        codes = {error.code: error.status for error in refusals(endpoint)}
        if method != "HEAD":
            assert text.endswith("\n"), what
            code = json.loads(text)["code"]
            assert code in codes, f"not among the declared refusals: {what}"
            assert status == codes[code], what
        return
    assert status in endpoint.answers, f"not among the declared answers: {what}"
    answer = endpoint.answers[status]
    assert ("Location" in headers) == (status == 201), what
    if isinstance(answer, Schema):
        assert kind == "application/json", what
        if method != "HEAD":
            assert text.endswith("\n"), what
            _check_body(answer, endpoint, status, json.loads(text), what)
    elif answer is None:
        assert text == "", what
    else:
        assert kind in answer.split(", "), what


def _check_body(answer: Schema, endpoint: Endpoint, status: int, body: Any, what: str) -> None:
    # No field is missing and none is undeclared; then the document that clients are given says the same.
    wrong = answer.validate(body)
    assert wrong == {}, f"not as declared: {wrong} in {what}"
    operation = (path_of(endpoint), endpoint.method.lower(), str(status))
    first = next(_validator(*operation, older=endpoint.deprecated).iter_errors(body), None)
    assert first is None, f"not as documented: {first.message if first else ''} in {what}"


@cache
def _validator(path: str, method: str, status: str, *, older: bool) -> Draft202012Validator:
    described = document(older=older)
    response = described["paths"][path][method]["responses"][status]
    schema = response["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": described["components"]})
