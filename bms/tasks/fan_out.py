"""Fanning out what was announced: by one process at a time, which the committing process wakes."""

import asyncio
import logging
import time

from bms.commands.messages.booking_links import MakeLink, NewLink
from bms.commands.messages.fan_out import BATCH, fan_out_batch, fan_out_page, lead, put_off_first, resign
from bms.commands.messages.holders import PAGE
from bms.errors import Contested
from bms.holders import new_token
from bms.i18n.languages import Languages
from bms.security.link_tokens import LinkTokens
from bms.sql.database import Database, StatementFailed
from bms.tasks.pace import Pace

log = logging.getLogger(__name__)

LEASE_SECONDS = 30  # A leader that dies is replaced after this; a live one renews its lease with every round.
SMALLEST_PAGE = 25  # holders
SLOW_PAGE = 0.05  # seconds, waits included: the next one is smaller, so that no transaction takes twice that
LOOKS = 3  # of a process that does not lead, whether the leader has gone


def maker_of_links(tokens: LinkTokens) -> MakeLink:
    """Return what makes the links of mails about bookings."""

    def make() -> NewLink:
        token = tokens.new()
        return NewLink(token.seed, token.hash)

    return make


class FanOut:
    """The fan-out of one process, which leads whenever no other does."""

    def __init__(
        self,
        database: Database,
        languages: Languages,
        tokens: LinkTokens,
        *,
        wait: int = 0,
        gather: float = 0.0,
    ) -> None:
        """What is due for less than ``wait`` seconds is left to others.

        After a round that had room for more, ``gather`` seconds pass before the next, unless there are pages
        to tell.
        """
        self._wait = wait
        self._gather = gather
        self._database = database
        self._languages = languages
        self._make_link = maker_of_links(tokens)
        self._holder = new_token()
        self._pages = Pace(slowest=SMALLEST_PAGE, fastest=PAGE)

    async def run(self) -> int:
        """Fan out everything that is due and return how many announcements and pages that were.

        Returns 0 while another process leads. Messages to many go out a page at a time, between those to one
        person, so that nobody's ticket waits for them.
        """
        done = 0
        leads = await self._take_lead()
        while leads:
            told, page = await self._batch(), await self._page()
            if not told + page:
                await self._database.transact(resign, holder=self._holder)
                break
            done += told + page
            if told < BATCH and not page:
                # A round costs much the same for one as for many, and in a sale there is always one.
                await asyncio.sleep(self._gather)
            leads = await self._lead()
        return done

    async def _take_lead(self) -> bool:
        for _ in range(LOOKS):
            if await self._lead():
                return True
            # The leader tells of what is announced here too, unless its last look was a moment too early.
            await asyncio.sleep(2 * self._gather)
        return False

    async def _lead(self) -> bool:
        return await self._database.transact(lead, holder=self._holder, seconds=LEASE_SECONDS)

    async def _batch(self) -> int:
        # Contested: what was read has changed since, so that there is something to look at again.
        try:
            return await self._database.transact(
                fan_out_batch, languages=self._languages, make_link=self._make_link, wait=self._wait
            )
        except Contested:
            return 1
        except StatementFailed:
            log.warning("a batch of announcements failed: one at a time")
        # The database refuses what follows from one of them. Try the first alone; the next round takes more.
        try:
            return await self._database.transact(
                fan_out_batch,
                languages=self._languages,
                make_link=self._make_link,
                limit=1,
                wait=self._wait,
            )
        except Contested:
            return 1
        except StatementFailed as error:
            await self._database.transact(put_off_first, error=error, to_holders=False, wait=self._wait)
            return 1

    async def _page(self) -> int:
        began = time.monotonic()
        try:
            told = await self._database.transact(
                fan_out_page,
                languages=self._languages,
                make_link=self._make_link,
                wait=self._wait,
                limit=int(self._pages.rate),
            )
            self._pages.learn(busy=time.monotonic() - began > SLOW_PAGE)
            return told
        except Contested:
            return 1
        except StatementFailed as error:
            await self._database.transact(put_off_first, error=error, to_holders=True, wait=self._wait)
            return 1
