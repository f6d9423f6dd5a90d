"""The details of a means of payment are neither stored nor logged."""

import re
from pathlib import Path
from typing import Any

import pytest

from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.cards import AMEX, NO_ANSWER
from tests.kit.catalogue import text_columns
from tests.kit.scene import Scene

pytestmark = pytest.mark.usefixtures("charges_balance")


async def test_details_are_neither_stored_nor_logged(
    api: Api,
    scene: Scene,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    cards = [
        {"number": AMEX, "expiry": "11/39", "cvv": "8765", "holder": "Zanzibar Quux"},
        {"number": "4000 0000 0000 0002", "expiry": "11/39", "cvv": "876", "holder": "Zanzibar Quux"},
        {"number": NO_ANSWER, "expiry": "11/39", "cvv": "876", "holder": "Zanzibar Quux"},
    ]
    for number, card in enumerate(cards):
        body = {"booking_id": (await scene.held())["id"], "method": "card", "details": card}
        headers = {"Idempotency-Key": f"key-{number}"}
        await api.post("/payments", body, token=scene.buyer.token, headers=headers)
        wrong = {**body, "details": {**card, "cvv": "87654"}}
        await api.post("/payments", wrong, token=scene.buyer.token)

    async def broken(charge: Any) -> None:
        raise RuntimeError("the gateway's client is broken")

    monkeypatch.setattr(scene.gateway, "charge", broken)
    body = {"booking_id": (await scene.held())["id"], "method": "card", "details": cards[0]}
    (await api.post("/payments", body, token=scene.buyer.token)).problem(500, "internal_error")
    secrets = re.compile(
        r"3782\D?822463\D?10005|4000\D?0000\D?0000\D?(?:0002|1000)|Zanzibar|11/(?:20)?39"
        r"|(?<![0-9A-Za-z])8765?(?![0-9A-Za-z])"
    )
    texts = [
        str(row)
        for table, column in text_columns(scene.rows.connection)
        for row in scene.rows(f"SELECT {column} FROM {table}")
    ]
    assert len(texts) > 50
    assert any("0005" in text for text in texts)
    kept = bytes_in(settings.data_dir)
    assert b"amex" in kept
    texts += [kept.decode("latin-1"), caplog.text]
    assert "the gateway's client is broken" in caplog.text
    assert [found.group() for text in texts for found in secrets.finditer(text)] == []
    assert "Zanzibar" not in repr(caplog.records)


def bytes_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())
