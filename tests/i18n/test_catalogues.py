"""The catalogues: each holds the texts of the code, all of them translated, and nothing else.

``BMS_UPDATE_GOLDEN=1`` brings them up to date as script/messages does, and fails to say so.
"""

import os
import sys
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, TranslationError
from babel.messages.pofile import read_po

from bms.i18n.languages import CATALOGUES
from tests.kit.scripts import load_script

NAMES = sorted(path.parents[1].name for path in CATALOGUES.glob("*/LC_MESSAGES/bms.po"))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("messages")


def faults(catalogue: Catalog) -> list[str]:
    """Return what a translator still has to do, and what would fail when it is shown."""
    found = []
    for message in catalogue:
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy:
            found.append(f"{message.id!r} is fuzzy")
        if not all(forms):
            found.append(f"{message.id!r} is not translated")
        found += [f"{message.id!r}: {error}" for error in message.check(catalogue) if all(forms)]
    return found


def test_the_stored_catalogues_hold_the_texts_of_the_code(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["messages", "--check"])
    changed = script.main()
    if changed and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        monkeypatch.setattr(sys, "argv", ["messages"])
        script.main()
        pytest.fail("the catalogues are rewritten: look at the diff, then run without BMS_UPDATE_GOLDEN")
    assert not changed, capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_every_catalogue_is_complete(name: str) -> None:
    with (CATALOGUES / name / "LC_MESSAGES" / "bms.po").open("rb") as file:
        assert faults(read_po(file, locale=name)) == []


def test_an_incomplete_or_wrong_one_is_found() -> None:
    """The twin of the test above."""
    wrong = Catalog("de")
    wrong.add("Hello,", "")
    wrong.add("%(title)s has changed", "%(titel)s hat sich geändert", flags=["python-format"])
    wrong.add("Total", "Summe", flags=["fuzzy"])
    wrong.add(("%(n)s ticket", "%(n)s tickets"), ("%(n)s Karte", ""), flags=["python-format"])
    found = faults(wrong)
    assert len(found) == 4
    assert any("unknown named placeholder" in fault or "titel" in fault for fault in found)
    assert TranslationError is not None


def test_new_texts_come_in_and_old_ones_go(script: ModuleType, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(script, "CATALOGUES", tmp_path)
    texts = Catalog()
    texts.add("Hello,", None, [("bms/a.py", None)])
    texts.add("Gone", None, [("bms/a.py", None)])
    german = script.path_of("de")
    german.parent.mkdir(parents=True)
    german.write_text(
        script.updated("de", texts).replace('msgid "Hello,"\nmsgstr ""', 'msgid "Hello,"\nmsgstr "Hallo,"')
    )
    later = Catalog()
    later.add("Hello,", None, [("bms/b.py", None)])
    later.add(("%(n)s ticket", "%(n)s tickets"), None, [("bms/b.py", None)])
    text = script.updated("de", later)
    assert 'msgid "Hello,"\nmsgstr "Hallo,"' in text
    assert "Gone" not in text
    assert 'msgstr[1] ""' in text
    assert 'msgstr[1] "%(n)s tickets"' in script.updated("en", later)
    german.write_text(text)
    assert script.updated("de", later) == text


def test_texts_of_code_and_templates_are_found(script: ModuleType, tmp_path) -> None:
    (tmp_path / "code.py").write_text('language.gettext("One")\nmarked("Two")\nother("None")\n')
    (tmp_path / "mail.txt.j2").write_text('{{ _("Three") }}\n{{ ngettext("a", "many", n) }}\nFour\n')
    assert {message.id for message in script.template(tmp_path) if message.id} == {
        "One",
        "Two",
        "Three",
        ("a", "many"),
    }
