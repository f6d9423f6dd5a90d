"""The rules of conservation about seats."""

from typing import NamedTuple

from bms.sql.statements import Statement


class MiscountedSeatsRow(NamedTuple):
    """A seated ticket type of which more or fewer seats are held or sold than its tickets say."""

    id: int
    taken: int
    seats: int


# People who stand have no seats; theirs is the next rule.
TYPES = Statement(
    "check.seats_of_types",
    "@limit INT",
    """
    SELECT TOP (@limit) tt.id, tt.capacity - tt.available AS taken, COALESCE(s.seats, 0) AS seats
    FROM   ticket_types AS tt
    LEFT JOIN (SELECT ticket_type_id, COUNT(*) AS seats
               FROM   event_seats
               WHERE  state IN (1, 2)
               GROUP BY ticket_type_id) AS s ON s.ticket_type_id = tt.id
    WHERE  tt.seated = 1 AND tt.capacity - tt.available <> COALESCE(s.seats, 0)
      AND  NOT EXISTS (SELECT 1
                       FROM   event_category_types AS t
                       INNER JOIN event_categories AS c
                               ON c.event_id = t.event_id AND c.category_no = t.category_no
                       WHERE  t.event_id = tt.event_id AND t.ticket_type_id = tt.id AND c.is_standing = 1)
    ORDER BY tt.id
    """,
    MiscountedSeatsRow,
)


class MiscountedCategoryRow(NamedTuple):
    """A category of an event that counts more or fewer as free than there are."""

    event_id: int
    category_no: int
    free: int
    is_free: int


CATEGORIES = Statement(
    "check.seats_of_categories",
    "@limit INT",
    """
    SELECT TOP (@limit) c.event_id, c.category_no, c.free,
           CASE WHEN c.is_standing = 1 THEN c.seats - COALESCE(n.taken, 0)
                ELSE COALESCE(f.seats, 0) END AS is_free
    FROM   event_categories AS c
    INNER JOIN event_seating AS e ON e.event_id = c.event_id
    LEFT JOIN (SELECT event_id, category_no, COUNT(*) AS seats
               FROM   event_seats
               WHERE  state = 0
               GROUP BY event_id, category_no) AS f
           ON f.event_id = c.event_id AND f.category_no = c.category_no
    LEFT JOIN (SELECT t.event_id, t.category_no, SUM(tt.capacity - tt.available) AS taken
               FROM   event_category_types AS t
               INNER JOIN ticket_types AS tt ON tt.id = t.ticket_type_id
               GROUP BY t.event_id, t.category_no) AS n
           ON n.event_id = c.event_id AND n.category_no = c.category_no
    WHERE  e.state = 'OPEN'
      AND  c.free <> CASE WHEN c.is_standing = 1 THEN c.seats - COALESCE(n.taken, 0)
                          ELSE COALESCE(f.seats, 0) END
    ORDER BY c.event_id, c.category_no
    """,
    MiscountedCategoryRow,
)


class MisseatedRow(NamedTuple):
    """A live booking with more or fewer seats than its tickets of seated types."""

    id: int
    live: int
    seats: int


BOOKINGS = Statement(
    "check.seats_of_bookings",
    "@limit INT",
    """
    SELECT TOP (@limit) b.id, sums.live, COALESCE(s.seats, 0) AS seats
    FROM   bookings AS b
    INNER JOIN (SELECT booking_id, SUM(quantity - cancelled) AS live
                FROM   booking_lines
                WHERE  seats IS NOT NULL AND seats <> N'[]'
                GROUP BY booking_id) AS sums ON sums.booking_id = b.id
    LEFT JOIN (SELECT booking_id, COUNT(*) AS seats
               FROM   event_seats
               WHERE  booking_id IS NOT NULL
               GROUP BY booking_id) AS s ON s.booking_id = b.id
    WHERE  b.status IN ('PENDING', 'CONFIRMED') AND sums.live <> COALESCE(s.seats, 0)
    ORDER BY b.id
    """,
    MisseatedRow,
)


class OwnerlessSeatRow(NamedTuple):
    """A seat that names a booking that is not live, or one in another state than the seat's."""

    event_id: int
    seat_no: int
    state: int
    booking_id: int


OWNERS = Statement(
    "check.seats_without_bookings",
    "@limit INT",
    """
    SELECT TOP (@limit) s.event_id, s.seat_no, s.state, s.booking_id
    FROM   event_seats AS s
    WHERE  s.booking_id IS NOT NULL
      AND  NOT EXISTS (SELECT 1
                       FROM   bookings AS b
                       WHERE  b.id = s.booking_id AND b.event_id = s.event_id
                         AND  b.status = CASE WHEN s.state = 1 THEN N'PENDING' ELSE N'CONFIRMED' END)
    ORDER BY s.event_id, s.seat_no
    """,
    OwnerlessSeatRow,
)


class UnticketedSeatRow(NamedTuple):
    """A sold seat and the valid tickets of its booking for it: not one."""

    event_id: int
    seat_no: int
    tickets: int


TICKETS = Statement(
    "check.seats_without_tickets",
    "@limit INT",
    """
    SELECT TOP (@limit) s.event_id, s.seat_no, COALESCE(t.tickets, 0) AS tickets
    FROM   event_seats AS s
    LEFT JOIN (SELECT event_id, seat_no, booking_id, ticket_type_id, COUNT(*) AS tickets
               FROM   tickets
               WHERE  status = 'VALID' AND seat_no IS NOT NULL
               GROUP BY event_id, seat_no, booking_id, ticket_type_id) AS t
           ON t.event_id = s.event_id AND t.seat_no = s.seat_no AND t.booking_id = s.booking_id
          AND t.ticket_type_id = s.ticket_type_id
    WHERE  s.state = 2 AND COALESCE(t.tickets, 0) <> 1
    ORDER BY s.event_id, s.seat_no
    """,
    UnticketedSeatRow,
)


class SeatlessTicketRow(NamedTuple):
    """A valid ticket whose seat is not sold to its booking."""

    id: int
    event_id: int
    seat_no: int


SEATS_OF_TICKETS = Statement(
    "check.tickets_without_seats",
    "@limit INT",
    """
    SELECT TOP (@limit) t.id, t.event_id, t.seat_no
    FROM   tickets AS t
    WHERE  t.status = 'VALID' AND t.seat_no IS NOT NULL
      AND  NOT EXISTS (SELECT 1
                       FROM   event_seats AS s
                       WHERE  s.event_id = t.event_id AND s.seat_no = t.seat_no AND s.state = 2
                         AND  s.booking_id = t.booking_id)
    ORDER BY t.id
    """,
    SeatlessTicketRow,
)


class LonelyCompanionRow(NamedTuple):
    """A companion's seat whose wheelchair place is not one of its event's."""

    event_id: int
    seat_no: int
    companion_of: int


# While an event is pinned, its rows are of two versions. A seat that has left the plan keeps its link.
COMPANIONS = Statement(
    "check.companions",
    "@limit INT",
    """
    SELECT TOP (@limit) s.event_id, s.seat_no, s.companion_of
    FROM   event_seats AS s
    INNER JOIN event_seating AS e ON e.event_id = s.event_id
    WHERE  s.companion_of IS NOT NULL AND COALESCE(s.block_reason, N'-') <> N'' AND e.state = 'OPEN'
      AND  NOT EXISTS (SELECT 1
                       FROM   event_seats AS w
                       WHERE  w.event_id = s.event_id AND w.seat_no = s.companion_of AND w.kinds % 2 = 1)
    ORDER BY s.event_id, s.seat_no
    """,
    LonelyCompanionRow,
)


class UnsoldCategoryRow(NamedTuple):
    """A category that is for sale and that no seated ticket type of the event sells."""

    event_id: int
    category_no: int


MAPPED = Statement(
    "check.categories_without_types",
    "@limit INT",
    """
    SELECT TOP (@limit) c.event_id, c.category_no
    FROM   event_categories AS c
    WHERE  NOT EXISTS (SELECT 1
                       FROM   event_category_types AS t
                       INNER JOIN ticket_types AS tt
                               ON tt.id = t.ticket_type_id AND tt.event_id = t.event_id
                       WHERE  t.event_id = c.event_id AND t.category_no = c.category_no AND tt.seated = 1)
    ORDER BY c.event_id, c.category_no
    """,
    UnsoldCategoryRow,
)
