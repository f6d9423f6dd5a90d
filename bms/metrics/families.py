"""Every figure that processes keep, and how the figures of several processes become one."""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How figures add up. What ``is_kept`` outlives its process."""

    COUNTER = auto()
    HISTOGRAM = auto()
    LATEST = auto()  # the highest that any process ever showed
    SUM = auto()  # of the processes that live
    MAX = auto()
    MIN = auto()

    @property
    def is_kept(self) -> bool:
        return self in (Kind.COUNTER, Kind.HISTOGRAM, Kind.LATEST)


# Seconds. A booking takes a few milliseconds. A login takes as long as its hash.
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
GROUP_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A figure: its name, how it adds up, its help text and the names of its labels."""

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS

    @property
    def cells(self) -> int:
        """How many numbers a series has. A histogram's are its buckets, the one beyond, and the sum."""
        return len(self.buckets) + 2 if self.kind is Kind.HISTOGRAM else 1


REQUESTS = Family(
    "bms_http_requests", Kind.COUNTER, "Requests answered, by route pattern.", ("method", "route", "status")
)
REQUEST_SECONDS = Family(
    "bms_http_request_duration_seconds", Kind.HISTOGRAM, "Duration of requests.", ("method", "route")
)
UNITS = Family("bms_units_of_work", Kind.COUNTER, "Commands and queries run.", ("name", "outcome"))
UNIT_SECONDS = Family(
    "bms_unit_of_work_duration_seconds",
    Kind.HISTOGRAM,
    "Duration of commands and queries, waits included.",
    ("name",),
)
POOL_SIZE = Family("bms_pool_connections", Kind.SUM, "Connections that a pool may have.", ("pool",))
POOL_IN_USE = Family("bms_pool_connections_in_use", Kind.SUM, "Connections in use.", ("pool",))
POOL_WAITING = Family("bms_pool_waiting", Kind.SUM, "Callers waiting for a connection.", ("pool",))
REPLICA_UP = Family(
    "bms_replica_up", Kind.MIN, "1 if the replica answered last time, 0 if it is down, NaN without one."
)
CACHE_REQUESTS = Family(
    "bms_cache_requests",
    Kind.COUNTER,
    "Requests to a cache: hit (kept), miss (read) or shared (waited for another's read).",
    ("cache", "outcome"),
)
GROUP_SIZE = Family(
    "bms_turnstile_group_size", Kind.HISTOGRAM, "Asks that went through together.", buckets=GROUP_SIZES
)
TURN_SECONDS = Family(
    "bms_turnstile_wait_seconds", Kind.HISTOGRAM, "How long an ask waited for its group to begin."
)
TURNSTILE_WAITING = Family("bms_turnstile_waiting", Kind.SUM, "Asks waiting for their turn.")
HOLDS = Family(
    "bms_holds", Kind.COUNTER, "Asks for tickets: held, or the code of what refused them.", ("outcome",)
)
ANNOUNCED = Family("bms_announcements", Kind.COUNTER, "Domain events announced.", ("kind",))
FAN_OUT_FAILED = Family(
    "bms_fan_out_failed",
    Kind.COUNTER,
    "Announcements whose fan-out failed: retried later or given_up.",
    ("outcome",),
)
TICKETS_SOLD = Family("bms_tickets_sold", Kind.COUNTER, "Tickets of bookings that were confirmed.")
MONEY = Family(
    "bms_money",
    Kind.COUNTER,
    "Money that the gateway charged or refunded, in the currency's main unit.",
    ("currency", "flow"),
)
TASK_SUCCESS = Family(
    "bms_task_last_success_timestamp_seconds",
    Kind.LATEST,
    "When a background task last succeeded.",
    ("task",),
)
TASK_ERRORS = Family("bms_task_errors", Kind.COUNTER, "Batches of a background task that failed.", ("task",))
REPLACED = Family("bms_processes_replaced", Kind.COUNTER, "Server processes that died.")
RESTARTS = Family("bms_embedded_restarts", Kind.COUNTER, "Restarts of the embedded PostgreSQL.")
PROCESSES = Family("bms_processes", Kind.SUM, "Processes that live.", ("role",))
HEARTBEAT = Family(
    "bms_process_oldest_heartbeat_timestamp_seconds",
    Kind.MIN,
    "The last sign of life of the process that has been silent the longest.",
)
LAG = Family("bms_event_loop_lag_seconds", Kind.MAX, "How late the slowest process's event loop is.")
BUILD = Family("bms_build_info", Kind.MAX, "1 for each version that runs.", ("version",))
# The names are those of prometheus_client's collector, which reads them.
OF_THE_PROCESS = (
    Family("process_cpu_seconds", Kind.COUNTER, "User and system CPU time spent, in seconds."),
    Family("process_resident_memory_bytes", Kind.SUM, "Resident memory, in bytes."),
    Family("process_virtual_memory_bytes", Kind.SUM, "Virtual memory, in bytes."),
    Family("process_start_time_seconds", Kind.MIN, "When the oldest process started, since 1970."),
    Family("process_open_fds", Kind.SUM, "Open file descriptors."),
    Family("process_max_fds", Kind.SUM, "File descriptors that may be open."),
)

FAMILIES = {
    family.name: family
    for family in (
        *(REQUESTS, REQUEST_SECONDS, UNITS, UNIT_SECONDS, POOL_SIZE, POOL_IN_USE, POOL_WAITING, REPLICA_UP),
        *(CACHE_REQUESTS, GROUP_SIZE, TURN_SECONDS, TURNSTILE_WAITING, HOLDS, ANNOUNCED, FAN_OUT_FAILED),
        *(
            TICKETS_SOLD,
            MONEY,
            TASK_SUCCESS,
            TASK_ERRORS,
            REPLACED,
            RESTARTS,
            PROCESSES,
            HEARTBEAT,
            LAG,
            BUILD,
        ),
        *OF_THE_PROCESS,
    )
}
