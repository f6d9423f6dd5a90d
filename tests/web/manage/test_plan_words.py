"""What is wrong with a plan is said in the reader's language. No sentence of the checks is forgotten."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given

import bms.seating
from bms.i18n.languages import Languages
from bms.seating.check import check
from bms.seating.faults import PlanRefused
from bms.seating.forms import Form, import_plan
from bms.web.kit.faults import OTHERWISE, find_text
from bms.web.manage.plans.fault_words import TEXTS, explain_fault
from tests.seating.strategies import DOCUMENTS

# Of sections that no form has: the generator's own bounds, which the schema of the API comes before.
NEVER_MET = ("From 1 to",)


def sentences() -> Iterator[str]:
    """Yield the sentences that the modules of plans say to people, with 7 for each value."""
    for path in Path(bms.seating.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = {"Fault": 1, "add": 1}.get(name)
            if at is None or len(node.args) <= at:
                continue
            if isinstance(node.args[at], ast.Constant | ast.JoinedStr):
                yield text_of(node.args[at])


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)


def is_known(message: str) -> bool:
    return find_text(message) is not None or find_text(message, TEXTS, longest=400) is not None


@pytest.mark.parametrize("message", sorted(set(sentences())))
def test_every_sentence_has_words(message: str) -> None:
    assert is_known(message) or message.startswith(NEVER_MET), message
    german = explain_fault(Languages().find("de"), message)
    if not message.startswith(NEVER_MET):
        assert german != message
        assert german != Languages().find("de").gettext(OTHERWISE)


def test_sentences_are_found() -> None:
    found = set(sentences())
    assert "There is no such category." in found
    assert "The same place as 7." in found
    assert len(found) > 30


@given(DOCUMENTS)
def test_whatever_is_wrong_with_a_document_has_words(document: Any) -> None:
    for fault in check(document):
        assert is_known(fault.message), fault
    for form in Form:
        try:
            import_plan(form, orjson.dumps(document))
        except PlanRefused as refused:
            for fault in refused.faults:
                assert is_known(fault.message), fault


def test_a_sentence_without_words_is_found() -> None:
    """The twin of the tests above."""
    assert not is_known("This is a new sentence of a check.")
    words = Languages().find("en")
    assert explain_fault(words, "This is a new sentence of a check.") == words.gettext(OTHERWISE)
