"""Templates: one environment a language, escaped, with the forms of that language as filters."""

from functools import lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bms.i18n import forms
from bms.i18n.languages import Language
from bms.i18n.templates import teach
from bms.web.kit.assets import asset


@lru_cache(64)
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("bms.web", "templates"),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    teach(environment, language)
    environment.globals["asset"] = asset
    environment.filters.update(
        {
            name: partial(getattr(forms, name), language)
            for name in (
                "amount",
                "exact_amount",
                "number",
                "percent",
                "day",
                "short_day",
                "clock",
                "month_day",
            )
        },
        zone_name=partial(forms.zone_name, language),
        stock_text=language.gettext,
    )
    return environment


def render(language: Language, template: str, **values: Any) -> str:
    """Return a template in a language, with ``values`` in it."""
    return _environment(language).get_template(f"{template}.html.j2").render(values)
