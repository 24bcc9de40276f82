"""Who may come in: bearers, cookies, and requests that another site's page made a browser send."""

import httpx2
import pytest

from tests.support.server import GRAPHQL, STREAM, Front

WHO = "{ viewer { user { email } tenant { slug } } }"
CSRF = {"X-Tidegate-Csrf": "1"}


def refusal(response: httpx2.Response) -> tuple[int, str]:
    body = response.json()
    assert "data" not in body
    return response.status_code, body["errors"][0]["extensions"]["code"]


def who(response: httpx2.Response) -> tuple[str, str]:
    viewer = response.json()["data"]["viewer"]
    return viewer["user"]["email"], viewer["tenant"]["slug"]


async def test_a_bearer_token_says_who_is_calling(front: Front) -> None:
    response = await front.post(WHO, headers=await front.bearer("viewer", "globex"))
    assert who(response) == ("viewer@globex.example", "globex")


async def test_a_cookie_says_who_is_calling(front: Front) -> None:
    response = await front.post(WHO, headers=await front.cookie("manager") | CSRF)
    assert who(response) == ("manager@acme.example", "acme")


@pytest.mark.parametrize("accept", [GRAPHQL, STREAM])
@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Bearer", "Basic YTpi", "Bearer a.b.c", "bearer é"])
async def test_credentials_that_are_worth_nothing_are_refused_even_for_what_is_public(
    front: Front, authorization: str, accept: str
) -> None:
    fields = [(b"Authorization", authorization.encode("latin-1")), (b"Accept", accept.encode())]
    response = await front.client.post("/graphql", json={"query": "{ __typename }"}, headers=fields)
    assert refusal(response) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="tidegate"'


async def test_a_cookie_of_no_session_is_refused(front: Front) -> None:
    response = await front.post(WHO, headers={"Cookie": "tidegate=nonsense"} | CSRF)
    assert refusal(response) == (401, "UNAUTHENTICATED")


async def test_the_same_credential_twice_is_refused(front: Front) -> None:
    token = (await front.bearer())["Authorization"]
    fields = [("Authorization", token), ("Authorization", token)]
    response = await front.client.post("/graphql", json={"query": WHO}, headers=fields)
    assert refusal(response) == (400, "BAD_REQUEST")


async def test_another_tenant_than_ones_own_is_forbidden(front: Front) -> None:
    headers = await front.bearer("admin", "acme")
    for slug in ("globex", "no-such-tenant", "../acme"):
        assert refusal(await front.post(WHO, headers=headers | {"X-Tenant": slug})) == (403, "FORBIDDEN")


@pytest.mark.parametrize("proof", [CSRF, {"Apollo-Require-Preflight": "true"}])
async def test_a_post_with_a_cookie_needs_a_header_that_no_form_can_send(front: Front, proof: dict[str, str]) -> None:
    cookie = await front.cookie()
    assert refusal(await front.post(WHO, headers=cookie)) == (403, "CSRF_PREVENTION")
    assert refusal(await front.post(WHO, headers=cookie | {"X-Tidegate-Csrf": "0"})) == (403, "CSRF_PREVENTION")
    assert who(await front.post(WHO, headers=cookie | proof)) == ("admin@acme.example", "acme")


async def test_a_forged_post_is_refused_before_its_body_is_looked_at(front: Front) -> None:
    response = await front.client.post("/graphql", content=b"query=x", headers=await front.cookie())
    assert refusal(response) == (403, "CSRF_PREVENTION")


async def test_a_post_with_a_token_needs_no_such_header_even_beside_a_cookie(front: Front) -> None:
    response = await front.post(WHO, headers=await front.bearer() | await front.cookie("viewer"))
    assert who(response) == ("admin@acme.example", "acme")


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "X-Tidegate-Csrf": "1"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
async def test_a_get_with_a_cookie_is_answered_to_our_own_pages_only(
    front: Front, fields: dict[str, str], allowed: bool
) -> None:
    response = await front.get({"query": WHO}, headers=await front.cookie() | fields)
    if allowed:
        assert who(response) == ("admin@acme.example", "acme")
    else:
        assert refusal(response) == (403, "CSRF_PREVENTION")


async def test_a_get_without_a_cookie_comes_from_anywhere(front: Front) -> None:
    response = await front.get({"query": WHO}, headers=await front.bearer() | {"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200


async def test_no_other_site_is_told_that_it_may_read_answers(front: Front) -> None:
    response = await front.post("{ __typename }", headers={"Origin": "https://evil.example"})
    assert [name for name in response.headers if name.startswith("access-control")] == []
