"""Signing in with the form, and where it leads."""

from urllib.parse import quote

import pytest

from tests.support.door import Door, cookie_of
from tests.support.people import PASSWORD
from web.login import safe_path


async def test_the_form_leads_to_where_one_wanted_to_go(door: Door, email: str) -> None:
    answer = await door.submit({"email": email, "password": PASSWORD, "next": "/graphiql?tab=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/graphiql?tab=1")
    assert (await door.people.by_session(cookie_of(answer)[1])).email == email


async def test_without_a_wish_it_leads_home(door: Door, email: str) -> None:
    answer = await door.submit({"email": email, "password": PASSWORD})
    assert answer.headers["location"] == "/"


async def test_a_wrong_password_shows_the_form_again(door: Door, email: str) -> None:
    page = await door.submit({"email": email, "password": "wrong", "next": "/graphiql"})
    assert page.status_code == 401
    assert 'role="alert">Email or password is wrong.</p>' in page.text
    assert 'aria-describedby="problem"' in page.text
    assert f'value="{email}"' in page.text
    assert 'value="/graphiql"' in page.text
    assert "wrong" not in page.text.replace("Email or password is wrong.", "")


async def test_an_empty_form_shows_what_is_missing(door: Door) -> None:
    page = await door.submit({"email": "", "password": ""})
    assert page.status_code == 400
    assert "Give an email and a password." in page.text


@pytest.mark.parametrize("body", [b"\xff=%ff", b"email=%ff&password=x", b"&".join([b"a=b"] * 100)])
async def test_a_malformed_form_is_a_bad_request(door: Door, body: bytes) -> None:
    async with door.client() as client:
        page = await client.post(
            "/auth/login", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
        )
    assert page.status_code == 400


ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/x\\..\\evil",
    "/.//evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/x\r\nSet-Cookie: a=b",
    "/\x00",
    "/\u202e",
    "/\u2028",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    " /x",
    "",
    "?x",
    "/" + "x" * 3_000,
]


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_the_way_never_leads_elsewhere(door: Door, email: str, path: str) -> None:
    answer = await door.submit({"email": email, "password": PASSWORD, "next": path})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    async with door.client() as client:
        assert 'name="next" value="/"' in (await client.get(f"/auth/login?next={quote(path)}")).text


@pytest.mark.parametrize("path", ["/", "/graphiql", "/a/b?c=d&e=https://x.example//y#f", "/é", "/@x", "/%2f%2fx"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert safe_path(path) == path
