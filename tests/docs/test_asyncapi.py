"""docs/asyncapi.json: made from the payloads of the announcements, and true of what is published.

``BMS_UPDATE_GOLDEN=1`` rewrites the stored copy, and fails when it had something to write.
"""

import datetime as dt
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bms.announcements import KINDS, Announcement
from bms.broker.asyncapi import describe_events
from bms.broker.events import Event, encode
from tests.kit.announced import ANNOUNCED

STORED = Path(__file__).parents[2] / "docs" / "asyncapi.json"
DOCUMENT = describe_events()
WHEN = dt.datetime(2026, 11, 27, 3, 4, 5, 678000, tzinfo=dt.UTC).replace(tzinfo=None)


def test_the_stored_copy_is_this_document() -> None:
    text = json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
    stored = STORED.read_text(encoding="utf-8") if STORED.exists() else None
    if stored != text and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        STORED.write_text(text, encoding="utf-8")
        pytest.fail("docs/asyncapi.json is rewritten: look at the diff, then run without BMS_UPDATE_GOLDEN")
    assert text == stored, "the events have changed: run with BMS_UPDATE_GOLDEN=1 and look at the diff"


def test_every_kind_is_described() -> None:
    assert DOCUMENT["channels"].keys() == KINDS.keys()
    described = {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()}
    assert described == {f"#/channels/{kind}" for kind in KINDS}


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        here = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return here.union(*(references(value) for value in node.values()))
    return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def event_of(announcement: Announcement) -> dict[str, Any]:
    event = Event(
        id=7,
        kind=announcement.kind,
        subject=announcement.subject,
        subject_id=announcement.subject_id,
        payload=announcement.encode(),
        request_id="0123-7",
        created_at=WHEN,
    )
    decoded: dict[str, Any] = json.loads(encode(event, "https://tickets.example.org"))
    return decoded


def schema_of(kind: str) -> dict[str, Any]:
    name = next(iter(DOCUMENT["channels"][kind]["messages"]))
    schema: dict[str, Any] = DOCUMENT["components"]["messages"][name]["payload"]
    return schema | {"components": DOCUMENT["components"]}


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_one(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize("name", ANNOUNCED)
def test_what_is_published_is_what_is_described(name: str) -> None:
    announcement = ANNOUNCED[name]
    event = event_of(announcement)
    validator = jsonschema.Draft202012Validator(schema_of(announcement.kind))
    validator.validate(event)
    for broken in ({**event, "data": {}}, {**event, "subject": "nothing"}, {**event, "type": "bms.other"}):
        assert not validator.is_valid(broken)
    del event["id"]
    assert not validator.is_valid(event)


def test_a_cloud_event_has_what_the_specification_wants() -> None:
    event = event_of(ANNOUNCED["registered"])
    assert event["specversion"] == "1.0"
    assert (event["id"], event["time"]) == ("7", "2026-11-27T03:04:05.678Z")
    # Names of attributes are lower-case letters and digits (CloudEvents 1.0.2, naming conventions).
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in event)
