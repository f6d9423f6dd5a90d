"""Where the database is: the embedded server is started for whoever asks, and kept running for who serves."""

from collections.abc import Callable

from bms.settings import Settings
from bms.sql.embedded.provision import embedded_url, shared_server, watch_over


def database_url(settings: Settings) -> str:
    """Return the URL of the database. Starts the embedded server if that is the database."""
    if settings.database_url is not None:
        return settings.database_url
    return embedded_url(shared_server(settings.data_dir))


def keep_database(settings: Settings) -> Callable[[], int] | None:
    """Start the embedded server again whenever it dies. Returns a function that says how often that was.

    Returns None for any other database.
    """
    if settings.database_url is not None:
        return None
    watchdog = watch_over(settings.data_dir)
    return lambda: watchdog.restarts
