"""Mail that waits and mail that was given up: why, and sending it again."""

from aiohttp import web

from bms.commands.messages.outbox import retry_message
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.mails import MailRow, get_mail, list_mails
from bms.schemas.mails import MailList
from bms.terms import OutboxState
from bms.web.admin.area import ADMIN
from bms.web.admin.confirming import Step, ask
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.admin.mail_words import said_of
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

PATH = "/admin/mail"
ONE = f"{PATH}/{{id:[0-9]+}}/retry"
FILTERS = {"state": marked("State"), "recipient": marked("E-mail address")}
STATES = (
    (OutboxState.DEAD, marked("Given up")),
    (OutboxState.PENDING, marked("Waiting")),
    (OutboxState.SENT, marked("Sent")),
)
_LIST = MailList()


@pages.get(PATH, known=("state", "recipient", "cursor", "done"))
async def index(visit: Visit) -> web.Response:
    """List the mails in a state, the newest first; at first those that were given up."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[MailRow] = []
    state = OutboxState.DEAD
    if loaded := load_filters(visit, form, _LIST, FILTERS, int):
        query, (before,) = loaded
        state = query["state"]
        found = await visit.db.read_primary(
            list_mails, state=state, recipient=query["recipient"], before=before, limit=LISTED + 1
        )
    return ADMIN.render(
        visit,
        "admin/mails",
        form=form,
        state=state,
        mails=said_of(visit.words, found[:LISTED]),
        states=[(value, visit.gettext(text)) for value, text in STATES],
        more=next_rows(visit, found, FILTERS, "id"),
        done=visit.known.get("done") == "retried",
    )


@pages.get(ONE)
async def ask_to_retry(visit: Visit) -> web.Response:
    """Say why the mail was given up, and what sending it again means."""
    return _ask(visit, await visit.db.read_primary(get_mail, mail_id=visit.id()))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    mail = await visit.db.read_primary(get_mail, mail_id=visit.id())
    return _ask(visit, mail, Form(visit.words, {}).out_of_date())


@pages.post(ONE, again=_again)
async def retry(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Have the mail sent again."""
    mail = await visit.db.read_primary(get_mail, mail_id=visit.id())
    try:
        await visit.db.transact(retry_message, visit.actor, message_id=mail.id)
    except BMSError as error:
        form = Form(visit.words, {}, typed)
        form.refuse(error)
        return _ask(visit, mail, form, status=error.status)
    return see_other(f"{PATH}?done=retried")


def _ask(visit: Visit, mail: MailRow, form: Form | None = None, *, status: int = 200) -> web.Response:
    step = Step(
        visit.gettext("Send this mail again?"),
        (
            visit.gettext("It goes to the same address."),
            visit.gettext(
                "Is the address wrong? Correct it at the booking, and mail the tickets from there."
            ),
        ),
        visit.gettext("Send it again"),
        f"{PATH}/{mail.id}/retry",
        PATH,
    )
    (said,) = said_of(visit.words, [mail])
    return ask(visit, step, form, template="admin/mail_action", status=status, said=said)
