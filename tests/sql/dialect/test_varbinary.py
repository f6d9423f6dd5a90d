"""VARBINARY(MAX): bytes go in and come back as they were, on every server."""

from collections.abc import Iterator

import pytest

from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.tsql import Sql

ADD = Statement(
    "test.files.add",
    "@id BIGINT, @data VARBINARY(MAX)",
    "INSERT INTO files (id, data) OUTPUT inserted.data VALUES (@id, @data)",
)
SET = Statement(
    "test.files.set", "@id BIGINT, @data VARBINARY(MAX)", "UPDATE files SET data = @data WHERE id = @id"
)
GET = Statement("test.files.get", "@id BIGINT", "SELECT data FROM files WHERE id = @id")
SET_UNLESS_NULL = Statement(
    "test.files.set_unless_null",
    "@id BIGINT, @data VARBINARY(MAX)",
    "UPDATE files SET data = COALESCE(@data, data) WHERE id = @id AND (@data IS NOT NULL OR data IS NULL)",
)

EVERY_BYTE = bytes(range(256))
VALUES = {
    "none": b"",
    "a NUL": b"\x00",
    "NULs within": b"\x00a\x00\x00b\x00",
    "what text would escape": b"'\\x00\"\\000%?@id",
    "every byte": EVERY_BYTE,
    "no UTF-8": b"\xff\xfe\xc3(",
    "70,000": (EVERY_BYTE * 274)[:70_000],
    "2 MB": EVERY_BYTE * 8192,
    "NULL": None,
}


@pytest.fixture
def tx(empty_database_url: str) -> Iterator[Transaction]:
    """A table ``files``, and a session that works on it in autocommit mode."""
    sql = Sql(empty_database_url)
    sql(
        "CREATE TABLE files (id BIGINT NOT NULL, data VARBINARY(MAX) NULL,"
        " CONSTRAINT pk_files PRIMARY KEY (id))"
    )
    yield Transaction(sql._session)
    sql.close()


@pytest.mark.parametrize("data", VALUES.values(), ids=VALUES.keys())
def test_bytes_come_back_as_they_were(tx: Transaction, data: bytes | None) -> None:
    for id_ in (1, 2):  # the second time the statement is prepared
        for back in (tx.value(ADD, id=id_, data=data), tx.value(GET, id=id_)):
            assert back == data
            assert data is None or type(back) is bytes


def test_a_prepared_statement_takes_any_length_and_null(tx: Transaction) -> None:
    tx.execute(SET, id=1, data=None)
    tx.rows(ADD, id=1, data=None)
    for data in (b"a", None, EVERY_BYTE * 300, b"", b"\x00"):
        assert tx.execute(SET, id=1, data=data) == 1
        assert tx.value(GET, id=1) == data
    assert tx.execute(SET_UNLESS_NULL, id=1, data=None) == 0
    assert tx.execute(SET_UNLESS_NULL, id=1, data=b"b") == 1
    assert tx.value(GET, id=1) == b"b"
