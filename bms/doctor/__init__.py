"""``bms doctor``: examines what a service stands on, and says how to fix what is wrong. Changes nothing."""

from collections.abc import Callable, Iterable, Iterator

from bms.doctor import addresses, data_directory, mail, redis
from bms.errors import BMSError, ConfigurationError
from bms.settings import Settings
from bms.sql.doctor import Finding, examine, problem

FindDatabase = Callable[[Settings], str]


def examinations(settings: Settings, find_database: FindDatabase) -> Iterator[tuple[str, Iterable[Finding]]]:
    """Yield what is examined, each with its findings, which take their time.

    ``find_database`` returns the URL of the database, and starts it if it is the embedded one.
    """
    yield "The database", _database(settings, find_database)
    if settings.database_read_url is not None:
        yield "The read replica", examine(settings.database_read_url, replica=True)
    yield "The data directory", data_directory.examine(settings)
    yield "Mail", mail.examine(settings)
    if settings.redis_url is not None:
        yield "Redis", redis.examine(settings.redis_url)
    yield "The public address", addresses.examine(settings)


def _database(settings: Settings, find_database: FindDatabase) -> Iterator[Finding]:
    try:
        url = find_database(settings)
    except (ConfigurationError, BMSError, OSError) as error:
        yield problem(str(error))  # an embedded server that does not start
        return
    yield from examine(url)
