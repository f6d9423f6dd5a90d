"""The limits of messages that are mailed to everybody who comes."""

from bms.http.call import Call
from bms.http.limits import admit


async def admit_message(call: Call, event_id: int) -> None:
    """Count a message to the holders of an event. Raises TooManyRequests.

    An event's counter is its sender's too: nobody uses up what another organiser may send.
    """
    settings, sender = call.settings, call.caller.user_id
    await admit(call, "event", settings.rate_messages_per_event, "messages", event_id, sender)
    await admit(call, "organizer", settings.rate_messages_per_organizer, "messages", sender)
