"""Signing in at a provider, as a browser walks: a real provider over HTTP, and what becomes of its word."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from auth.authenticate import tenant_of_operator
from auth.providers import JoinRule
from tests.support.database import Dsns
from tests.support.door import cookie_of
from tests.support.oidc_door import OidcDoor, open_oidc_door, session_of
from tests.support.people import PASSWORD
from tests.support.provider import Json, open_provider


@pytest.fixture
async def door(dsns: Dsns) -> AsyncIterator[OidcDoor]:
    async with open_oidc_door(dsns) as door:
        yield door


async def test_a_verified_email_leads_to_the_user_who_has_it(door: OidcDoor) -> None:
    email = await door.known()
    answer = await door.sign_in("/graphiql?tab=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/graphiql?tab=2")
    known = await door.people.by_session(session_of(answer))
    assert known.email == email
    actions = [row["action"] for row in await door.people.trail(known.tenant_slug) if row["kind"] == "SIGN_IN"]
    assert sorted(actions) == ["linkProvider", "signIn"]


async def test_it_leads_to_a_tenant_that_may_be_used_from_there(door: OidcDoor) -> None:
    closed, other = sorted([await door.people.tenant(), await door.people.tenant()])
    email = await door.people.user(closed, other)
    door.provider.person |= {"email": email, "email_verified": True}
    tenant = await tenant_of_operator(door.people.directory, closed)
    await door.people.directory.address_lists.put(tenant.hex, "*", ["203.0.113.0/24"])
    assert (await door.people.by_session(session_of(await door.sign_in()))).tenant_slug == other


async def test_the_way_out_carries_pkce_state_and_nonce_and_no_secret(door: OidcDoor) -> None:
    async with door.browser() as browser:
        begun = await browser.get("/auth/login/tide")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 32
    assert len(asked["nonce"][0]) >= 32
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/auth/callback/tide"]
    name, value, attributes = cookie_of(begun)
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= attributes
    for secret in (asked["state"][0], asked["nonce"][0]):
        assert secret not in value
    assert name.startswith("tidegate-flow-")


async def test_a_linked_identity_stays_linked_when_its_email_changes(door: OidcDoor) -> None:
    email = await door.known()
    await door.sign_in()
    door.provider.person |= {"email": "new@elsewhere.example"}
    assert (await door.people.by_session(session_of(await door.sign_in()))).email == email
    door.provider.person |= {"email_verified": False}
    assert (await door.people.by_session(session_of(await door.sign_in()))).email == email


async def test_somebody_new_who_fits_a_rule_becomes_a_member_with_its_role(door: OidcDoor) -> None:
    slug, domain = await door.people.tenant(), f"{uuid4().hex}.example"
    door.configure(door.provider.config(JoinRule(tenant=slug, role="manager", domain=domain)))
    door.provider.person |= {"email": f"Zoe@{domain}", "email_verified": True, "name": "Zoë"}
    principal = await door.people.by_session(session_of(await door.sign_in()))
    assert (principal.email, principal.tenant_slug, principal.roles) == (f"zoe@{domain}", slug, ("manager",))
    # Again: the same user, the same membership, even if an operator has changed it meanwhile.
    await door.people.run("UPDATE member_roles SET role = 'viewer' WHERE user_id = $1", principal.user_id)
    again = await door.people.by_session(session_of(await door.sign_in()))
    assert (again.user_id, again.roles) == (principal.user_id, ("viewer",))
    (joined,) = [row for row in await door.people.trail(slug) if row["action"] == "joinByRule"]
    assert (joined["kind"], joined["actor_id"].hex, joined["changes"]) == (
        *("SIGN_IN", principal.user_id, '{"roles": [null, ["manager"]]}'),
    )


async def test_a_role_in_a_claim_counts_only_where_a_rule_maps_it(door: OidcDoor) -> None:
    slug = await door.people.tenant()
    door.provider.person |= {"email": f"{uuid4().hex}@x.example", "email_verified": True, "roles": ["admin"]}
    assert (await door.sign_in()).status_code == 403
    rule = JoinRule(tenant=slug, role="viewer", claim="roles", value="admin")
    door.configure(door.provider.config(rule))
    assert (await door.people.by_session(session_of(await door.sign_in()))).roles == ("viewer",)


async def test_a_new_user_has_no_password_to_guess(door: OidcDoor) -> None:
    slug, email = await door.people.tenant(), f"{uuid4().hex}@x.example"
    door.configure(door.provider.config(JoinRule(tenant=slug, role="viewer", domain="x.example")))
    door.provider.person |= {"email": email, "email_verified": True}
    await door.sign_in()
    async with door.browser() as browser:
        refused = await browser.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert refused.status_code == 401


@pytest.mark.parametrize(
    "person",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": ["a@b.example"]},
        {"email": "zoë@people.example"},
    ],
)
async def test_an_email_that_nobody_vouches_for_links_nobody(door: OidcDoor, person: Json) -> None:
    await door.known()
    before = await door.counts()
    door.provider.person |= person
    assert (await door.sign_in()).status_code == 403
    assert await door.counts() == before


async def test_a_look_alike_address_of_another_script_is_nobody(door: OidcDoor) -> None:
    email = await door.known()
    door.provider.person |= {"email": email.replace("e", "\u0435")}
    before = await door.counts()
    assert (await door.sign_in()).status_code == 403
    assert await door.counts() == before


async def test_a_disabled_user_stays_outside(door: OidcDoor) -> None:
    email = await door.known()
    await door.sign_in()
    await door.people.run("UPDATE users SET disabled_at = now() WHERE email = $1", email)
    before = await door.counts()
    assert (await door.sign_in()).status_code == 403
    assert await door.counts() == before


async def test_an_answer_in_another_browser_is_refused(door: OidcDoor) -> None:
    """Login CSRF: somebody's own answer, forced on another."""
    await door.known()
    async with door.browser() as mine, door.browser() as theirs:
        address = await door.depart(mine)
        assert (await theirs.get(address)).status_code == 401
        assert (await mine.get(address)).status_code == 303


async def test_an_answer_counts_once(door: OidcDoor) -> None:
    await door.known()
    async with door.browser() as browser:
        address = await door.depart(browser)
        kept = dict(browser.cookies)
        assert (await browser.get(address)).status_code == 303
        sessions = await door.counts()
        assert (await browser.get(address)).status_code == 401
    async with door.browser() as thief:  # with the flow's cookie: the provider takes a code once
        thief.cookies.update({name: value for name, value in kept.items() if "flow" in name})
        assert (await thief.get(address)).status_code == 503
    assert await door.counts() == sessions


async def test_an_answer_is_late_after_ten_minutes(door: OidcDoor) -> None:
    await door.known()
    async with door.browser() as browser:
        address = await door.depart(browser)
        door.people.clock.advance(minutes=10)
        assert (await browser.get(address)).status_code == 401


async def test_one_provider_cannot_answer_for_another(door: OidcDoor) -> None:
    await door.known()
    async with open_provider() as evil:
        door.configure(door.provider.config(), evil.config(name="evil"))
        async with door.browser() as browser:
            address = await door.depart(browser)
            mixed = address.replace("/auth/callback/tide", "/auth/callback/evil")
            assert (await browser.get(mixed)).status_code == 401
        assert evil.asked.get("/token") is None


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_sent_to_another_site(door: OidcDoor, target: str) -> None:
    await door.known()
    assert (await door.sign_in(target)).headers["location"] == "/"


async def test_rotated_keys_are_followed_at_once(door: OidcDoor) -> None:
    await door.known()
    await door.sign_in()
    door.provider.rotate()
    assert (await door.sign_in()).status_code == 303
    assert door.provider.asked["/keys"] == 2


async def test_invented_key_ids_send_us_to_the_provider_once_in_a_while(door: OidcDoor) -> None:
    await door.known()
    door.provider.header["kid"] = "invented"
    for _ in range(4):
        assert (await door.sign_in()).status_code == 401
    assert door.provider.asked["/keys"] == 2


async def test_an_unknown_provider_is_not_found(door: OidcDoor) -> None:
    async with door.browser() as browser:
        assert (await browser.get("/auth/login/nobody")).status_code == 404
        assert (await browser.get("/auth/callback/nobody?code=x&state=y")).status_code == 404


async def test_the_sign_in_page_offers_the_providers(door: OidcDoor) -> None:
    async with door.browser() as browser:
        page = (await browser.get("/auth/login?next=/a%3Fb%3D1")).text
    assert 'href="/auth/login/tide?next=/a%3Fb%3D1"' in page
    assert "Sign in with Tide ID" in page


@pytest.mark.parametrize(
    ("told", "fresh"), [(0, True), (-600, False), (30, True), (3_600, None), ("now", None), (True, None), (None, None)]
)
async def test_when_the_provider_asked_its_person_is_known_of_the_session(
    door: OidcDoor, told: object, fresh: bool | None
) -> None:
    """From a time to come, or what is no time, nothing is known: such a sign-in confirms nobody."""
    await door.known()
    now = door.people.clock()
    said = int(now.timestamp()) + told if isinstance(told, int) and not isinstance(told, bool) else told
    door.provider.claims |= {"auth_time": said}
    principal = await door.people.by_session(session_of(await door.sign_in()))
    if fresh is None:
        assert principal.signed_in_at is None
    else:
        assert principal.signed_in_at is not None
        assert principal.signed_in_at <= now
        assert (now - principal.signed_in_at < timedelta(minutes=5)) is fresh


async def test_a_provider_is_asked_to_ask_its_person_again(door: OidcDoor) -> None:
    async with door.browser() as browser:
        plain = await browser.get("/auth/login/tide")
        again = await browser.get("/auth/login/tide?again&next=/graphiql")
    assert "prompt" not in parse_qs(urlsplit(plain.headers["location"]).query)
    asked = parse_qs(urlsplit(again.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
