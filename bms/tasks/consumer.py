"""Reading the notifications' queue: each message has its announcement fanned out, unless that is done.

The announcement's row is the guard. Whoever makes it DONE writes what follows from it in the same
transaction. So a message that comes again, or after the fan-out has done it, changes nothing. A message is
acknowledged after that commit.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from bms.broker.events import NotOurs, read_id
from bms.broker.subscription import Delivery, Subscription, subscribed
from bms.commands.messages.fan_out import fan_out_arrived, fan_out_page
from bms.commands.messages.followers import FOLLOWERS
from bms.errors import BrokerUnavailable, Contested, DatabaseUnavailable, Overloaded
from bms.i18n.languages import Languages
from bms.security.link_tokens import LinkTokens
from bms.sql.database import Database
from bms.tasks.events import first_of
from bms.tasks.fan_out import maker_of_links

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds until the broker, or the database, is tried again


class Consumer:
    """The consumer of one process. The broker lets one at a time read."""

    def __init__(
        self,
        database: Database,
        url: str,
        languages: Languages,
        tokens: LinkTokens,
        *,
        observe: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """``observe`` is told of each batch, and of each time that the broker cannot be reached."""
        self._database = database
        self._url = url
        self._languages = languages
        self._make_link = maker_of_links(tokens)
        self._observe = observe
        self._is_down = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until ``stopping`` is set. What is not done then is delivered to another process."""
        while not stopping.is_set():
            try:
                async with subscribed(self._url, sorted(FOLLOWERS)) as subscription:
                    if self._is_down:
                        log.warning("consumer: the broker is back")
                    self._is_down = False
                    await self._read(subscription, stopping)
            except BrokerUnavailable as error:
                self._observe(False)
                if not self._is_down:
                    log.warning("consumer: %s; it is tried again until it is back", error)
                self._is_down = True
            except Exception:
                self._observe(False)
                log.exception("consumer failed")
            await first_of(stopping, seconds=PAUSE)

    async def _read(self, subscription: Subscription, stopping: asyncio.Event) -> None:
        asked = asyncio.create_task(stopping.wait())
        try:
            while not stopping.is_set():
                arriving = asyncio.create_task(subscription.batch())
                await asyncio.wait({asked, arriving}, return_when=asyncio.FIRST_COMPLETED)
                if not arriving.done():
                    arriving.cancel()
                    return
                await self._take(arriving.result(), stopping)
                self._observe(True)
        finally:
            asked.cancel()

    async def _take(self, messages: Sequence[Delivery], stopping: asyncio.Event) -> None:
        """Do what ``messages`` ask for and acknowledge them. While the database is down they wait here."""
        ours = []
        for message in messages:
            try:
                ours.append((message, read_id(message.body)))
            except NotOurs as error:
                log.error("consumer: a message is put away in the queue of the dead: %s", error)
                await message.reject(requeue=False)
        while ours and not stopping.is_set():
            try:
                await self._fan_out([key for _, key in ours])
            except Contested:
                continue  # somebody else was quicker, and what is left is read again
            except (DatabaseUnavailable, Overloaded) as error:
                log.warning("consumer: %s", error)
                await first_of(stopping, seconds=PAUSE)
                continue
            except Exception as error:
                if len(ours) > 1:
                    log.warning("a batch of messages failed: one at a time")
                    for one in ours:
                        await self._take([one[0]], stopping)
                else:
                    # The broker delivers it again, and puts it away in the end.
                    log.error("consumer: announcement %d failed", ours[0][1], exc_info=error)
                    await ours[0][0].reject(requeue=True)
                return
            for message, _ in ours:
                await message.ack()
            return

    async def _fan_out(self, ids: Sequence[int]) -> None:
        to_holders = await self._database.transact(
            fan_out_arrived, ids=ids, languages=self._languages, make_link=self._make_link
        )
        for key in to_holders:
            while await self._database.transact(
                fan_out_page, languages=self._languages, make_link=self._make_link, announcement_id=key
            ):
                pass
