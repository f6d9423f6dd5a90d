"""Log lines on the standard error: as text, or one JSON object each (BMS_LOG_FORMAT)."""

import json
import logging
import time
from contextvars import ContextVar

TEXT, JSON = "text", "json"
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# The id of the request that the running code works for. Set by the middleware; units of work have it too.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def set_up(level: str, form: str) -> None:
    """Have this process's records of ``level`` and above written in the form TEXT or JSON."""
    logging.basicConfig(level=level, format=LINE)
    if form == JSON:
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())


def moment(seconds: float) -> str:
    """Return a time since 1970 as RFC 3339 with milliseconds, in UTC."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds * 1000) % 1000:03d}Z"


class JsonLines(logging.Formatter):
    """A record as one line of JSON, whatever is in its text."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": moment(record.created),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        request = request_id.get()
        if request is not None:
            entry["request_id"] = request
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = record.stack_info
        return json.dumps(entry)
