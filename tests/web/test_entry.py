"""Where requests come from: behind a stated number of proxies, past the deployment's lists, and on record."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
from starlette.datastructures import State

from auth.addresses import NetworkRule
from auth.key_desk import NewKey, create_key
from auth.permissions import PermissionSet
from tests.support.members import Person, end_in, following, past_every_door, person
from tests.support.server import GRAPHQL, STREAM, Front, serving, settings_for
from web.entry import Entry, entry_of

VIEWER = "{ viewer { user { email } } }"
MEMBERS = "{ members(first: 1) { totalCount } }"
ROLES = "{ roles { name } }"
SET = """mutation($i: SetAddressListInput!) { setAddressList(input: $i) { userErrors { code } } }"""
IN, OFFICE, OUT = "203.0.113.99", "203.0.113.5", "198.51.100.1"
LISTS = (
    NetworkRule(permission="*", networks=("203.0.113.0/24", "127.0.0.0/8")),
    NetworkRule(permission="admin:*", networks=("203.0.113.0/28",)),
)


def caller(proxies: int, *forwarded: str) -> object:
    """Where the entry takes a request to come from, that a machine of ours hands on."""
    fields = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope: dict[str, Any] = {"path": "/", "headers": fields, "client": ("10.0.0.1", 4711)}
    assert Entry(State(), proxies, ()).admits(scope)
    return scope["client"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["192.0.2.1, 203.0.113.9"], "203.0.113.9"),  # what is left of it anybody can write
        (1, ["192.0.2.1", "203.0.113.9"], "203.0.113.9"),
        (2, ["192.0.2.1, 203.0.113.9,10.0.0.2"], "203.0.113.9"),
        (1, ["203.0.113.9:4711"], "203.0.113.9"),
        (1, ["[2001:db8::9]:4711"], "2001:db8::9"),
        (1, ["2001:DB8:0::9"], "2001:db8::9"),
        (1, ["::ffff:203.0.113.9"], "203.0.113.9"),
        (1, [], None),
        (2, ["203.0.113.9"], None),
        (1, ["203.0.113.9,"], None),
        (1, ["unknown"], None),
        (1, ["203.0.113.9, _hidden"], None),
        (1, ["9" * 10_000], None),
    ],
)
def test_the_caller_is_counted_from_the_right(proxies: int, forwarded: list[str], address: str | None) -> None:
    assert caller(proxies, *forwarded) == (None if address is None else (address, 0))


def test_without_proxies_nothing_that_is_forwarded_is_believed() -> None:
    assert caller(0, "203.0.113.9") == ("10.0.0.1", 4711)


def test_who_has_no_list_and_no_proxy_has_no_entry(front: Front) -> None:
    settings = front.app.state.settings
    assert entry_of(settings, front.app.state) is None
    bound = settings.model_copy(update={"address_lists": LISTS[1:]})
    assert entry_of(bound, front.app.state) is None


async def test_a_server_without_proxies_believes_no_header_even_from_this_machine(front: Front) -> None:
    who = await person(front, "admin")
    answer = await front.post(SET, {"i": {"networks": ["203.0.113.0/24"]}}, {**await who.bearer(), **_from(IN)})
    (error,) = answer.json()["data"]["setAddressList"]["userErrors"]
    assert error["code"] == "LOCKS_YOU_OUT"


@pytest.fixture
async def bound(front: Front) -> AsyncIterator[Front]:
    """The same database behind one proxy, for a network and an office in it."""
    assert front.dsns is not None
    async with serving(settings_for(front.dsns, trusted_proxies=1, address_lists=LISTS)) as bound:
        yield Front(bound.app, bound.server, bound.client, bound.port, front.dsns)


def _from(address: str) -> dict[str, str]:
    """As the proxy sends it, after what the caller wrote itself."""
    return {"X-Forwarded-For": f"203.0.113.5, {address}"}


async def _denials(front: Front, tenant: str, address: str) -> list[Mapping[str, Any]]:  # Any: columns
    await front.app.state.audit.settle()
    sql = "SELECT * FROM audit_log WHERE tenant_id = $1 AND address = $2 AND kind = 'ENTRY'"
    return [dict(row) for row in await past_every_door(front, sql, tenant, address)]


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql/stream", "/auth/login", "/graphiql", "/schema.graphql", "/none"]
)
async def test_from_elsewhere_nothing_is_told_but_whether_the_server_lives(bound: Front, path: str) -> None:
    headers = {**await bound.bearer(), **_from(OUT)}
    for answer in (
        await bound.client.get(path, params={"query": VIEWER}, headers=headers),
        await bound.client.post(path, json={"query": VIEWER}, headers={**headers, "Accept": STREAM}),
        await bound.client.get(path, headers=await bound.bearer()),  # no proxy says where it comes from
    ):
        _is_refused(answer)
    assert (await bound.client.get("/health/ready", headers=_from(OUT))).status_code == 200


def _is_refused(answer: httpx2.Response) -> None:
    assert answer.status_code == 403
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert answer.json().keys() == {"errors"}
    assert "@acme" not in answer.text
    assert "203.0.113" not in answer.text


async def test_who_is_turned_away_at_the_door_is_on_record_once_with_a_count(bound: Front) -> None:
    for _ in range(3):
        await bound.post(VIEWER, headers=_from("198.51.100.77"))
    (record,) = await _denials(bound, "0" * 32, "198.51.100.77")
    assert (record["action"], record["outcome"], record["count"], record["actor_id"]) == ("enter", "DENIED", 3, None)


async def test_a_permission_counts_only_from_its_networks(bound: Front) -> None:
    bearer = await bound.bearer()
    for address, code in ((OFFICE, None), (IN, "FORBIDDEN"), (OFFICE, None)):  # known by then or not
        assert "errors" not in (await bound.post(VIEWER, headers={**bearer, **_from(address)})).json()
        for document in (MEMBERS, ROLES):
            answer = (await bound.post(document, headers={**bearer, **_from(address)})).json()
            codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
            assert codes == ([] if code is None else [code])
            assert (answer.get("data") is None) is (code is not None)


@pytest.fixture
async def who(bound: Front) -> AsyncIterator[Person]:
    """An admin of a tenant whose lists are gone after the test."""
    who = await person(bound, "admin", "globex")
    yield who
    for permission in await who.directory.address_lists.of_tenant(who.tenant.hex):
        await who.directory.address_lists.put(who.tenant.hex, permission, [])


async def _bind(bound: Front, who: Person, *networks: str, permission: str = "*") -> None:
    given = {"i": {"permission": permission, "networks": list(networks)}}
    answer = (await bound.post(SET, given, {**await who.bearer(), **_from(OFFICE)})).json()
    assert answer["data"]["setAddressList"]["userErrors"] == [], answer


async def test_a_bound_tenant_is_refused_elsewhere_by_every_credential_and_it_is_on_record(
    bound: Front, who: Person
) -> None:
    key = await create_key(
        who.directory, who.tenant.hex, who.id, PermissionSet.of(["orders:read"]), NewKey("Depot", ("orders:read",))
    )
    session, _ = await who.session()
    for credentials in (await who.bearer(), session, {"Authorization": f"Bearer {key.text}"}):
        assert "errors" not in (await bound.post(VIEWER, headers={**credentials, **_from(IN)})).json()
    await _bind(bound, who, "203.0.113.0/28")
    for credentials in (await who.bearer(), session, {"Authorization": f"Bearer {key.text}"}):
        assert "errors" not in (await bound.post(VIEWER, headers={**credentials, **_from(OFFICE)})).json()
        for accept in (GRAPHQL, STREAM):
            answer = await bound.post(VIEWER, headers={**credentials, **_from(IN)}, accept=accept)
            _is_refused(answer)
            assert who.email not in answer.text
    denials = [each for each in await _denials(bound, who.tenant.hex, IN) if each["actor_id"].hex == who.id]
    assert {(each["credential"], each["count"], each["outcome"]) for each in denials} == {
        ("TOKEN", 2, "DENIED"),
        ("SESSION", 2, "DENIED"),
        ("KEY", 2, "DENIED"),
    }
    acme = await bound.bearer("admin", "acme")
    assert "errors" not in (await bound.post(VIEWER, headers={**acme, **_from(IN)})).json()


async def test_refusing_an_address_asks_the_database_no_more_than_letting_one_in(bound: Front, who: Person) -> None:
    key = await create_key(
        *(who.directory, who.tenant.hex, who.id, PermissionSet.of(["orders:read"])),
        NewKey("Depot", ("orders:read",), ("203.0.113.0/28",)),
    )
    headers = {"Authorization": f"Bearer {key.text}"}
    sent: list[str] = []

    def looked_up() -> int:  # when a key was used last is written in the background
        return sum("api_keys" in each and "UPDATE api_keys" not in each for each in sent)

    bound.app.state.directory.observer = sent.append
    try:
        for _ in range(5):
            _is_refused(await bound.post(VIEWER, headers={**headers, **_from(IN)}))
        assert looked_up() == 1
        assert "errors" not in (await bound.post(VIEWER, headers={**headers, **_from(OFFICE)})).json()
        assert looked_up() == 1
        await who.directory.api_keys.revoke(who.tenant.hex, key.name)
        await bound.database.directory.heads([])
        answer = await bound.post(VIEWER, headers={**headers, **_from(IN)})
        assert answer.status_code == 401
    finally:
        bound.app.state.directory.observer = None


async def test_a_stream_from_elsewhere_ends_when_its_tenant_is_bound_and_one_from_there_goes_on(
    bound: Front, who: Person
) -> None:
    bearer = await who.bearer()
    async with following(who, {**bearer, **_from(IN)}) as away, following(who, {**bearer, **_from(OFFICE)}) as here:
        await _bind(bound, who, "203.0.113.0/28")
        await who.cause("after the list")
        assert end_in(await away.wait_for_end())["reason"] == "FORBIDDEN"
        assert (await here.wait_for_next()).payload["data"]["orderEvents"]["patch"]["notes"] == "after the list"


async def test_a_stream_token_does_not_carry_an_address_along(bound: Front, who: Person) -> None:
    made = await bound.client.post("/auth/stream-token", headers={**await who.bearer(), **_from(OFFICE)})
    await _bind(bound, who, "203.0.113.0/28")
    params = {"query": "subscription { orderEvents { id } }", "streamToken": made.json()["token"]}
    answer = await bound.client.get("/graphql", params=params, headers={"Accept": STREAM, **_from(IN)})
    _is_refused(answer)


async def test_a_permission_of_a_tenant_counts_only_from_its_networks(bound: Front, who: Person) -> None:
    await _bind(bound, who, "203.0.113.0/28", permission="orders:*")
    for address, codes in ((OFFICE, set()), (IN, {"FORBIDDEN"})):
        headers = {**await who.bearer(), **_from(address)}
        answer = (await bound.post("{ orders(first: 1) { nodes { id } } }", headers=headers)).json()
        assert {error["extensions"]["code"] for error in answer.get("errors", [])} == codes
        assert who.order not in str(answer.get("errors"))
        assert "errors" not in (await bound.post("{ products(first: 1) { nodes { id } } }", headers=headers)).json()
