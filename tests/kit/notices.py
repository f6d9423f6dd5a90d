"""The payment gateway as it sends notices: signed with the secret that BMS knows too."""

import json
from typing import Any

from bms.payments.simulated.ledger import Entry
from bms.security.signatures import HEADER, Signatures
from tests.kit import contract
from tests.kit.api import Client, Reply

PATH = "/gateway/notices"


def notice_of(entry: Entry, **fields: Any) -> dict[str, Any]:
    """Return the notice that tells what became of a charge. ``fields`` replace its own."""
    told = {
        "notice_id": f"ev_{entry.reference}",
        "reference": entry.reference,
        "status": entry.status,
        "gateway_reference": entry.gateway_reference,
        "failure_code": entry.failure_code,
        "message": entry.message,
    }
    return {**told, **fields}


class Notifier:
    """Sends notices to ``client`` and signs them with ``secret``."""

    def __init__(self, client: Client, secret: str) -> None:
        self._client = client
        self._signatures = Signatures(secret)

    async def send(self, notice: dict[str, Any], *, at: int | None = None) -> Reply:
        """Send a notice, signed now or ``at`` seconds since 1970."""
        raw = json.dumps(notice).encode()
        return await self.send_raw(raw, self._signatures.sign(raw, at=at))

    async def send_raw(self, raw: bytes, signature: str | None) -> Reply:
        """Send bytes with a signature, or with none."""
        headers = {"Content-Type": "application/json"} | ({HEADER: signature} if signature else {})
        async with self._client.post(PATH, data=raw, headers=headers) as response:
            reply = Reply(response.status, await response.text(), response.headers)
            contract.check("POST", PATH, reply.status, reply.headers, reply.text)
            return reply
