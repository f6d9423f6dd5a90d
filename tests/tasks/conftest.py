"""The outbox, with nothing in it but what a test puts there."""

import pytest

from bms.settings import Settings
from bms.sql.database import Database
from tests.kit.outgoing import Outgoing
from tests.kit.tsql import Sql


@pytest.fixture
def outgoing(db: Database, rows: Sql, settings: Settings) -> Outgoing:
    """The outbox, empty, and a tray that its messages are sent to."""
    rows("DELETE FROM outbox")
    return Outgoing(db, rows, settings)
