"""The description of the events on the broker (AsyncAPI 3.0), made from the payloads of the announcements."""

import inspect
from typing import Any

import msgspec

from bms import __version__
from bms.announcements import KINDS, Announcement
from bms.broker.events import CONTENT_TYPE, TYPE_PREFIX
from bms.broker.topology import EXCHANGE

_SCHEMAS = "#/components/schemas/{name}"
_DESCRIPTION = (
    "What happens at BMS, published where BMS_AMQP_URL names a broker. Bind a queue to the topic exchange "
    "`bms` by the kinds that you want, such as `booking.*`.\n\n"
    "Each event is published at least once. A repeat has the same `source` and `id`. Events of one `subject` "
    "come in order. A payload grows by fields that older events lack."
)


def describe_events() -> dict[str, Any]:
    """Return the document."""
    kinds = sorted(KINDS.values(), key=lambda kind: kind.kind)
    payloads, schemas = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS)
    names = {kind.kind: _name(kind) for kind in kinds}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "BMS events", "version": __version__, "description": _DESCRIPTION},
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            kind.kind: {
                "address": kind.kind,
                "messages": {names[kind.kind]: {"$ref": f"#/components/messages/{names[kind.kind]}"}},
                "bindings": {
                    "amqp": {
                        "is": "routingKey",
                        "exchange": {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False},
                    }
                },
            }
            for kind in kinds
        },
        "operations": {
            f"publish{names[kind.kind]}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{kind.kind}"},
                "messages": [{"$ref": f"#/channels/{kind.kind}/messages/{names[kind.kind]}"}],
                "bindings": {"amqp": {"deliveryMode": 2, "mandatory": False}},
            }
            for kind in kinds
        },
        "components": {
            "messages": {
                names[kind.kind]: {
                    "name": kind.kind,
                    "contentType": CONTENT_TYPE,
                    "description": inspect.getdoc(kind),
                    "payload": _envelope(kind, payload),
                }
                for kind, payload in zip(kinds, payloads, strict=True)
            },
            "schemas": {name: _cleaned(schema) for name, schema in sorted(schemas.items())},
        },
    }


def _cleaned(schema: dict[str, Any]) -> dict[str, Any]:
    """Return ``schema`` with its docstring as it reads. Python removes the indentation itself since 3.13."""
    if "description" not in schema:
        return schema
    return {**schema, "description": inspect.cleandoc(schema["description"])}


def _name(kind: type[Announcement]) -> str:
    return kind.__name__


def _envelope(kind: type[Announcement], data: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the CloudEvent that carries an announcement."""
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "The same in each repeat."},
            "source": {"type": "string", "format": "uri", "description": "BMS_PUBLIC_URL, or urn:bms."},
            "type": {"const": TYPE_PREFIX + kind.kind},
            "subject": {"type": "string", "pattern": f"^{kind.subject}/[0-9]+$"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "requestid": {"type": "string", "description": "The request that made the change, if one did."},
            "data": data,
        },
    }
