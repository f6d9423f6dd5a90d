"""Forms with a file: what a browser sends is read byte for byte, and nonsense is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.errors import MalformedRequest
from bms.http.multipart import File, parse_multipart

TYPE = "multipart/form-data; boundary=----x1"


def form(*parts: bytes) -> bytes:
    return b"".join(b"------x1\r\n" + part + b"\r\n" for part in parts) + b"------x1--\r\n"


def field(name: str, value: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()


def file(name: str, content: bytes, file_name: str = "plan.csv") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
    return f"{head}Content-Type: text/csv\r\n\r\n".encode() + content


@given(
    st.binary(max_size=300).filter(lambda raw: b"\r\n------x1" not in b"\r\n" + raw),
    st.text('äb;"= \n', max_size=20),
)
def test_what_is_sent_is_read(content: bytes, value: str) -> None:
    raw = form(field("name", value), file("file", content))
    assert parse_multipart(raw, TYPE, most_parts=5) == (
        {"name": value},
        {"file": File("plan.csv", content)},
    )


def test_the_names_of_files_and_an_empty_form() -> None:
    _, files = parse_multipart(form(file("file", b"", "")), TYPE, most_parts=5)
    assert files == {"file": File("", b"")}
    assert parse_multipart(b"------x1--\r\n", TYPE, most_parts=5) == ({}, {})
    quoted = 'multipart/form-data; boundary="----x1"'
    assert parse_multipart(form(field("a", "b")), quoted, most_parts=5)[0] == {"a": "b"}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", TYPE),
        (form(field("a", "b")), "multipart/form-data"),
        (form(field("a", "b"))[:-6], TYPE),
        (form(b"Content-Disposition: form-data\r\n\r\nx"), TYPE),
        (form(b"no head"), TYPE),
        (form(b'Content-Disposition: form-data; name="a"\r\n\r\n\xff'), TYPE),
        (form(*(field(str(n), "") for n in range(6))), TYPE),
    ],
)
def test_nonsense_is_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(MalformedRequest):
        parse_multipart(raw, kind, most_parts=5)
