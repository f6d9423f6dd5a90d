"""Forms with a file in them: multipart/form-data, as RFC 7578 and browsers have it."""

from email.message import Message
from typing import NamedTuple

from bms.errors import MalformedRequest


class File(NamedTuple):
    """A file as it was sent. A browser sends an empty one without a name where none was chosen."""

    name: str
    content: bytes


def parse_multipart(
    raw: bytes, content_type: str, *, most_parts: int
) -> tuple[dict[str, str], dict[str, File]]:
    """Return the fields and the files of a form by name, the last of a name.

    ``content_type`` is the header as it was sent. Raises MalformedRequest.
    """
    boundary = _parameter("Content-Type", content_type, "boundary")
    if not boundary or len(boundary) > 70 or not boundary.isascii():
        raise MalformedRequest("The form has no boundary")
    # Each part is after a line break; the first has none of its own.
    mark = b"\r\n--" + boundary.encode()
    parts = (b"\r\n" + raw).split(mark, most_parts + 2)
    if len(parts) < 2 or len(parts) > most_parts + 2 or not parts[-1].startswith(b"--"):
        raise MalformedRequest("The form could not be read")
    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    for part in parts[1:-1]:
        name, file_name, content = _part(part)
        if file_name is not None:
            files[name] = File(file_name, content)
        else:
            fields[name] = _text(content)
    return fields, files


def _part(part: bytes) -> tuple[str, str | None, bytes]:
    """Return the name of a part, the name of its file if it is one, and its content."""
    head, parted, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    for line in _text(head).split("\r\n"):
        name, _, value = line.partition(":")
        if parted and name.strip().lower() == "content-disposition":
            field = _parameter("Content-Disposition", value.strip(), "name")
            if field is not None:
                return field, _parameter("Content-Disposition", value.strip(), "filename"), content
    raise MalformedRequest("The form could not be read")


def _parameter(header: str, value: str, name: str) -> str | None:
    message = Message()
    message[header] = value.replace("\r", " ").replace("\n", " ")
    found = message.get_param(name, header=header)
    return found if isinstance(found, str) else None


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("The form is not UTF-8") from None
