"""The doctor's examination of Redis."""

from collections.abc import Iterator

from bms.cache.redis_look import TIMEOUT, look
from bms.errors import ConfigurationError
from bms.sql.doctor import CLOCK_TOLERANCE
from bms.sql.doctor.findings import Finding, advice, ok, problem


def examine(url: str) -> Iterator[Finding]:
    """Yield the findings about the Redis at ``url``."""
    try:
        seen = look(url)
    except ConfigurationError as error:
        yield problem(str(error))
        return
    except ConnectionError as error:
        yield problem(
            f"Redis cannot be used: {error}",
            "start it, or correct host, port, user and password in BMS_REDIS_URL; until then BMS is slower",
        )
        return
    text = f"Redis {seen.version} answers in {seen.seconds * 1000:.1f} ms"
    if seen.seconds > TIMEOUT / 2:
        yield advice(
            f"{text}; BMS does without it after {TIMEOUT * 1000:.0f}",
            "bring it nearer, or relieve its machine",
        )
    else:
        yield ok(text)
    side = "ahead of" if seen.ahead > 0 else "behind"
    clock = f"Redis's clock is {abs(seen.ahead):.1f} s {side} this machine's"
    yield advice(clock, "synchronise both with NTP") if abs(seen.ahead) > CLOCK_TOLERANCE else ok(clock)
