"""Texts in templates: ``_`` and ``ngettext`` of one language, escaped where the template is HTML."""

from typing import Any

from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import escape

from bms.i18n.languages import Language


def teach(environment: Environment, language: Language) -> None:
    """Give the templates of ``environment`` the texts of ``language``."""

    @pass_eval_context
    def text(context: EvalContext, message: str, /, **values: Any) -> str:
        return _filled(language.gettext(message), values, context)

    @pass_eval_context
    def ngettext(context: EvalContext, one: str, many: str, number: int, /, **values: Any) -> str:
        return _filled(language.ngettext(one, many, number), values, context)

    environment.globals.update({"_": text, "ngettext": ngettext, "language": language})


def _filled(text: str, values: dict[str, Any], context: EvalContext) -> str:
    """Return ``text`` with ``values`` in it. In HTML both are escaped, apart from values that are markup."""
    shown = escape(text) if context.autoescape else text
    return shown % values if values or "%" in text else shown
