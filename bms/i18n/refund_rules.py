"""A refund rule in words, as the e-mails and notifications have it."""

from bms.i18n.languages import Language
from bms.refund_rules import NEVER


def describe_rule(language: Language, *, full_until_hours: int, percent: int, none_from_hours: int) -> str:
    """Return a refund rule (bms.refund_rules) in one to three sentences."""
    is_part = percent > 0 and full_until_hours > none_from_hours
    sentences = []
    if full_until_hours < NEVER:
        sentences.append(_all_until(language, full_until_hours))
    if is_part:
        sentences.append(_part_until(language, percent, none_from_hours, is_first=not sentences))
    if not sentences:
        return language.gettext("Nothing is refunded.")
    if (none_from_hours if is_part else full_until_hours) > 0:
        sentences.append(language.gettext("After that nothing is refunded."))
    return " ".join(sentences)


def _all_until(language: Language, hours: int) -> str:
    if hours == 0:
        return language.gettext("All of the price is refunded until the start.")
    return language.ngettext(
        "All of the price is refunded until %(count)s hour before the start.",
        "All of the price is refunded until %(count)s hours before the start.",
        hours,
        count=hours,
    )


def _part_until(language: Language, percent: int, hours: int, *, is_first: bool) -> str:
    if is_first and hours == 0:
        return language.gettext("%(percent)s%% of the price is refunded until the start.", percent=percent)
    if hours == 0:
        return language.gettext(
            "Then %(percent)s%% of the price is refunded until the start.", percent=percent
        )
    if is_first:
        return language.ngettext(
            "%(percent)s%% of the price is refunded until %(count)s hour before the start.",
            "%(percent)s%% of the price is refunded until %(count)s hours before the start.",
            hours,
            percent=percent,
            count=hours,
        )
    return language.ngettext(
        "Then %(percent)s%% of the price is refunded until %(count)s hour before the start.",
        "Then %(percent)s%% of the price is refunded until %(count)s hours before the start.",
        hours,
        percent=percent,
        count=hours,
    )
