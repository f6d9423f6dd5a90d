"""Refusals that say what would be right, and where they point."""

from typing import Any

import pytest

from bms.http.resources import MAX_PATH
from bms.schemas.base import MAX_MEANT
from tests.kit.api import Api
from tests.kit.scene import Scene


def said(problem: dict[str, Any]) -> dict[str, str]:
    return {error["pointer"]: error["message"] for error in problem["errors"]}


async def test_an_unknown_field(api: Api, scene: Scene) -> None:
    body = {"evnt": 1, "tickets": [{"ticket_typ": 1}], "contact": {"emial": "a@example.org"}, "zebra": 1}
    refused = await api.post("/bookings", body, token=scene.buyer.token)
    found = said(refused.problem(422, "validation_failed"))
    assert found["/evnt"] == "There is no such field. Did you mean `event`?"
    assert found["/tickets/0/ticket_typ"] == "There is no such field. Did you mean `ticket_type`?"
    assert found["/contact/emial"] == "There is no such field. Did you mean `email`?"
    assert found["/zebra"] == "There is no such field."


async def test_no_older_name_is_suggested(api: Api, scene: Scene) -> None:
    refused = await api.post("/events", {"max_ticket": 1}, token=scene.organiser.token)
    assert said(refused.problem(422, "validation_failed"))["/max_ticket"] == "There is no such field."


async def test_few_unknown_fields_are_looked_at(api: Api, scene: Scene) -> None:
    body = {f"capacity{number}": 1 for number in range(MAX_MEANT + 3)}
    refused = await api.post("/events", body, token=scene.organiser.token)
    found = said(refused.problem(422, "validation_failed"))
    assert sum("Did you mean `capacity`?" in found[f"/{name}"] for name in body) == MAX_MEANT


async def test_an_unknown_parameter(api: Api) -> None:
    (error,) = (await api.get("/events?categry=concert")).problem(422, "validation_failed")["errors"]
    assert error == {
        "pointer": "/categry",
        "parameter": "categry",
        "message": "There is no such field. Did you mean `category`?",
    }


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("limit=1&limit=2", "limit"),
        ("q=" + "+".join(f"w{number}" for number in range(40)), "q"),
    ],
)
async def test_faults_of_a_query_name_the_parameter(api: Api, query: str, parameter: str) -> None:
    problem = (await api.get(f"/events?{query}")).problem(422, "validation_failed")
    assert [error["parameter"] for error in problem["errors"]] == [parameter]


async def test_faults_of_a_body_name_no_parameter(api: Api) -> None:
    problem = (await api.post("/register", {})).problem(422, "validation_failed")
    assert not any("parameter" in error for error in problem["errors"])


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/evnts", "/events"),
        ("/api/booking/7", "/bookings/{id}"),
        ("/events/7/booking", "/events/{id}/bookings"),
        ("/user/7/booking-history/", "/users/{id}/booking-history"),
    ],
)
async def test_a_path_that_is_nearly_one(api: Api, path: str, meant: str) -> None:
    assert (await api.get(path)).problem(404, "not_found")["detail"].endswith(f"Did you mean {meant}?")


@pytest.mark.parametrize("path", ["/zebra", "/" + "events/" * MAX_PATH, "/%00", "/wp-login.php"])
async def test_a_path_like_none(api: Api, path: str) -> None:
    assert (await api.get(path)).problem(404, "not_found")["detail"].endswith("/docs lists them")


async def test_a_method_that_is_not_allowed(api: Api) -> None:
    refused = await api.request("PATCH", "/bookings")
    assert refused.problem(405, "method_not_allowed")["detail"] == (
        "PATCH is not allowed here. Use GET, HEAD, POST"
    )
    assert refused.headers["Allow"] == "GET, HEAD, POST"
