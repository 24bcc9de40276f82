"""The pages of signing in and out: what they hold, load and change."""

import re

import pytest

from tests.support.door import SITE, Door


async def test_the_page_needs_no_script_and_loads_nothing(door: Door) -> None:
    async with door.client() as client:
        page = await client.get("/auth/login")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"


async def test_every_input_has_a_label_and_tells_password_managers_what_it_is(door: Door) -> None:
    async with door.client() as client:
        page = (await client.get("/auth/login")).text
    for name, purpose in (("email", "username"), ("password", "current-password")):
        assert f'<label for="{name}">' in page
        assert re.search(f'id="{name}"[^>]* autocomplete="{purpose}"', page)
    assert '<html lang="en">' in page
    assert "<h1>Sign in</h1>" in page


async def test_the_page_changes_nothing(door: Door) -> None:
    seen: list[str] = []
    door.people.directory.observer = seen.append
    async with door.client() as client:
        page = await client.get("/auth/login?next=/graphiql")
        assert (await client.head("/auth/login")).status_code == 200
        assert (await client.get("/auth/logout")).status_code == 200
    assert 'name="next" value="/graphiql"' in page.text
    assert "set-cookie" not in page.headers
    assert seen == []


async def test_only_the_demo_speaks_of_the_demo(door: Door) -> None:
    async with door.client() as client:
        assert "This is the demo" in (await client.get("/auth/login")).text
    async with door.client(SITE, "production") as client:
        assert "demo" not in (await client.get("/auth/login")).text


async def test_what_is_shown_again_is_escaped(door: Door) -> None:
    page = await door.submit({"email": '"><script>x</script>@b.c', "password": "wrong", "next": '/"><b>'})
    assert "<script" not in page.text
    assert "<b>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_told_which_ones_there_are(door: Door, method: str) -> None:
    async with door.client() as client:
        answer = await client.request(method, "/auth/login")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
