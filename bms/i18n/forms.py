"""How a page writes days, times and amounts: in the forms of the reader's language, as CLDR has them."""

import datetime as dt
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from bms.i18n.languages import Language
from bms.money import Money
from bms.zones import UTC, to_local


def amount(language: Language, number: Decimal, currency: str) -> str:
    """Return an amount with its currency, such as ``€25.00``. Zero is the word for what is free."""
    return language.gettext("Free") if not number else exact_amount(language, number, currency)


def exact_amount(language: Language, number: Decimal, currency: str) -> str:
    """Return an amount with its currency and all decimals that it has in BMS, zero as a number."""
    shown = Decimal(Money(number, currency).text)
    decimals = -int(shown.as_tuple().exponent)
    pattern = language.locale.currency_formats["standard"].pattern
    whole, _, rest = pattern.partition(".")
    # As many decimals as the API shows: CLDR's own are those of coins, fewer in some currencies.
    digits = "." + "0" * decimals if decimals else ""
    form = whole + digits + rest.lstrip("0") if rest else pattern
    return str(format_currency(shown, currency, form, locale=language.locale, currency_digits=False))


def symbol(language: Language, currency: str) -> str:
    """Return the sign of a currency."""
    return get_currency_symbol(currency, locale=language.locale)


def number(language: Language, value: int | Decimal) -> str:
    """Return a number with the separators of the language."""
    return format_decimal(value, locale=language.locale)


def percent(language: Language, value: int) -> str:
    """Return a percentage: 50 as ``50%``."""
    return format_percent(Decimal(value) / 100, locale=language.locale)


def local(moment: dt.datetime, zone: str) -> dt.datetime:
    """Return a time of the database (naive UTC) in ``zone``."""
    return to_local(moment, zone)


def day(language: Language, moment: dt.datetime, zone: str) -> str:
    """Return the day of a time, with its name and year: ``Saturday, December 5, 2026``."""
    return format_date(local(moment, zone), "full", locale=language.locale)


def short_day(language: Language, moment: dt.datetime, zone: str) -> str:
    """Return the day of a time, in short and without the year: ``Sat, Dec 5``."""
    return local_day(language, local(moment, zone))


def month_day(language: Language, moment: dt.datetime, zone: str) -> tuple[str, str]:
    """Return the month in short and the day, for the leaf of a calendar."""
    there = local(moment, zone)
    return format_date(there, "MMM", locale=language.locale), format_date(there, "d", locale=language.locale)


def clock(language: Language, moment: dt.datetime, zone: str) -> str:
    """Return the time of day: ``7:30 PM``."""
    return local_clock(language, local(moment, zone))


def local_day(language: Language, there: dt.datetime) -> str:
    """Return the day of a local time, in short and without the year: ``Sat, Dec 5``."""
    return format_skeleton("MMMEd", there, locale=language.locale)


def local_clock(language: Language, there: dt.datetime) -> str:
    """Return the time of day of a local time: ``7:30 PM``."""
    return format_time(there, "short", locale=language.locale)


def zone_name(language: Language, zone: str) -> str:
    """Return the name of a zone as people say it: the city whose time it is, or UTC."""
    return UTC if zone == UTC else get_timezone_location(zone, locale=language.locale, return_city=True)


def language_name(tag: str) -> str:
    """Return the name of a language in itself: ``Deutsch``."""
    name = Locale.parse(tag, sep="-").get_display_name() or tag
    return name[:1].upper() + name[1:]
