"""Writing the rows of an event's seats, batch by batch. Any process can resume the job.

Every batch is guarded by how far the rows are written, so two processes do nothing twice. A row that a
booking names is relabelled and nothing else.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from bms.commands.events.kept_seats import LIST_SEATS
from bms.commands.sales.seat_changes import LOCK
from bms.queries.seats import Seating, find_seating
from bms.seating.chart import Chart
from bms.seating.maps import PlanVersion, SeatMaps
from bms.sql.session import Transaction
from bms.sql.statements import MAX_ROWS, Statement, json_batches

BATCH = MAX_ROWS  # seats


class PinningEvent(NamedTuple):
    """An event whose seats are being written."""

    event_id: int


LIST_PINNING = Statement(
    "event_seating.list_pinning",
    "@limit INT",
    "SELECT TOP (@limit) event_id FROM event_seating WHERE state = 'PINNING' ORDER BY event_id",
    PinningEvent,
)

ADVANCE = Statement(
    "event_seating.advance",
    "@event_id BIGINT, @plan_id BIGINT, @version INT, @pinned INT, @end INT",
    """
    UPDATE event_seating WITH (ROWLOCK, UPDLOCK)
    SET    pinned = @end, sequence = sequence + 1
    WHERE  event_id = @event_id AND plan_id = @plan_id AND version = @version AND state = 'PINNING'
      AND  pinned = @pinned
    """,
)

RELABEL = Statement(
    "event_seats.relabel",
    "@event_id BIGINT, @seats NVARCHAR(MAX)",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    section_no = j.section_no, row_no = j.row_no, category_no = j.category_no,
           seat_rank = j.seat_rank, kinds = j.kinds, section = j.section, row_label = j.row_label,
           seat_number = j.seat_number, entrance = j.entrance, companion_of = j.companion_of,
           state = CASE WHEN event_seats.block_reason = '' THEN 0 ELSE event_seats.state END,
           block_reason = CASE WHEN event_seats.block_reason = '' THEN NULL
                               ELSE event_seats.block_reason END,
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    FROM   OPENJSON(@seats) WITH (seat_no INT, section_no INT, row_no INT, category_no INT, seat_rank INT,
                                  kinds INT, section NVARCHAR(200), row_label NVARCHAR(64),
                                  seat_number NVARCHAR(64), entrance NVARCHAR(200),
                                  companion_of INT) AS j
    WHERE  event_seats.event_id = @event_id AND event_seats.seat_no = j.seat_no
    """,
)

INSERT = Statement(
    "event_seats.insert",
    "@event_id BIGINT, @seats NVARCHAR(MAX)",
    """
    INSERT INTO event_seats (event_id, seat_no, guid, section_no, row_no, category_no, seat_rank, kinds,
                             section, row_label, seat_number, entrance, companion_of, state, changed)
    SELECT @event_id, j.seat_no, j.guid, j.section_no, j.row_no, j.category_no, j.seat_rank, j.kinds,
           j.section, j.row_label, j.seat_number, j.entrance, j.companion_of, 0, s.sequence
    FROM   OPENJSON(@seats) WITH (seat_no INT, guid NVARCHAR(190), section_no INT, row_no INT,
                                  category_no INT, seat_rank INT, kinds INT, section NVARCHAR(200),
                                  row_label NVARCHAR(64), seat_number NVARCHAR(64),
                                  entrance NVARCHAR(200), companion_of INT) AS j
    INNER JOIN event_seating AS s ON s.event_id = @event_id
    WHERE  NOT EXISTS (SELECT 1
                       FROM   event_seats AS e
                       WHERE  e.event_id = @event_id AND e.seat_no = j.seat_no)
    """,
)

REMOVE = Statement(
    "event_seats.remove",
    "@event_id BIGINT, @seats NVARCHAR(MAX)",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 3, block_reason = N'',
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    FROM   OPENJSON(@seats) WITH (seat_no INT) AS j
    WHERE  event_seats.event_id = @event_id AND event_seats.seat_no = j.seat_no
      AND  event_seats.booking_id IS NULL
    """,
)

COUNT_SEATS = Statement(
    "event_categories.count_seats",
    "@event_id BIGINT",
    """
    UPDATE event_categories WITH (ROWLOCK)
    SET    free = (SELECT COUNT(*)
                   FROM   event_seats AS s
                   WHERE  s.event_id = @event_id AND s.category_no = event_categories.category_no
                     AND  s.state = 0)
    WHERE  event_id = @event_id AND is_standing = 0
    """,
)

OPEN = Statement(
    "event_seating.open",
    "@event_id BIGINT",
    """
    UPDATE event_seating WITH (ROWLOCK)
    SET    state = 'OPEN', opened = sequence
    WHERE  event_id = @event_id AND state = 'PINNING'
    """,
)


def list_pinning(tx: Transaction, *, limit: int) -> list[int]:
    """Return events whose seats are being written."""
    return [row.event_id for row in tx.rows(LIST_PINNING, limit=limit)]


def pin_batch(tx: Transaction, *, event_id: int, maps: SeatMaps) -> bool:
    """Write the next batch of an event's seats, or open the sale after the last. Return if more is to do.

    Raises ChartNeeded.
    """
    seating = find_seating(tx, event_id)
    if seating is None or seating.state != "PINNING":
        return False
    chart = maps.chart(PlanVersion(seating.plan_id, seating.version))
    if seating.pinned >= chart.count:
        return _open(tx, event_id, chart)
    end = min(seating.pinned + BATCH, chart.count)
    moved = tx.execute(
        ADVANCE,
        event_id=event_id,
        plan_id=seating.plan_id,
        version=seating.version,
        pinned=seating.pinned,
        end=end,
    )
    if moved == 1:
        for rows, _ in json_batches(_rows(chart, seating, seating.pinned, end)):
            tx.execute(RELABEL, event_id=event_id, seats=rows)
            tx.execute(INSERT, event_id=event_id, seats=rows)
    return True


def _rows(chart: Chart, seating: Seating, first: int, end: int) -> Iterator[dict[str, object]]:
    for pinned in islice(chart.pinned(), first, end):
        if pinned.category_no in seating.categories:
            seat = chart.seat(pinned.seat_no)
            assert seat is not None
            row = pinned._asdict()
            bay = pinned.companion_of
            is_sold = bay is not None and chart.category_of[chart.place_of[bay]] in seating.categories
            yield {
                **row,
                "seat_rank": row.pop("rank"),
                "companion_of": bay if is_sold else None,
                "section": seat.section,
                "row_label": seat.row,
                "seat_number": seat.number,
                "entrance": seat.entrance,
            }


def _open(tx: Transaction, event_id: int, chart: Chart) -> bool:
    """Open the sale of seats. Those that are not in the plan, or not for sale, read as blocked."""
    tx.execute(LOCK, event_id=event_id)
    seating = find_seating(tx, event_id)
    if seating is None or seating.state != "PINNING" or seating.pinned < chart.count:
        return seating is not None and seating.state == "PINNING"
    wanted = {seat.seat_no for seat in chart.pinned() if seat.category_no in seating.categories}
    gone = [
        {"seat_no": seat.seat_no}
        for seat in tx.rows(LIST_SEATS, event_id=event_id)
        if seat.seat_no not in wanted
    ]
    for rows, _ in json_batches(gone):
        tx.execute(REMOVE, event_id=event_id, seats=rows)
    tx.execute(COUNT_SEATS, event_id=event_id)
    tx.execute(OPEN, event_id=event_id)
    return False
