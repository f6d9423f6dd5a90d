"""Finding bookings: by admins everywhere, by organisers within an event."""

from typing import Any

from bms.tasks.sweeps import UNFOLDED_NAMES, sweep
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.users import User


async def found(api: Api, by: User, q: str, where: str = "/bookings", **more: Any) -> list[int]:
    reply = await api.request("GET", where, q=q, token=by.token, **more)
    assert reply.status == 200, reply.text
    return [booking["id"] for booking in reply.json]


async def test_an_admin_finds_by_reference_code_and_address(
    api: Api, scene: Scene, admin: User, make_user: MakeUser
) -> None:
    other = await make_user(email="Some.Body@Example.org")
    first, second = await scene.paid(2), await scene.paid(by=other)
    code = (await scene.shown(first))["tickets"][1]["code"]
    reference = first["reference"]
    for q in (reference, reference.lower(), f" {reference[:5]}-{reference[5:]} ", code, code.lower()):
        assert await found(api, admin, q) == [first["id"]], q
    assert await found(api, admin, reference.replace("0", "O").replace("1", "l")) == [first["id"]]
    for q in ("some.body@example.org", "SOME.BODY@EXAMPLE.ORG"):
        assert await found(api, admin, q) == [second["id"]]
    for q in (reference[:-1], code[:-1], "body@example.org", "Person", "%", "_", "x' OR 1=1 --", "@", "é"):
        assert await found(api, admin, q) == [], q
    for q in ("", "x" * 255, "a\nb"):
        reply = await api.request("GET", "/bookings", q=q, token=admin.token)
        reply.problem(422, "validation_failed")


async def test_a_contacts_address_finds_as_well_as_the_accounts(api: Api, scene: Scene, admin: User) -> None:
    booking, other = await scene.paid(), await scene.held()
    path = f"/bookings/{booking['id']}/contact"
    assert (await api.patch(path, {"email": "Box@Example.org"}, token=scene.buyer.token)).status == 200
    assert await found(api, admin, "box@example.org") == [booking["id"]]
    assert await found(api, admin, scene.buyer.email or "") == [other["id"], booking["id"]]
    assert await found(api, admin, scene.buyer.email or "", status="PENDING") == [other["id"]]


async def test_what_is_found_has_pages(api: Api, scene: Scene, admin: User) -> None:
    made = [(await scene.held())["id"] for _ in range(5)]
    for booking in made[::2]:
        await api.patch(f"/bookings/{booking}/contact", {"email": scene.buyer.email}, token=scene.buyer.token)
    seen: list[int] = []
    url = f"/bookings?limit=2&q={scene.buyer.email}"
    for _ in range(3):
        reply = await api.get(url, token=admin.token)
        assert reply.status == 200, reply.text
        seen += [booking["id"] for booking in reply.json]
        if "Link" not in reply.headers:
            break
        url = reply.headers["Link"][1:].partition(">")[0]
    assert seen == made[::-1]


async def test_others_find_their_own_alone(api: Api, scene: Scene, make_user: MakeUser) -> None:
    booking = await scene.paid()
    stranger = await make_user()
    code = (await scene.shown(booking))["tickets"][0]["code"]
    for q in (booking["reference"], code, scene.buyer.email or ""):
        assert await found(api, scene.buyer, q) == [booking["id"]]
        assert await found(api, stranger, q) == []
        assert await found(api, scene.organiser, q) == []


async def test_an_organiser_finds_within_an_event_also_by_name(
    api: Api, scene: Scene, make_user: MakeUser, admin: User
) -> None:
    where = f"/events/{scene.event['id']}/bookings"
    zoe = await make_user(name="Zoë Ångström-Łuczak")
    elsewhere = await scene.make_event()
    booking = await scene.paid(by=zoe)
    await scene.held(by=zoe, event=elsewhere)
    contact = {"name": "Ann van der Box"}
    other = await scene.paid()
    await api.patch(f"/bookings/{other['id']}/contact", contact, token=scene.buyer.token)
    for q in ("zoë", "ZOE", "Zo", "angstrom", "ÅNGSTRÖM-Ł", "angstrom-luczak", "Zoe\u0308"):
        assert await found(api, scene.organiser, q, where) == [booking["id"]], q
    for q in ("Ann", "der box", "van"):
        assert await found(api, admin, q, where) == [other["id"]], q
    for q in ("oe", "ngstrom", "Zoe%", "_oe", "[z]oe"):
        assert await found(api, scene.organiser, q, where) == [], q
    for q in (booking["reference"], (zoe.email or "").upper()):
        assert await found(api, scene.organiser, q, where) == [booking["id"]]
    assert await found(api, scene.organiser, "zoe", where, status="PENDING") == []
    row = (await api.get(f"{where}?q=zoe", token=scene.organiser.token)).json[0]
    assert row["user"]["name"] == "Zoë Ångström-Łuczak"


async def test_a_name_that_is_not_folded_yet_is_found_and_then_folded(
    api: Api, scene: Scene, make_user: MakeUser
) -> None:
    where = f"/events/{scene.event['id']}/bookings"
    zoe = await make_user(name="Zoë Z")
    booking = await scene.held(by=zoe)
    scene.rows("UPDATE users SET name_folded = NULL")
    assert await found(api, scene.organiser, "zoë", where) in ([], [booking["id"]])
    assert await sweep(scene.db, UNFOLDED_NAMES) == scene.count("users")
    assert await found(api, scene.organiser, "zoe", where) == [booking["id"]]
    await api.patch("/profile", {"name": "Chloé"}, token=zoe.token)
    assert await found(api, scene.organiser, "chloe", where) == [booking["id"]]


async def test_other_organisers_find_nothing(api: Api, scene: Scene, make_user: MakeUser) -> None:
    await scene.held()
    other = await make_user("EVENT_MANAGER")
    reply = await api.get(f"/events/{scene.event['id']}/bookings?q=Person", token=other.token)
    reply.problem(403, "forbidden")
