"""Accounts on the admins' pages: found, barred, signed out, given another role."""

from tests.kit.scene import Scene
from tests.kit.site import Browser, Page
from tests.kit.users import PASSWORD, User


async def confirm(office: Browser, path: str, **typed: str) -> Page:
    """Do what the page at ``path`` asks for."""
    page = await office.get(path)
    assert page.status == 200, page.text
    return await office.submit(page, page.form(path), **typed)


async def test_an_account_is_found_by_name_address_and_role(
    scene: Scene, office: Browser, admin: User
) -> None:
    for query in (scene.buyer.username, scene.buyer.email):
        page = await office.get(f"/admin/accounts?q={query}")
        assert f"/admin/accounts/{scene.buyer.id}" in page.links
        assert f"/admin/accounts/{scene.organiser.id}" not in page.links
    admins = await office.get("/admin/accounts?role=ADMIN")
    assert f"/admin/accounts/{admin.id}" in admins.links
    assert f"/admin/accounts/{scene.buyer.id}" not in admins.links
    assert "No account is like that" in (await office.get("/admin/accounts?q=nobody-at-all")).text
    assert (await office.get("/admin/accounts?role=KING&cursor=x")).status == 200


async def test_an_organiser_is_barred_and_let_in_again(scene: Scene, office: Browser, make_browser) -> None:
    other = make_browser()
    await other.sign_in(scene.organiser.username, PASSWORD)
    account = f"/admin/accounts/{scene.organiser.id}"
    asked = await office.get(f"{account}/bar")
    assert scene.event["title"] in asked.text
    assert scene.count("users", "is_active = 0") == 0
    barred = await confirm(office, f"{account}/bar")
    assert barred.path == account
    assert "The account is barred" in barred.text
    assert (await other.get("/manage", follow=False)).status == 303
    event = await scene.api.get(f"/events/{scene.event['id']}")
    assert event.json["on_sale"] is False
    lifted = await confirm(office, f"{account}/unbar")
    assert "can sign in again" in lifted.text
    assert (await scene.api.get(f"/events/{scene.event['id']}")).json["on_sale"] is True


async def test_a_role_is_changed(scene: Scene, office: Browser) -> None:
    account = f"/admin/accounts/{scene.buyer.id}"
    done = await confirm(office, f"{account}/role", role="EVENT_MANAGER")
    assert "The role is changed" in done.text
    assert scene.count("users", "id = ? AND role = 'EVENT_MANAGER'", scene.buyer.id) == 1
    wrong = await confirm(office, f"{account}/role", role="KING")
    assert wrong.status == 422
    assert scene.count("audit_log", "subject = 'user' AND action = 'change'") == 1


async def test_an_account_is_signed_out_everywhere(scene: Scene, office: Browser, make_browser) -> None:
    other = make_browser()
    await other.sign_in(scene.buyer.username, PASSWORD)
    done = await confirm(office, f"/admin/accounts/{scene.buyer.id}/sessions")
    assert "Signed out everywhere" in done.text
    assert (await other.get("/account", follow=False)).status == 303
    entry = scene.rows("SELECT details FROM audit_log WHERE action = 'end_sessions'")
    assert len(entry) == 1


async def test_a_second_factor_is_removed(scene: Scene, office: Browser) -> None:
    scene.rows("UPDATE users SET second_factor_at = SYSUTCDATETIME() WHERE id = ?", scene.buyer.id)
    page = await office.get(f"/admin/accounts/{scene.buyer.id}")
    assert f"/admin/accounts/{scene.buyer.id}/second-factor" in page.links
    done = await confirm(office, f"/admin/accounts/{scene.buyer.id}/second-factor")
    assert "The second factor is removed" in done.text
    assert scene.count("users", "second_factor_at IS NOT NULL") == 0


async def test_nobody_bars_their_own_account(office: Browser, admin: User, scene: Scene) -> None:
    page = await office.get(f"/admin/accounts/{admin.id}")
    assert "This is your own account" in page.text
    assert f"/admin/accounts/{admin.id}/bar" not in page.links
    assert (await office.get(f"/admin/accounts/{admin.id}/bar")).status == 404
    token = page.form("/language").fields["csrf"]
    for end in ("bar", "role"):
        sent = await office.post(f"/admin/accounts/{admin.id}/{end}", {"csrf": token, "role": "USER"})
        assert sent.status == 404
    assert scene.count("users", "is_active = 1 AND role = 'ADMIN'") == 1


async def test_an_unknown_account_is_not_there(office: Browser) -> None:
    for end in ("", "/bar", "/role", "/sessions"):
        assert (await office.get(f"/admin/accounts/987654{end}")).status == 404
