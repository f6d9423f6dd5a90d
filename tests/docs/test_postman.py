"""The stored Postman collection is what script/postman makes of docs/. script/newman runs it."""

import copy
import json
import os
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.kit.scripts import load_script


@pytest.fixture(scope="module")
def postman() -> ModuleType:
    return load_script("postman")


@pytest.fixture
def document(postman: ModuleType) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(postman.DOCUMENT.read_text(encoding="utf-8"))
    return copy.deepcopy(stored)


def test_the_stored_collection_is_this_one(
    postman: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["postman", "--check"])
    changed = postman.main()
    if changed and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        monkeypatch.setattr(sys, "argv", ["postman"])
        postman.main()
        pytest.fail("the collection is rewritten: look at the diff, then run without BMS_UPDATE_GOLDEN")
    assert not changed, capsys.readouterr().err


@pytest.fixture
def older(postman: ModuleType) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(postman.OLDER.read_text(encoding="utf-8"))
    return stored


def test_every_request_tests_a_documented_status(
    postman: ModuleType, document: dict[str, Any], older: dict[str, Any]
) -> None:
    requests = [item for folder in postman.collection(document, older)["item"] for item in folder["item"]]
    assert len(requests) >= sum(len(methods) for methods in document["paths"].values())
    for item in requests:
        (event,) = item["event"]
        assert "pm.response.to.have.status(" in event["script"]["exec"][0]
        assert item["request"]["url"]["raw"].startswith("{{baseUrl}}/")
        assert "{id}" not in item["request"]["url"]["raw"]


def test_a_new_operation_is_asked_for(
    postman: ModuleType, document: dict[str, Any], older: dict[str, Any]
) -> None:
    document["paths"]["/new"] = {"get": {**document["paths"]["/events"]["get"], "operationId": "new.index"}}
    with pytest.raises(ValueError, match=r"new\.index"):
        postman.collection(document, older)


def test_an_undocumented_status_is_refused(
    postman: ModuleType, document: dict[str, Any], older: dict[str, Any]
) -> None:
    del document["paths"]["/bookings"]["post"]["responses"]["201"]
    with pytest.raises(ValueError, match=r"bookings\.hold does not document 201"):
        postman.collection(document, older)
