"""The figures that lists of events are sorted by, brought up to date when a test says so."""

from bms.sql.database import Database
from bms.tasks.figures import Figures


async def refresh_figures(db: Database) -> None:
    """Do what the task does in its next turn."""
    await Figures(db).refresh()
