"""An announcement as the broker carries it: a CloudEvent 1.0 in JSON, in structured mode.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md. ``source`` and ``id`` name an event for
good, so a consumer that has seen both drops a repeat. ``docs/asyncapi.json`` describes every type.
"""

import datetime as dt
from typing import NamedTuple

import msgspec

from bms.formats import rfc3339

CONTENT_TYPE = "application/cloudevents+json"
TYPE_PREFIX = "bms."


class Event(NamedTuple):
    """An announcement. ``kind`` is its routing key, and ``payload`` its JSON."""

    id: int
    kind: str
    subject: str
    subject_id: int
    payload: str
    request_id: str | None
    created_at: dt.datetime


class CloudEvent(msgspec.Struct, omit_defaults=True):
    """The envelope. ``requestid`` is an extension: the request that made the change, if one did."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: msgspec.Raw
    specversion: str = msgspec.field(default_factory=lambda: "1.0")
    datacontenttype: str = msgspec.field(default_factory=lambda: "application/json")
    requestid: str | None = None


class NotOurs(ValueError):
    """A message that BMS has not published."""


def encode(event: Event, source: str) -> bytes:
    """Return ``event`` of the service ``source`` as a CloudEvent."""
    return msgspec.json.encode(
        CloudEvent(
            id=str(event.id),
            source=source,
            type=TYPE_PREFIX + event.kind,
            subject=f"{event.subject}/{event.subject_id}",
            time=rfc3339(event.created_at),
            data=msgspec.Raw(event.payload.encode()),
            requestid=event.request_id,
        )
    )


def read_id(body: bytes) -> int:
    """Return the id of the announcement that a message carries. Raises NotOurs."""
    try:
        envelope = msgspec.json.decode(body, type=CloudEvent)
        if not envelope.type.startswith(TYPE_PREFIX):
            raise NotOurs(f"a message of type {envelope.type!r}")
        return int(envelope.id)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise NotOurs(str(error)) from None
