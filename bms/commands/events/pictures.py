"""The picture of an event: given, described anew, taken away."""

from collections.abc import Sequence
from typing import NamedTuple

from bms.commands import audit
from bms.commands.events.rules import LockedEvent, lock_event
from bms.errors import EventNotChangeable, NotFound, PictureQuotaReached
from bms.pictures.terms import Made, Picture, Size, read_picture, write_picture
from bms.queries.pictures import COUNT_OTHERS
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus

MAX_PICTURES = 200  # of one organiser; one more or less in a race does no harm


class PictureRow(NamedTuple):
    """The picture of an event, as ``write_picture`` writes it."""

    picture: str | None


GET = Statement("events.get_picture", "@id BIGINT", "SELECT picture FROM events WHERE id = @id", PictureRow)

UPDATE = Statement(
    "events.set_picture",
    "@event_id BIGINT, @picture NVARCHAR(MAX)",
    """
    UPDATE events WITH (ROWLOCK)
    SET    picture = @picture, version = version + 1, updated_at = SYSUTCDATETIME()
    WHERE  id = @event_id
    """,
)

INSERT = Statement(
    "event_pictures.insert",
    "@event_id BIGINT, @sha256 NVARCHAR(64), @webp VARBINARY(MAX), @jpeg VARBINARY(MAX)",
    """
    INSERT INTO event_pictures (event_id, sha256, webp, jpeg)
    VALUES (@event_id, @sha256, @webp, @jpeg)
    """,
)

DELETE = Statement(
    "event_pictures.delete_of_event",
    "@event_id BIGINT",
    "DELETE FROM event_pictures WITH (ROWLOCK) WHERE event_id = @event_id",
)


def set_picture(tx: Transaction, actor: Actor, *, event_id: int, text: str, made: Sequence[Made]) -> None:
    """Give an event a picture, in place of any that it has. ``text`` says what it shows.

    Raises as ``lock_event``, EventNotChangeable, and PictureQuotaReached.
    """
    event = _lock(tx, actor, event_id)
    others = tx.only(COUNT_OTHERS, organizer_id=event.organizer_id, id=event_id).pictures
    if others >= MAX_PICTURES:
        raise PictureQuotaReached(f"{others} events have pictures, and {MAX_PICTURES} are the limit")
    tx.execute(DELETE, event_id=event_id)
    for one in made:
        tx.execute(INSERT, event_id=event_id, sha256=one.sha256, webp=one.webp, jpeg=one.jpeg)
    sizes = tuple(Size(one.sha256, one.width, one.height) for one in made)
    tx.execute(UPDATE, event_id=event_id, picture=write_picture(Picture(text, sizes)))
    audit.record(tx, actor, "set_picture", "event", event_id)


def describe_picture(tx: Transaction, actor: Actor, *, event_id: int, text: str) -> None:
    """Say anew what the picture of an event shows. Raises as ``set_picture``, and NotFound without one."""
    _lock(tx, actor, event_id)
    picture = read_picture(tx.only(GET, id=event_id).picture)
    if picture is None:
        raise NotFound("The event has no picture")
    tx.execute(UPDATE, event_id=event_id, picture=write_picture(picture._replace(text=text)))
    audit.record(tx, actor, "describe_picture", "event", event_id)


def remove_picture(tx: Transaction, actor: Actor, *, event_id: int) -> None:
    """Take the picture of an event away. Without one nothing changes. Raises as ``set_picture``."""
    _lock(tx, actor, event_id)
    if tx.only(GET, id=event_id).picture is None:
        return
    forget_picture(tx, event_id)
    tx.execute(UPDATE, event_id=event_id, picture=None)
    audit.record(tx, actor, "remove_picture", "event", event_id)


def forget_picture(tx: Transaction, event_id: int) -> None:
    """Delete the files of an event's picture."""
    tx.execute(DELETE, event_id=event_id)


def _lock(tx: Transaction, actor: Actor, event_id: int) -> LockedEvent:
    event = lock_event(tx, actor, event_id, versions=None)
    if event.status not in (EventStatus.DRAFT, EventStatus.PUBLISHED):
        raise EventNotChangeable(f"The event is {event.status.lower()}")
    return event
