"""What the application, the worker and the command line are given: opened from the settings, in one place."""

from bms.cache.redis_stamps import RedisBoard
from bms.cache.stamps import Board, SharedMemory
from bms.commands.constraints import CONSTRAINT_ERRORS
from bms.settings import Settings
from bms.sql.database import Database, Observer
from bms.sql.odbc.target import parse_url


def open_database(settings: Settings, database_url: str, observer: Observer | None = None) -> Database:
    """Return the database object, whose pools are opened by its ``open``."""
    read_url = settings.database_read_url
    return Database(
        parse_url(database_url),
        parse_url(read_url, read_only=True) if read_url else None,
        constraints=CONSTRAINT_ERRORS,
        pool_size=settings.database_pool,
        observer=observer,
        board=open_board(settings),
    )


def open_board(settings: Settings) -> Board | None:
    """Return the board that every process which writes to the database shares, if there is one."""
    if settings.redis_url is not None:
        return RedisBoard(settings.redis_url)
    # The processes that use the embedded database share its machine, and the directory that it is in.
    return SharedMemory(settings.data_dir / "stamps") if settings.embedded else None
