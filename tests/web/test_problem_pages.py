"""The page of each kind of problem: for people in HTML, for programs in JSON."""

import pytest
from aiohttp.test_utils import TestClient

from bms.schemas.problem_words import KINDS
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
    assert f"<code>{code}</code>" in page
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
