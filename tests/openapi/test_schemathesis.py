"""Requests made from the API's description, right ones and wrong ones, by an admin and by a user.

Whatever comes, the answer is a documented one: no status, media type or body that the document does not
have, and never a 500. Hypothesis draws the same requests in every run.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from tests.kit import contract
from tests.kit.api import Api
from tests.kit.types import Make, MakeUser, Pay
from tests.kit.users import User

MAX_URL = 7000
EXAMPLES = 2  # of each kind, for each operation
load_all_checks()
HELD_TO = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
# A token is used up by these, so they come last.
LAST = ("users.logout",)


@pytest.fixture
async def something(
    make_event: Make,
    hold: Make,
    pay: Pay,
    api: Api,
) -> Callable[[User], Awaitable[None]]:
    """Make one of everything, so that the id 1 is there and partly the caller's."""

    async def make(caller: User) -> None:
        event = await make_event()
        assert (await pay(caller, await hold(caller, event))).status == 201
        await hold(caller, event)

    return make


def operations(document: dict[str, Any]) -> list[Any]:
    found = [each.ok() for each in schemathesis.openapi.from_dict(document).get_all_operations()]
    return sorted(found, key=lambda operation: operation.definition.raw["operationId"] in LAST)


def probe(operation: Any, mode: GenerationMode, base_url: str, token: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        # Odd ids become 1, which exists: else all would end in a 404.
        for name, value in (case.path_parameters or {}).items():
            if isinstance(value, int) and value % 2:
                case.path_parameters[name] = 1
        # A longer URL aiohttp itself refuses, in words of its own, before it is a request.
        assume(len(case.as_transport_kwargs(base_url=base_url)["url"]) < MAX_URL)
        assume(len(urlencode(case.query or {}, doseq=True)) < MAX_URL)
        response = case.call(base_url=base_url, headers={"Authorization": f"Bearer {token}"})
        # Not its own check, to which a documented 503 is an error too.
        assert response.status_code != 500, response.text
        case.validate_response(response, checks=HELD_TO)

    run()


@pytest.mark.parametrize("role", ["ADMIN", "USER"])
async def test_every_answer_is_documented(
    client: TestClient,
    make_user: MakeUser,
    something: Callable[[User], Awaitable[None]],
    role: str,
) -> None:
    caller = await make_user(role)
    await something(caller)
    base_url = str(client.make_url("/")).rstrip("/")
    for operation in operations(contract.document()):
        for mode in GenerationMode:
            await asyncio.to_thread(probe, operation, mode, base_url, caller.token)


async def test_an_undocumented_answer_is_noticed(client: TestClient, buyer: User) -> None:
    """The twin: with one status less in the document, the same probe finds the answer that has it."""
    document = copy.deepcopy(contract.document())
    responses = document["paths"]["/venues/{id}"]["get"]["responses"]
    assert responses.pop("404")
    document["paths"] = {"/venues/{id}": {"get": document["paths"]["/venues/{id}"]["get"]}}
    (operation,) = operations(document)
    base_url = str(client.make_url("/")).rstrip("/")
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        await asyncio.to_thread(probe, operation, GenerationMode.POSITIVE, base_url, buyer.token)
