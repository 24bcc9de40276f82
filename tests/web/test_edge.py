"""What a deployment's settings say of every request and answer, on a real server: hosts, other sites' pages, HTTPS."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest

from tests.support.members import past_every_door
from tests.support.server import Front, serving, settings_for
from web.edge import HSTS, SECURITY, Edge, edge_of
from web.origins import SHOWN, TAKEN

APP, EVIL = "https://app.tides.example", "https://evil.example"
HERE = {"Host": "tides.example"}
WHO = "{ viewer { user { email } } }"
WATCH = "subscription { orderEvents { id } }"
END = "mutation { revokeOtherSessions { count } }"
PAGES = ("/auth/login", "/auth/logout", "/auth/reset?token=x", "/auth/invitation?token=x", "/graphiql")
ASK = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, x-tenant"}


@pytest.fixture(scope="module")
async def edge(front: Front) -> AsyncIterator[Front]:
    """The same database, served for one host and one other site."""
    assert front.dsns is not None
    changes = {
        "allowed_hosts": ("tides.example",),
        "allowed_origins": (APP,),
        "public_url": "https://tides.example",
    }
    async with serving(settings_for(front.dsns, **changes)) as served:
        yield Front(served.app, served.server, served.client, served.port, front.dsns)


def allowed(answer: httpx2.Response) -> Mapping[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control")}


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    told = answer.json()
    if "error" in told:  # a plain route's envelope
        assert (told["data"], told["error"]["code"]) == (None, code)
    else:
        assert told.keys() == {"errors"}
        assert told["errors"][0]["extensions"]["code"] == code
    assert "@acme" not in answer.text


def test_without_settings_nobody_looks_at_hosts_and_origins(front: Front) -> None:
    assert edge_of(front.app.state.settings) == Edge(SECURITY, None, None)


@pytest.mark.parametrize(("address", "hsts"), [("https://tides.example", True), ("http://127.0.0.1:8000", False)])
def test_browsers_that_come_by_https_are_to_keep_to_it(front: Front, address: str, hsts: bool) -> None:
    settings = front.app.state.settings.model_copy(update={"public_url": address})
    assert (HSTS in edge_of(settings).fields) is hsts


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_framed_by_nobody_and_runs_nothing_inline(edge: Front, path: str) -> None:
    answer = await edge.client.get(path, headers={**HERE, "Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert "unsafe" not in policy.get("script-src", policy["default-src"])
    assert policy["default-src"] in {"'none'", "'self'"}
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream", "/auth/login", "/v1/me", "/metrics", "/none"])
async def test_under_another_name_nothing_is_told_but_whether_the_server_lives(edge: Front, path: str) -> None:
    bearer = await edge.bearer()
    for host in ("evil.example", f"127.0.0.1:{edge.port}"):
        refused(
            await edge.client.get(path, params={"query": WHO}, headers={**bearer, "Host": host}), 421, "BAD_REQUEST"
        )
    assert (await edge.client.get("/health/ready", headers={"Host": "10.0.0.7"})).status_code == 200


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream", "/v1/orders", "/auth/stream-token", "/auth/logout"])
async def test_a_named_pages_browser_is_told_what_it_may_send_before_anybody_is_known(edge: Front, path: str) -> None:
    answer = await edge.client.options(path, headers={**HERE, **ASK, "Origin": APP, "Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert set(answer.headers["access-control-allow-headers"].split(", ")) == set(TAKEN)
    assert {"PUT", "PATCH", "DELETE", "QUERY"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [EVIL, "null", f"{APP}.evil.example"])
async def test_no_other_pages_browser_is_told_anything(edge: Front, origin: str) -> None:
    fields = {**HERE, "Origin": origin}
    asked = await edge.client.options("/graphql", headers={**fields, **ASK})
    refused(asked, 405, "BAD_REQUEST")
    answer = await edge.post(WHO, headers={**fields, **await edge.bearer()})
    assert [allowed(each) for each in (asked, answer)] == [{}, {}]
    assert "Origin" in answer.headers.get_list("vary")


@pytest.mark.parametrize("fields", [{}, {"Authorization": "Bearer nonsense"}, {"Content-Type": "text/plain"}])
async def test_a_named_page_reads_refusals_too(edge: Front, fields: dict[str, str]) -> None:
    answer = await edge.client.post("/graphql", content=b"{", headers={**HERE, "Origin": APP, **fields})
    assert 400 <= answer.status_code < 500
    assert allowed(answer)["access-control-allow-origin"] == APP


async def test_a_named_page_may_follow_a_stream_and_read_its_name(edge: Front) -> None:
    fields = {**HERE, "Origin": APP, **await edge.bearer()}
    async with edge.stream(WATCH, headers=fields) as stream:
        assert stream.response.headers["access-control-allow-origin"] == APP
        assert stream.response.headers["x-tidegate-stream"].startswith("str_")
    reserved = await edge.client.put("/graphql/stream", headers=fields)
    assert (reserved.status_code, allowed(reserved)["access-control-allow-credentials"]) == (201, "true")


async def test_what_an_answer_says_in_fields_of_its_own_may_be_read(edge: Front) -> None:
    answer = await edge.post(WHO, headers={**HERE, "Origin": APP, **await edge.bearer()})
    plain = {"cache-control", "content-length", "content-type", "date", "vary", *allowed(answer)}
    ours = {name for name, _ in SECURITY} | {HSTS[0]}
    assert set(answer.headers) - plain - {name.decode() for name in ours} <= set(SHOWN)


SISTER = {"Sec-Fetch-Site": "same-site"}


@pytest.mark.parametrize("more", [{}, SISTER, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_named_page_uses_the_cookie_where_it_shows_that_it_means_to(edge: Front, more: dict[str, str]) -> None:
    fields = {**HERE, "Origin": APP, **more, **await edge.cookie()}
    refused(await edge.post(END, headers=fields), 403, "CSRF_PREVENTION")
    answer = await edge.post(WHO, headers={**fields, "X-Tidegate-Csrf": "1"})
    assert answer.json()["data"]["viewer"]["user"]["email"] == "admin@acme.example"


async def test_no_other_page_does_whatever_it_brings(edge: Front) -> None:
    sql = "SELECT count(*) FROM audit_log WHERE action = 'revokeOtherSessions'"
    before = await past_every_door(edge, sql)
    cookie = await edge.cookie()
    for more in ({"Origin": EVIL, **SISTER}, {"Origin": "null"}, SISTER, {"Sec-Fetch-Site": "cross-site"}):
        answer = await edge.post(END, headers={**HERE, "X-Tidegate-Csrf": "1", **cookie, **more})
        refused(answer, 403, "CSRF_PREVENTION")
        assert allowed(answer) == {}
    assert await past_every_door(edge, sql) == before
