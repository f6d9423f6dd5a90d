"""Signed bodies: what is right, and everything that is not."""

import hmac
import subprocess
import time

import pytest

from bms.security import signatures
from bms.security.signatures import TOLERANCE, BadSignature, Signatures

SECRET = "the secret that the gateway of this test knows"
BODY = b'{"notice_id": "ev_1"}'


def refusal(header: str | None, body: bytes = BODY, secret: str = SECRET) -> str:
    with pytest.raises(BadSignature) as refused:
        Signatures(secret).check(header, body)
    return str(refused.value)


def test_what_was_signed_is_accepted() -> None:
    ours = Signatures(SECRET)
    now = int(time.time())
    for at in (None, now, now - TOLERANCE // 2, now + TOLERANCE // 2):
        ours.check(ours.sign(BODY, at=at), BODY)
    ours.check(ours.sign(b""), b"")


def test_openssl_signs_alike() -> None:
    """As docs/test-cards.md has a person sign a notice."""
    at = int(time.time())
    command = ["openssl", "dgst", "-sha256", "-hmac", SECRET]
    made = subprocess.run(command, input=f"{at}.".encode() + BODY, capture_output=True, check=True)
    assert Signatures(SECRET).sign(BODY, at=at) == f"t={at},v1={made.stdout.decode().split()[-1]}"


def test_what_is_wrong() -> None:
    good = Signatures(SECRET).sign(BODY)
    at, digest = good.split(",")
    other = Signatures(SECRET + "!").sign(BODY)
    wrong = "the signature is wrong"
    assert refusal(good, BODY + b" ") == wrong
    assert refusal(good, secret=SECRET + "!") == wrong
    assert refusal(other) == wrong
    assert refusal(f"t={int(at[2:]) + 1},{digest}") == wrong
    assert refusal(f"{at},{digest[:-1]}") == wrong
    assert refusal(at) == wrong
    assert refusal(None) == "there is no signature"
    for unreadable in (
        "",
        "x",
        digest,
        f"{at},{at},{digest}",
        f"t=soon,{digest}",
        f"t=,{digest}",
        "t=1;v1=2",
    ):
        assert refusal(unreadable) == "the signature cannot be read", unreadable
    for odd in (
        f"{at},v1={'f' * 65}",
        f"{at},v0={digest[3:]}",
        f"{at},v1={digest[3:].upper()}",
        f"{at},v1=é",
    ):
        assert refusal(odd) == wrong, odd


@pytest.mark.parametrize("seconds", [-10 * TOLERANCE, 10 * TOLERANCE])
def test_what_is_too_old_or_from_a_clock_that_is_wrong(seconds: int) -> None:
    at = int(time.time()) + seconds
    assert "too old" in refusal(Signatures(SECRET).sign(BODY, at=at))
    assert refusal(Signatures("another").sign(BODY, at=at)) == "the signature is wrong", "that is found first"
    assert "too old" in refusal(Signatures(SECRET).sign(BODY, at=0))


def test_of_several_digests_one_is_enough() -> None:
    """While the secret is changed, the gateway signs with both."""
    at = int(time.time())
    old, new = (Signatures(secret).sign(BODY, at=at).partition(",")[2] for secret in ("the old one", SECRET))
    for header in (f"t={at},{old},{new}", f"t={at}, {new}, {old}", f"v0=1,{new},t={at}"):
        Signatures(SECRET).check(header, BODY)


def test_without_a_secret_nothing_is_right() -> None:
    assert "BMS_GATEWAY_SECRET" in refusal(Signatures("").sign(BODY), secret="")


def test_every_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    compare = hmac.compare_digest

    def noted(right: str, given: str) -> bool:
        compared.append(given)
        return compare(right, given)

    monkeypatch.setattr(signatures.hmac, "compare_digest", noted)
    at, digest = Signatures(SECRET).sign(BODY).split(",")
    Signatures(SECRET).check(f"{at},{digest},v1=1,v1=2", BODY)
    assert compared == [digest[3:], "1", "2"], "the right one is no reason to stop"
