"""Refunds that the service has given up on: tried again, or settled by hand."""

from aiohttp import web

from bms.checkout import refunds
from bms.commands.sales.given_up import retry_refund
from bms.errors import BMSError
from bms.i18n import forms
from bms.i18n.languages import marked
from bms.queries.given_up import GivenUpRefund, get_given_up, list_given_up
from bms.schemas.listing import ListQuery
from bms.schemas.refunds import SettleByHand
from bms.web.admin.area import ADMIN
from bms.web.admin.confirming import Step, ask
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

PATH = "/admin/refunds"
ONE = f"{PATH}/{{id:[0-9]+}}"
REASON = {"reason": marked("How it was paid, for the audit log")}
DONE = {
    "retried": marked("The payment service is asked again within a few seconds."),
    "settled": marked("Settled. The audit log says how."),
}
_LIST, _SETTLE = ListQuery(), SettleByHand()


@pages.get(PATH, known=("cursor", "done"))
async def index(visit: Visit) -> web.Response:
    """List the refunds that were given up, the newest first."""
    form = Form(visit.words, {}, visit.known)
    found: list[GivenUpRefund] = []
    if loaded := load_filters(visit, form, _LIST, (), int):
        _, (before,) = loaded
        found = await visit.db.read_primary(list_given_up, before=before, limit=LISTED + 1)
    done = DONE.get(visit.known.get("done", ""))
    return ADMIN.render(
        visit,
        "admin/refunds",
        here=PATH,
        form=form,
        refunds=found[:LISTED],
        more=next_rows(visit, found, (), "id"),
        done=None if done is None else visit.gettext(done),
    )


@pages.get(f"{ONE}/retry")
async def ask_to_retry(visit: Visit) -> web.Response:
    """Say what trying again means."""
    return _ask_to_retry(visit, await _find(visit))


async def _retry_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _ask_to_retry(visit, await _find(visit), Form(visit.words, {}).out_of_date())


@pages.post(f"{ONE}/retry", again=_retry_again)
async def retry(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Have the refund tried again."""
    refund = await _find(visit)
    try:
        await visit.db.transact(retry_refund, visit.actor, refund_id=refund.id)
    except BMSError as error:
        form = Form(visit.words, {}, typed)
        form.refuse(error)
        return _ask_to_retry(visit, refund, form, status=error.status)
    return see_other(f"{PATH}?done=retried")


@pages.get(f"{ONE}/settle")
async def ask_to_settle(visit: Visit) -> web.Response:
    """Ask how the buyer was paid."""
    return _ask_to_settle(visit, await _find(visit), Form(visit.words, REASON))


async def _settle_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _ask_to_settle(visit, await _find(visit), Form(visit.words, REASON, typed).out_of_date())


@pages.post(f"{ONE}/settle", again=_settle_again)
async def settle(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Note that the buyer was paid another way."""
    refund = await _find(visit)
    form = Form(visit.words, REASON, typed)
    loaded = form.load(_SETTLE, body_of(typed, *REASON))
    if loaded is None:
        return _ask_to_settle(visit, refund, form, status=422)
    try:
        await refunds.settle_by_hand(visit.db, visit.actor, refund_id=refund.id, reason=loaded["reason"])
    except BMSError as error:
        form.refuse(error)
        return _ask_to_settle(visit, refund, form, status=error.status)
    return see_other(f"{PATH}?done=settled")


async def _find(visit: Visit) -> GivenUpRefund:
    return await visit.db.read_primary(get_given_up, refund_id=visit.id())


def _ask_to_retry(
    visit: Visit, refund: GivenUpRefund, form: Form | None = None, *, status: int = 200
) -> web.Response:
    step = Step(
        visit.gettext("Try to refund %(amount)s again?", amount=_amount(visit, refund)),
        (
            visit.gettext("The payment service is asked again, as often as for a new refund."),
            visit.gettext("If it refuses once more, the refund comes back to this list."),
        ),
        visit.gettext("Try again"),
        f"{PATH}/{refund.id}/retry",
        PATH,
    )
    return ask(visit, step, form, template="admin/refund_action", status=status, refund=refund)


def _ask_to_settle(visit: Visit, refund: GivenUpRefund, form: Form, *, status: int = 200) -> web.Response:
    step = Step(
        visit.gettext("Settle %(amount)s by hand?", amount=_amount(visit, refund)),
        (
            visit.gettext("Do this after the buyer was paid another way, such as by bank transfer."),
            visit.gettext("The refund counts as made. The buyer gets no mail about it: tell them yourself."),
        ),
        visit.gettext("It is paid: settle it"),
        f"{PATH}/{refund.id}/settle",
        PATH,
        True,
    )
    return ask(visit, step, form, template="admin/refund_action", status=status, refund=refund)


def _amount(visit: Visit, refund: GivenUpRefund) -> str:
    return forms.exact_amount(visit.words, refund.amount, refund.currency)
