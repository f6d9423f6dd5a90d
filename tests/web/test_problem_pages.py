"""The page of each kind of problem: for people in HTML, for programs in JSON."""

import html
import re

import pytest
from aiohttp.test_utils import TestClient

from bms.i18n.languages import Languages
from bms.schemas.problem_words import KINDS, WORDS
from tests.kit.api import Api

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("code", KINDS)
async def test_each_problem_has_a_page(client: TestClient, api: Api, code: str) -> None:
    shown = (await api.get(f"/problems/{code}")).json
    assert (shown["code"], shown["type"]) == (code, f"/problems/{code}")
    assert shown["when"].endswith(".")
    assert shown["remedy"].endswith(".")
    async with client.get(f"/problems/{code}", headers=BROWSER) as response:
        assert response.content_type == "text/html"
        page = await response.text()
    assert f'<code lang="en">{code}</code>' in page
    assert "`" not in page


async def test_the_type_of_a_problem_leads_to_its_page(api: Api) -> None:
    problem = (await api.get("/profile")).problem(401, "unauthenticated")
    assert (await api.get(problem["type"])).json["title"] == problem["title"]


async def test_the_list_leads_to_all(client: TestClient, api: Api) -> None:
    assert [kind["code"] for kind in (await api.get("/problems")).json] == sorted(KINDS)
    async with client.get("/problems", headers={**BROWSER, "Accept-Language": "de"}) as response:
        assert "Accept" in response.headers.getall("Vary")
        page = await response.text()
    assert "Alle Fehler der API" in page
    assert all(f'href="/problems/{code}"' in page for code in KINDS)


async def test_a_problem_that_is_none(api: Api) -> None:
    (await api.get("/problems/no_such_thing")).problem(404, "not_found")


@pytest.mark.parametrize("language", ["de", "hi"])
async def test_the_pages_are_in_the_readers_language(client: TestClient, language: str) -> None:
    """The codes, and what a program sends, stay as they are."""
    reading = {**BROWSER, "Accept-Language": language}
    words = Languages().find(language)
    async with client.get("/problems", headers=reading) as response:
        index = html.unescape(await response.text())
    for code, kind in KINDS.items():
        async with client.get(f"/problems/{code}", headers=reading) as response:
            assert "Accept-Language" in ", ".join(response.headers.getall("Vary"))
            page = html.unescape(await response.text())
        assert f'<html lang="{language}"' in page
        title, said = words.gettext(kind.title), WORDS[kind]
        assert title != kind.title
        assert f"<h1>{title}</h1>" in page
        assert f">{title}</a>" in index
        assert f'<code lang="en">{code}</code>' in page
        for english in (said.when, said.remedy):
            told = words.gettext(english)
            assert told != english
            assert re.findall("`(.+?)`", told) == unordered(re.findall("`(.+?)`", english), told)
            assert re.sub("`(.+?)`", r"<code>\1</code>", told) in re.sub(r"\s+", " ", page)


def unordered(names: list[str], told: str) -> list[str]:
    """Return ``names`` in the order in which they stand in ``told``."""
    return sorted(names, key=lambda name: told.index(f"`{name}`"))


@pytest.mark.parametrize("language", ["de", "hi"])
async def test_programs_are_told_in_english(client: TestClient, language: str) -> None:
    async with client.get("/problems/sold_out", headers={"Accept-Language": language}) as response:
        assert (await response.json())["title"] == KINDS["sold_out"].title
