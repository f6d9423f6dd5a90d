"""A look at Redis for an operator: whether it answers, how fast, and what time it has."""

import time
from typing import NamedTuple

from bms.cache.redis_stamps import TIMEOUT
from bms.errors import ConfigurationError

__all__ = ["TIMEOUT", "Seen", "look"]

PATIENCE = 5.0  # seconds


class Seen(NamedTuple):
    """``seconds`` is the time of a round trip; ``ahead`` how far Redis's clock is before this machine's."""

    version: str
    seconds: float
    ahead: float


def look(url: str) -> Seen:
    """Return what the Redis at ``url`` says. Changes nothing.

    Raises ConnectionError, in words without the password, if it cannot be asked, and ConfigurationError if
    its client is not installed or ``url`` is not one of Redis.
    """
    try:
        import redis
    except ImportError:
        raise ConfigurationError(
            "BMS_REDIS_URL needs Redis's client: pip install 'bms-tickets[redis]'"
        ) from None
    try:
        client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    except ValueError:
        raise ConfigurationError("BMS_REDIS_URL is not of the form redis://host:port/number") from None
    try:
        version = str(client.info("server")["redis_version"])  # the connection is made here
        before = time.time()
        seconds, micros = client.time()
        after = time.time()
    except redis.AuthenticationError:
        raise ConnectionError("it refuses the user or the password") from None
    except redis.RedisError as error:
        # The address is in its text, the password is not.
        raise ConnectionError(" ".join(str(error).split()).rstrip(".")) from None
    finally:
        client.close()
    return Seen(version, after - before, seconds + micros / 1e6 - (before + after) / 2)
