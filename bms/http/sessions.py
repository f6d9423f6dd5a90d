"""Looking up the sessions that access tokens name: those of callers who come at the same moment together."""

from collections.abc import Sequence
from typing import NamedTuple

from bms.errors import DatabaseUnavailable, Overloaded, Unauthenticated
from bms.grouping import Grouping
from bms.queries.sessions import LiveSession, list_live_sessions
from bms.sql.database import Database


class SessionOf(NamedTuple):
    """A session, and the user whose it is by what the token says."""

    session_id: int
    user_id: int


class Sessions:
    """The sessions of those who call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked = Grouping[SessionOf, LiveSession](
            self._find_together,
            self._find_alone,
            apart=lambda asked: asked,
            for_all=(DatabaseUnavailable, Overloaded),
        )

    async def find(self, session_id: int, user_id: int) -> LiveSession:
        """Return a user's session.

        Raises Unauthenticated if it has ended or the account is deactivated, and as
        ``Database.read_primary``.
        """
        return await self._asked.ask(SessionOf(session_id, user_id))

    async def _find_together(self, asked: Sequence[SessionOf]) -> Sequence[LiveSession | Unauthenticated]:
        # On the primary: a session that has ended is refused at once, whatever a replica still says.
        live = await self._database.read_primary(
            list_live_sessions, session_ids=[one.session_id for one in asked]
        )
        found = {SessionOf(one.id, one.user_id): one for one in live}
        return [found.get(one) or Unauthenticated("The session of this token has ended") for one in asked]

    async def _find_alone(self, asked: SessionOf) -> LiveSession:
        (found,) = await self._find_together([asked])
        if isinstance(found, Unauthenticated):
            raise found
        return found
