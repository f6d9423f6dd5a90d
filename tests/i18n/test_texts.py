"""Languages: which one is found, and how each writes texts, times and amounts."""

import datetime as dt
import gettext
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog
from hypothesis import given
from hypothesis import strategies as st

from bms.i18n.languages import Language, Languages, read_languages, tags
from bms.mail import messages
from bms.mail.messages import compose
from tests.kit.letters import ENGLISH, html_of, text_of
from tests.kit.mail_payloads import EXAMPLES
from tests.kit.pseudo import compiled, translated

EVENING = "2027-08-01T19:30:00Z"
MOMENTS = st.datetimes(timezones=st.just(dt.UTC))
AMOUNTS = st.decimals(Decimal("0.01"), Decimal("9999999999.99"), places=2)


def bare(tag: str) -> Language:
    """Return a language with no texts, as CLDR has it."""
    return Language(tag, gettext.NullTranslations())


def test_english_is_a_language_with_a_catalogue() -> None:
    assert "en" in tags()
    assert read_languages().keys() == set(tags())
    assert ENGLISH is Languages("en").default


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((), "en"),
        ((None, None), "en"),
        (("de",), "de"),
        (("de-AT", "pt"), "de"),
        (("de-Latn-AT-1996",), "de"),
        (("pt-BR",), "pt-BR"),
        (("pt-BR-x-home",), "pt-BR"),
        (("pt",), "en"),
        (("fr", "de"), "de"),
        ((None, "de"), "de"),
        (("fr", None), "en"),
        (("d",), "en"),
    ],
)
def test_the_first_that_there_is_else_the_default(wanted: tuple[str | None, ...], found: str) -> None:
    languages = Languages("en", {tag: bare(tag) for tag in ("en", "de", "pt-BR")})
    assert languages.find(*wanted).tag == found


def english_time(moment: dt.datetime) -> str:
    """What BMS wrote before it knew other languages."""
    return f"{moment:%A} {moment.day} {moment:%B} {moment.year}, {moment:%H:%M} UTC"


@given(MOMENTS)
def test_english_times_are_what_they_were(moment: dt.datetime) -> None:
    assert ENGLISH.when(moment.isoformat()) == english_time(moment)


@given(AMOUNTS)
def test_english_amounts_are_what_they_were(amount: Decimal) -> None:
    assert ENGLISH.money(str(amount), "EUR") == f"{amount:.2f} EUR"
    assert ENGLISH.money(amount, "EUR", code_first=True) == f"EUR {amount:.2f}"


@pytest.mark.parametrize("zero", ["0", "0.00", "-0.00", 0, Decimal("0E+3")])
def test_zero_is_free(zero: str | int | Decimal) -> None:
    assert ENGLISH.money(zero, "EUR") == "Free"


@pytest.mark.parametrize(
    ("tag", "time", "amount"),
    [
        ("de", "Sonntag, 1. August 2027, 19:30 UTC", "1.234,50\xa0€"),
        ("hi", "रविवार, 1 अगस्त 2027, 7:30 pm UTC", "€1,234.50"),
        ("ar", "الأحد، 1 أغسطس 2027، 7:30 م UTC", "\u200f1,234.50\xa0€"),
    ],
)
def test_others_have_the_forms_of_cldr(tag: str, time: str, amount: str) -> None:
    language = bare(tag)
    assert language.when(EVENING) == time
    assert language.when("2027-08-01T21:30:00+02:00") == time
    for code_first in (False, True):
        assert language.money("1234.50", "EUR", code_first=code_first) == amount


def test_an_amount_has_the_decimals_of_the_api() -> None:
    # CLDR would leave the decimals of the Indonesian rupiah out, for lack of such coins.
    assert bare("de").money("1234.56", "IDR") == "1.234,56\xa0IDR"


@pytest.mark.parametrize("amount", ["much", "NaN", "Infinity", ""])
def test_what_is_no_amount_is_an_error(amount: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        ENGLISH.money(amount, "EUR")


@pytest.mark.parametrize("moment", ["tomorrow", "2027-12-31T23:30:00", ""])
def test_what_is_no_time_is_an_error(moment: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ENGLISH.when(moment)


def test_texts_and_values_may_hold_any_characters() -> None:
    assert ENGLISH.gettext("") == ""
    assert ENGLISH.gettext("100% of %(name)s") == "100% of %(name)s"
    assert ENGLISH.gettext("%(title)s starts soon", title="%s %(x)s 5%") == "%s %(x)s 5% starts soon"


def polish() -> Language:
    """Return a language with three plural forms, of which English has two."""
    made = Catalog("pl")
    made.add(
        ("%(number)s ticket", "%(number)s tickets"),
        ("%(number)s bilet", "%(number)s bilety", "%(number)s biletów"),
    )
    return Language("pl", compiled(made))


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1 bilet"), (2, "2 bilety"), (5, "5 biletów"), (22, "22 bilety"), (112, "112 biletów")],
)
def test_a_language_has_its_own_plural_forms(number: int, text: str) -> None:
    assert polish().ngettext("%(number)s ticket", "%(number)s tickets", number, number=number) == text


def test_a_template_has_plural_forms_too() -> None:
    text = """{{ ngettext("%(number)s ticket", "%(number)s tickets", count, number=count) }}"""
    template = messages._templates(polish()).from_string(text)
    assert [template.render(count=count) for count in (1, 3, 5)] == ["1 bilet", "3 bilety", "5 biletów"]


def test_a_text_without_a_translation_is_english() -> None:
    language = Language("de", translated(lambda text: ""))
    assert language.gettext("Hello,") == "Hello,"
    assert language.ngettext("one", "many", 2) == "many"


def reminder(language: Language, kind: str = "reminder") -> tuple[str, str]:
    """Return the text and the HTML of an e-mail."""
    message = compose(
        kind,
        EXAMPLES[kind],
        recipient="ana@example.org",
        sender="tickets@example.org",
        message_id="<1@example.org>",
        language=language,
    )
    assert message["Content-Language"] == language.tag
    return text_of(message), html_of(message)


def test_a_mail_in_a_language_written_from_right_to_left() -> None:
    arabic = Language("ar", translated({"Hello,": "مرحبا،"}.get or str, "ar"))
    text, html = reminder(arabic)
    assert text.startswith("مرحبا،\n")
    assert '<html lang="ar" dir="rtl">' in html
    assert "<p>مرحبا، " in html
    assert '<html lang="en">' in reminder(ENGLISH)[1]


def test_a_translation_is_text_in_html_too() -> None:
    language = Language("de", translated(lambda text: f"<b>&'{text}'"))
    text, html = reminder(language, "booking_cancelled")
    assert "<b>&'Hello Ana,'" in text
    assert "&lt;b&gt;&amp;&#39;Hello <bdi>Ana</bdi>,&#39;" in html
    assert "<b>" not in html


def test_a_language_of_long_words_loses_nothing() -> None:
    language = Language("de", translated(lambda text: f"{text} {'Donaudampfschifffahrtsgesellschaft' * 30}"))
    text, html = reminder(language)
    assert text.count("gesellschaft") >= 30 * 4
    assert "Night of Strings" in text
    assert html.rstrip().endswith("</html>")
