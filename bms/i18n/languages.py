"""The languages in which BMS writes to people: the texts of each, and its forms of times and amounts.

The texts of a language are its catalogue, ``locale/<tag>/LC_MESSAGES/bms.po``. It is compiled when it is
read, so an installation needs no build step. The names of days and months, and the forms of numbers, are
those of CLDR, which Babel brings.
"""

import gettext
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC as UTC_ZONE
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_datetime_format
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import parse_pattern

from bms.money import Money
from bms.zones import UTC, offset, to_local

CATALOGUES = Path(__file__).parent / "locale"
SOURCE = "en"  # the language of the texts in the code
KEPT = 512  # times, and amounts, of a language: those of a sale are few, and each is shown to thousands


class Forms(NamedTuple):
    """How a language writes times and amounts, in the patterns of CLDR (UTS 35)."""

    time: str
    amount: str
    amount_code_first: str


# BMS wrote English before it knew other languages, and differently from CLDR. Its readers see no change.
_OWN_FORMS = {"en": Forms("EEEE d MMMM y, HH:mm", "0.00 ¤¤", "¤¤ 0.00")}


class Language:
    """A language: its ``tag``, its texts, and its forms of times and amounts."""

    def __init__(self, tag: str, texts: gettext.NullTranslations) -> None:
        self.tag = tag
        self._texts = texts
        self._locale = Locale.parse(tag, sep="-")
        self._own_forms = _OWN_FORMS.get(tag)
        self._when = lru_cache(KEPT)(self._write_time)
        self._money = lru_cache(KEPT)(self._write_amount)

    @classmethod
    def read(cls, tag: str, catalogue: Path) -> "Language":
        """Return the language whose texts are in a file in the format PO. A text that it lacks is English."""
        compiled = BytesIO()
        with catalogue.open("rb") as file:
            write_mo(compiled, read_po(file, locale=tag.replace("-", "_")))
        compiled.seek(0)
        return cls(tag, gettext.GNUTranslations(compiled))

    @property
    def locale(self) -> Locale:
        """Its forms, as CLDR has them."""
        return self._locale

    @cached_property
    def is_right_to_left(self) -> bool:
        """Whether it is written from right to left."""
        return self._locale.text_direction == "rtl"

    def gettext(self, message: str, /, **values: Any) -> str:
        """Return a text of the code in this language, with ``values`` at its ``%(name)s``.

        Without values nothing is put in. A text that the catalogue lacks comes back as it is.
        """
        # The catalogue's entry for "" is its header.
        text = self._texts.gettext(message) if message else message
        return text % values if values else text

    def ngettext(self, one: str, many: str, number: int, /, **values: Any) -> str:
        """Return the form that a text has in this language for ``number`` things, as ``gettext`` does."""
        text = self._texts.ngettext(one, many, number)
        return text % values if values else text

    def when(self, moment: str, timezone: str = UTC) -> str:
        """Return a time in RFC 3339 with its zone, in English as ``Sunday 1 August 2027, 19:30 UTC``.

        In another zone it ends with ``(Europe/Amsterdam, UTC+2)``. Raises ValueError if ``moment`` is no such
        time or has no UTC offset.
        """
        return self._when(moment, timezone)

    def _write_time(self, moment: str, timezone: str) -> str:
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            raise ValueError(f"{moment} has no UTC offset")
        instant = parsed.astimezone(UTC_ZONE).replace(tzinfo=None)
        local = to_local(instant, timezone)
        named = UTC if timezone == UTC else f"({timezone}, {offset(instant, timezone)})"
        if self._own_forms is not None:
            return f"{format_datetime(local, self._own_forms.time, locale=self._locale)} {named}"
        date = format_date(local, "full", locale=self._locale)
        time = format_time(local, "short", locale=self._locale)
        both = str(get_datetime_format("full", locale=self._locale)).replace("'", "")
        return both.replace("{1}", date).replace("{0}", f"{time} {named}")

    def start(self, event: Mapping[str, Any]) -> str:
        """Return when an event begins (``starts_at``), in its ``timezone`` if it has one, else in UTC."""
        # A message that an earlier release has stored has none.
        return self.when(event["starts_at"], event.get("timezone", UTC))

    def period(self, event: Mapping[str, Any]) -> str:
        """Return when an event begins, as ``start`` does, and when it ends if that is known (``ends_at``)."""
        start = self.start(event)
        if not event["ends_at"]:
            return start
        end = self.when(event["ends_at"], event.get("timezone", UTC))
        return self.gettext("%(start)s to %(end)s", start=start, end=end)

    def money(self, amount: str | int | Decimal, currency: str, *, code_first: bool = False) -> str:
        """Return an amount with its currency, in English as ``25.00 EUR``; zero is ``Free``.

        ``code_first`` asks for ``EUR 25.00`` where the language has both forms. Raises ValueError or
        decimal.InvalidOperation if ``amount`` is not a finite number.
        """
        # As a text: equal numbers may differ in their decimals.
        return self._money(str(amount), currency, code_first)

    def _write_amount(self, amount: str, currency: str, code_first: bool) -> str:
        number = Decimal(amount)
        if not number.is_finite():
            raise ValueError(f"{amount} is not an amount")
        if not number:
            # Translators: the price of what costs nothing.
            return self.gettext("Free")
        if self._own_forms is None:
            form = self._locale.currency_formats["standard"].pattern
        else:
            form = self._own_forms.amount_code_first if code_first else self._own_forms.amount
        shown = Decimal(Money(number, currency).text)
        decimals = -int(shown.as_tuple().exponent)
        pattern = parse_pattern(form)
        # As many decimals as the API shows: CLDR's own are those of coins, fewer in some currencies.
        pattern.frac_prec = (decimals, decimals)
        return str(pattern.apply(shown, self._locale, currency=currency, currency_digits=False))


def marked(message: str) -> str:
    """Return ``message``, a text that is translated where it is shown. The mark puts it in the catalogues."""
    return message


@cache
def read_languages() -> Mapping[str, Language]:
    """Return the languages that have a catalogue, by their tags."""
    return {tag: Language.read(tag, CATALOGUES / folder / "LC_MESSAGES/bms.po") for tag, folder in _folders()}


def tags() -> list[str]:
    """Return the tags of the languages that have a catalogue."""
    return [tag for tag, _ in _folders()]


def _folders() -> Iterable[tuple[str, str]]:
    """Return the tag and the folder of each catalogue. Folders are named as gettext does: ``pt_BR``."""
    found = sorted(path.parents[1].name for path in CATALOGUES.glob("*/LC_MESSAGES/bms.po"))
    return ((folder.replace("_", "-"), folder) for folder in found)


class Languages:
    """The languages of a service, and its ``default``, which has to be one of them."""

    def __init__(self, default: str = SOURCE, languages: Mapping[str, Language] | None = None) -> None:
        self._languages = read_languages() if languages is None else languages
        self.default = self._languages[default]

    def __iter__(self) -> Iterator[Language]:
        return iter(self._languages.values())

    def __contains__(self, tag: object) -> bool:
        return tag in self._languages

    def find(self, *wanted: str | None) -> Language:
        """Return the first of the ``wanted`` languages that the service has, else the default.

        The tag ``de-AT`` finds ``de`` too (RFC 4647, section 3.4). None is what nobody has said.
        """
        for tag in wanted:
            parts = tag.split("-") if tag else []
            while parts:
                found = self._languages.get("-".join(parts))
                if found is not None:
                    return found
                parts.pop()
        return self.default
