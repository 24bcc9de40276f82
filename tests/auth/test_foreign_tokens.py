"""Bearer tokens of other issuers: whose they are here, and what keeps the wrong ones out."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from auth.errors import BadToken, Forbidden, ProviderFailed
from auth.foreign_tokens import KEPT
from auth.providers import JoinRule
from auth.published import AGAIN_SECONDS
from tests.support.database import Dsns
from tests.support.foreign import ForeignDesk, issuer_of, open_foreign_desk


@pytest.fixture
async def desk(dsns: Dsns) -> AsyncIterator[ForeignDesk]:
    async with open_foreign_desk(dsns) as desk:
        yield desk


async def test_a_token_is_its_user_here_with_the_role_that_it_has_here(desk: ForeignDesk) -> None:
    slug = await desk.people.tenant()
    email = await desk.member(slug, role="partner")
    principal = await desk.ask(desk.token(roles=["admin"], permissions=["admin:*"], scope="admin:*", tid="ten_1"))
    assert (principal.email, principal.tenant_slug, principal.roles) == (email, slug, ("partner",))
    assert not principal.permissions.allows("admin:members")
    assert principal.session_id is None
    assert principal.expires_at is not None
    assert 300 <= (principal.expires_at - desk.people.clock()).total_seconds() <= 331


async def test_the_subject_counts_once_it_is_linked_whatever_the_email_says(desk: ForeignDesk) -> None:
    email = await desk.member()
    await desk.ask(desk.token())
    other = await desk.people.user(await desk.people.tenant(), role="admin")
    assert (await desk.ask(desk.token(email=other))).email == email
    assert (await desk.ask(desk.token(email=None))).email == email


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_email_that_is_not_verified_links_nobody(desk: ForeignDesk, verified: object) -> None:
    await desk.member()
    before = await desk.counts()
    with pytest.raises(Forbidden):
        await desk.ask(desk.token(email_verified=verified))
    assert await desk.counts() == before


async def test_somebody_new_gets_in_by_a_rule_alone_and_with_its_role(desk: ForeignDesk) -> None:
    slug = await desk.people.tenant()
    desk.provider.person |= {"email": f"new@{slug}.example", "email_verified": True}
    with pytest.raises(Forbidden):
        await desk.ask(desk.token())
    rule = JoinRule(tenant=slug, role="manager", claim="groups", value="ops")
    desk.configure(issuer_of(desk.provider, join=(rule,)))
    with pytest.raises(Forbidden):
        await desk.ask(desk.token(groups=["sales"], role="admin"))
    principal = await desk.ask(desk.token(groups=["ops"]))
    assert (principal.email, principal.tenant_slug, principal.roles) == (f"new@{slug}.example", slug, ("manager",))


async def test_a_caller_chooses_among_its_own_tenants(desk: ForeignDesk) -> None:
    first, second = sorted([await desk.people.tenant(), await desk.people.tenant()])
    foreign = await desk.people.tenant()
    await desk.member(first, second)
    token = desk.token()
    assert (await desk.ask(token)).tenant_slug == first
    assert (await desk.ask(token, second)).tenant_slug == second
    with pytest.raises(Forbidden):
        await desk.ask(token, foreign)


async def test_a_token_that_names_its_tenant_is_good_there_alone(desk: ForeignDesk) -> None:
    first, second = sorted([await desk.people.tenant(), await desk.people.tenant()])
    foreign = await desk.people.tenant()
    await desk.member(first, second)
    desk.configure(issuer_of(desk.provider, tenant_claim="org"))
    assert (await desk.ask(desk.token(org=second))).tenant_slug == second
    assert (await desk.ask(desk.token(org=second), second)).tenant_slug == second
    with pytest.raises(Forbidden):
        await desk.ask(desk.token(org=second), first)
    for named in (foreign, "atlantis", ["x"], 1):
        with pytest.raises(Forbidden):
            await desk.ask(desk.token(org=named))
    assert (await desk.ask(desk.token())).tenant_slug == first


async def test_a_known_token_costs_one_statement_and_asks_nobody_for_keys(desk: ForeignDesk) -> None:
    await desk.member()
    token = desk.token()
    await desk.ask(token)
    asked, seen = dict(desk.provider.asked), list[str]()
    desk.people.directory.observer = seen.append
    await desk.ask(token)
    assert len(seen) == 1
    assert desk.provider.asked == asked


async def test_many_who_come_at_once_ask_for_the_keys_once(desk: ForeignDesk) -> None:
    await desk.member()
    tokens = [desk.token(jti=str(n)) for n in range(20)]
    await asyncio.gather(*(desk.ask(token) for token in tokens))
    assert desk.provider.asked["/keys"] == 1
    assert desk.provider.asked["/.well-known/openid-configuration"] >= 1


async def test_a_rotated_key_is_followed_and_invented_ones_send_us_nowhere(desk: ForeignDesk) -> None:
    email = await desk.member()
    await desk.ask(desk.token())
    desk.provider.rotate()
    assert (await desk.ask(desk.token(jti="after"))).email == email
    asked = desk.provider.asked["/keys"]
    for n in range(5):
        desk.provider.header["kid"] = f"invented-{n}"
        with pytest.raises(BadToken):
            await desk.ask(desk.token(jti=f"invented-{n}"))
    assert desk.provider.asked["/keys"] == asked
    assert AGAIN_SECONDS > 1


async def test_while_the_issuer_is_away_known_keys_go_on_and_unknown_issuers_say_so(desk: ForeignDesk) -> None:
    await desk.member()
    desk.provider.down.add("/keys")
    with pytest.raises(ProviderFailed) as refused:
        await desk.ask(desk.token())
    assert refused.value.code == "OVERLOADED"
    desk.provider.down.clear()
    await desk.ask(desk.token())
    desk.provider.down |= {"/keys", "/.well-known/openid-configuration"}
    await desk.ask(desk.token(jti="another"))


async def test_keys_may_have_an_address_of_their_own(desk: ForeignDesk) -> None:
    email = await desk.member()
    desk.provider.down.add("/.well-known/openid-configuration")
    desk.configure(issuer_of(desk.provider, jwks_uri=f"{desk.provider.issuer}/keys"))
    assert (await desk.ask(desk.token())).email == email


async def test_a_token_ends_with_its_leeway_though_it_is_known(desk: ForeignDesk) -> None:
    await desk.member()
    token = desk.token()
    await desk.ask(token)
    desk.people.clock.advance(seconds=329)
    await desk.ask(token)
    desk.people.clock.advance(seconds=2)
    with pytest.raises(BadToken) as refused:
        await desk.ask(token)
    assert refused.value.reason == "expired"


async def test_a_key_that_was_withdrawn_counts_for_minutes_at_most(desk: ForeignDesk) -> None:
    await desk.member()
    now = int(desk.people.clock().timestamp())
    token = desk.token(exp=now + 3_600)
    await desk.ask(token)
    desk.provider.rotate()
    await desk.ask(desk.token(jti="by the new key"))
    await desk.ask(token)
    desk.people.clock.advance(seconds=KEPT.total_seconds())
    with pytest.raises(BadToken) as refused:
        await desk.ask(token)
    assert refused.value.reason == "unknown key"


@pytest.mark.parametrize(
    "end",
    ["UPDATE users SET disabled_at = now() WHERE email = $1", "DELETE FROM users WHERE email = $1",
     "DELETE FROM memberships USING users WHERE user_id = users.id AND email = $1"],
)  # fmt: skip
async def test_a_known_token_ends_with_its_user_or_membership(desk: ForeignDesk, end: str) -> None:
    email = await desk.member()
    token = desk.token()
    await desk.ask(token)
    await desk.people.run(end, email)
    with pytest.raises(BadToken):
        await desk.ask(token)


async def test_our_own_tokens_go_on_beside_them(desk: ForeignDesk) -> None:
    email = await desk.people.user(await desk.people.tenant())
    assert (await desk.ask(await desk.people.token(email))).email == email
