"""The gateway's notices over HTTP: signed, fresh, and each done once."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from bms.security.signatures import TOLERANCE, Signatures
from bms.settings import Settings
from tests.kit.api import Client
from tests.kit.notices import Notifier, notice_of
from tests.kit.refusals import contents
from tests.kit.scene import Scene
from tests.kit.waits import Wait, begin_wait

pytestmark = pytest.mark.usefixtures("charges_balance")


@pytest.fixture
async def wait(scene: Scene, notifier: Notifier) -> Wait:
    """A payment whose buyer has approved it, which BMS does not know yet."""
    begun = await begin_wait(scene, notifier)
    await begun.decide(approved=True)
    return begun


def left_behind(wait: Wait) -> dict[str, Any]:
    """Return every row of every table but the leases of the background."""
    found = contents(wait.scene.rows)
    del found["leases"]
    return found


async def raw_notice(wait: Wait) -> bytes:
    return json.dumps(notice_of(await wait.entry())).encode()


async def test_a_notice_settles_its_payment_and_a_repeat_does_nothing(wait: Wait) -> None:
    assert (await wait.notice()).status == 204
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    before = left_behind(wait)
    for _ in range(2):
        assert (await wait.notice()).status == 204
    assert (await wait.notice(status="FAILED", failure_code="card_declined")).status == 204, "by its id"
    assert left_behind(wait) == before
    (kept,) = wait.scene.rows("SELECT notice_id, reference, outcome FROM gateway_notices")
    entry = await wait.entry()
    assert tuple(kept) == (f"ev_{entry.reference}", entry.reference, "SUCCEEDED")


async def test_another_notice_of_a_settled_payment_changes_no_payment(wait: Wait) -> None:
    await wait.notice()
    before = left_behind(wait)
    for changes in ({}, {"status": "FAILED", "failure_code": "card_declined"}, {"status": "PENDING"}):
        assert (await wait.notice(notice_id=f"ev_{changes}", **changes)).status == 204
    after = left_behind(wait)
    assert len(after.pop("gateway_notices")) == 4
    before.pop("gateway_notices")
    assert after == before


async def test_ids_that_differ_in_case_alone_are_two(wait: Wait) -> None:
    assert (await wait.notice(notice_id="ev_A", status="PENDING")).status == 204
    assert wait.status() == ("PENDING", "PROCESSING"), "the gateway says that it still waits"
    assert (await wait.notice(notice_id="ev_a")).status == 204
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")


async def test_a_notice_delivered_twice_at_once_is_done_once(wait: Wait) -> None:
    replies = await asyncio.gather(*(wait.notice() for _ in range(6)))
    assert {reply.status for reply in replies} == {204}
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")
    assert wait.scene.count("gateway_notices") == 1
    assert wait.scene.count("audit_log", "action = 'succeed'") == 1
    assert wait.scene.count("tickets") == 1


async def test_a_payment_that_is_not_ours_is_answered_and_does_nothing(wait: Wait) -> None:
    """Else the gateway would send it for days. One account may serve several shops."""
    assert (await wait.notice(reference="somebody else's")).status == 204
    assert wait.status() == ("PENDING", "PROCESSING")


async def test_what_is_not_signed_rightly_is_refused(
    wait: Wait, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    raw, ours = await raw_notice(wait), Signatures(settings.gateway_secret)
    good, now = ours.sign(raw), int(time.time())
    before = left_behind(wait)
    signatures = {
        "missing": None,
        "garbage": "x",
        "another secret": Signatures("a secret that somebody made up").sign(raw),
        "the secret of tokens": Signatures(settings.secret_key).sign(raw),
        "another body": ours.sign(raw + b" "),
        "another time": good.replace(good.split(",")[0], f"t={now - 1}"),
        "too old": ours.sign(raw, at=now - 2 * TOLERANCE),
        "from the future": ours.sign(raw, at=now + 2 * TOLERANCE),
    }
    with caplog.at_level("DEBUG"):
        refused = [await wait.notifier.send_raw(raw, signature) for signature in signatures.values()]
        # The signature comes first: what is in the body is nobody's business.
        refused += [await wait.notifier.send_raw(body, None) for body in (b"", b"{", b"{}", b"[]")]
    details = {reply.problem(401, "invalid_signature")["detail"] for reply in refused}
    assert details == {"The signature is missing, wrong or too old"}
    assert left_behind(wait) == before
    for reason in ("there is no signature", "cannot be read", "is wrong", "is too old"):
        assert reason in caplog.text
    for secret in (settings.gateway_secret, good.partition("v1=")[2]):
        assert secret not in caplog.text
    assert (await wait.notifier.send_raw(raw, good)).status == 204


async def test_a_token_is_neither_needed_nor_looked_at(
    client: Client, wait: Wait, settings: Settings
) -> None:
    raw = await raw_notice(wait)
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Bearer nonsense",
        "Gateway-Signature": Signatures(settings.gateway_secret).sign(raw),
    }
    async with client.post("/api/gateway/notices/", data=raw, headers=headers) as reply:
        assert reply.status == 204


class TestWithoutASecret:
    """With an external database there may be none. The gateway is then asked instead."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, gateway_secret="")

    async def test_every_notice_is_refused_and_the_payment_is_settled_all_the_same(self, wait: Wait) -> None:
        raw = await raw_notice(wait)
        for signature in (None, Signatures("").sign(raw), Signatures("x").sign(raw)):
            (await wait.notifier.send_raw(raw, signature)).problem(401, "invalid_signature")
        assert wait.status() == ("PENDING", "PROCESSING")
        assert await wait.ask() == 1
        assert wait.status() == ("CONFIRMED", "SUCCEEDED")
