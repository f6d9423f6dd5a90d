"""The step before something is done: what happens, and one button for it."""

from typing import Any, NamedTuple

from aiohttp import web

from bms.web.admin.area import ADMIN
from bms.web.kit.forms import Form
from bms.web.kit.visit import Visit


class Step(NamedTuple):
    """What is asked before something is done: in whole sentences, in the reader's language.

    ``path`` is where the form is sent, ``back`` the page that one comes from and returns to.
    """

    title: str
    says: tuple[str, ...]
    button: str
    path: str
    back: str
    is_dangerous: bool = False


def ask(
    visit: Visit,
    step: Step,
    form: Form | None = None,
    *,
    template: str = "admin/confirm",
    status: int = 200,
    **values: Any,
) -> web.Response:
    """Return the page that asks. ``template`` has the fields of ``form``, if there are any."""
    return ADMIN.render(
        visit,
        template,
        status=status,
        here=step.path,
        step=step,
        form=form or Form(visit.words, {}),
        **values,
    )
