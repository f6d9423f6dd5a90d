"""The limit from end to end, small: a world, a booking taken down, both scripts played by pgbench."""

import asyncio
from pathlib import Path

import pytest

from bench import limit, world
from bench.limit import AS_SENT, LEAN, Limit, measure_limit
from bench.serving import check_books
from bench.tape import tape_booking
from bench.world import World, make_world

COUNTS = """
    SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM booking_lines),
           (SELECT count(*) FROM idempotency_keys), (SELECT count(*) FROM outbox),
           (SELECT count(DISTINCT ticket_type_id) FROM booking_lines),
           (SELECT count(DISTINCT user_id) FROM bookings)
"""


@pytest.mark.embedded_only("pgbench plays on a server of its own")
async def test_both_scripts_book_and_the_books_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "BUYERS", 12)
    monkeypatch.setattr(world, "EVENTS", 6)
    monkeypatch.setattr(limit, "CLIENTS", (2,))
    counted: dict[str, list[int]] = {}
    verdicts: list[str] = []

    def measure(made: World) -> list[Limit]:
        script = tape_booking(made)
        counted["taped"] = list(made.rows(COUNTS)[0])
        found = []
        for one in measure_limit(made, script, kinds=(True,), seconds=1):
            counted[one.statements] = list(made.rows(COUNTS, limit.DATABASE)[0])
            found.append(one)
        verdicts.append(check_books(made.data_dir))
        made.rows(f"UPDATE ticket_types SET available = available - 1 WHERE id = {made.hot.ticket_type_id}")
        verdicts.append(check_books(made.data_dir))
        return found

    def run() -> list[Limit]:
        with make_world(tmp_path) as made:
            return measure(made)

    found = await asyncio.to_thread(run)
    assert [one.statements for one in found] == [AS_SENT, LEAN]
    taped, sent, lean = counted["taped"], counted[AS_SENT], counted[LEAN]
    assert taped[0] == taped[1] == taped[2] == 20
    # Each transaction was a booking with its line and its key, of several users and every ticket type.
    assert sent[0] == sent[1] == sent[2] >= found[0].rate * 0.5 > 1
    assert (sent[3], sent[4]) == (taped[3], 6)
    assert sent[5] > 6
    # The five write no key, and a message instead.
    added = [after - before for after, before in zip(lean, sent, strict=True)]
    assert added[:4] == [added[0], added[0], 0, added[0]]
    assert added[0] > 1
    # One ticket that nobody sold is missing, and that is seen.
    assert verdicts[0] == ""
    assert verdicts[1].startswith("BROKEN")
