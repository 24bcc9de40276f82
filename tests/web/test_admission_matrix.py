"""Forged requests: methods, content types, origins and credentials, all of them, at every path that takes a cookie.

What is asserted does not come from the code under test: a request is carried out if it is a POST of the path's own type
that was meant, and else refused with 4xx; one that another page sent with the cookie is refused as such.
"""

import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pytest

from auth.operators import reset_password
from auth.passwords import Passwords
from tests.support.matrix import Cell, Heard, Speaker, cells
from tests.support.members import Person, past_every_door, person, superuser_of
from tests.support.people import PASSWORD, CountingHasher
from tests.support.server import JSON, STREAM, Front

MUTATION = "mutation { revokeOtherSessions { count } }"
CSRF, APOLLO = {"X-Tidegate-Csrf": "1"}, {"Apollo-Require-Preflight": "true"}
CREDENTIALS = ("nobody", "cookie", "cookie and header", "cookie and Apollo's", "cookie and a wrong header", "token",
               "token and cookie")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A path: what is sent there, and the types in which it is taken."""

    path: str
    body: bytes
    kinds: frozenset[str]
    query: str = ""
    fields: tuple[tuple[str, str], ...] = ()


_OPERATION = json.dumps({"query": MUTATION}).encode()
_ANY = frozenset({"JSON", "a form", "text", "multipart", "no type"})
PLACES = {
    "/graphql": Place("/graphql", _OPERATION, frozenset({"JSON"}), f"?query={quote(MUTATION)}", (("Accept", JSON),)),
    "/graphql/stream": Place(
        "/graphql/stream", _OPERATION, frozenset({"JSON"}), f"?query={quote(MUTATION)}", (("Accept", STREAM),)
    ),
    "/graphql/stream/renew": Place("/graphql/stream/renew", b"", _ANY, "", (("X-Tidegate-Stream", "str_none"),)),
    "/auth/stream-token": Place("/auth/stream-token", b"", _ANY),
    "/auth/logout": Place("/auth/logout", b"", _ANY),
}


def meant(cell: Cell, credentials: str) -> bool:
    """Whether the one who holds the credentials sent it, as far as anybody can tell."""
    if credentials.startswith("token"):
        return True
    return cell.own is not False and credentials in {"cookie and header", "cookie and Apollo's"}


async def fields_of(who: Person, credentials: str) -> Mapping[str, str]:
    cookie, _ = await who.session()
    bare = {"Cookie": cookie["Cookie"]}
    return {
        "nobody": {},
        "cookie": bare,
        "cookie and header": bare | CSRF,
        "cookie and Apollo's": bare | APOLLO,
        "cookie and a wrong header": bare | {"X-Tidegate-Csrf": "yes", "X-Requested-With": "XMLHttpRequest"},
        "token": await who.bearer(),
        "token and cookie": bare | await who.bearer(),
    }[credentials]


def carried_out(place: Place, heard: Heard) -> bool:
    if place.path in {"/graphql", "/graphql/stream"}:
        return '"count"' in heard.body
    if place.path == "/graphql/stream/renew":
        return heard.status == 404  # it was let in, and there is no such stream
    return heard.status in {200, 204} and ("set-cookie" in heard.head.lower() or '"token"' in heard.body)


def code_in(heard: Heard) -> str | None:
    return json.loads(heard.body)["errors"][0]["extensions"]["code"] if heard.body.startswith("{") else None


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("path", [path for path in PLACES if path != "/auth/logout"])
async def test_only_what_was_meant_is_carried_out(front: Front, path: str, credentials: str) -> None:
    place, who = PLACES[path], await person(front)
    fields = {**dict(place.fields), **await fields_of(who, credentials)}
    wrong, done = [], 0
    _, other = await who.session()
    async with aclosing(Speaker(front.port)) as speaker, superuser_of(front) as superuser:
        for cell in cells():
            heard = await speaker.say(place.path + place.query, cell, fields, place.body)
            expected = cell.method == "POST" and cell.kind in place.kinds and meant(cell, credentials)
            done += expected
            if expected:  # there is one to end again
                await superuser.execute("UPDATE sessions SET revoked_at = NULL WHERE id_hash = $1", other)
            forged = credentials.startswith("cookie") and cell.own is False and cell.method in {"GET", "POST"}
            if carried_out(place, heard) is not expected or (not expected and heard.status < 400):
                wrong.append(f"{cell}: {heard.status} {heard.body[:200]}")
            if forged and path.startswith("/graphql") and code_in(heard) not in {"CSRF_PREVENTION", "BAD_REQUEST"}:
                wrong.append(f"{cell}: refused as {code_in(heard)}")
            if "access-control" in heard.head.lower() or ("set-cookie" in heard.head.lower()):
                wrong.append(f"{cell}: {heard.head}")
    assert not wrong, "\n".join(wrong)
    if path.endswith(("graphql", "stream")):
        sql = "SELECT count(*) FROM audit_log WHERE actor_id = $1 AND action = 'revokeOtherSessions'"
        assert (await past_every_door(front, sql, who.id))[0][0] == done


@pytest.mark.parametrize("credentials", ["cookie", "cookie and header", "cookie and a wrong header"])
async def test_only_our_own_page_or_a_meant_request_signs_out(front: Front, credentials: str) -> None:
    who = await person(front)
    fields, wrong = await fields_of(who, credentials), []
    async with aclosing(Speaker(front.port)) as speaker, superuser_of(front) as superuser:
        for cell in cells():
            heard = await speaker.say("/auth/logout", cell, fields, b"")
            expected = cell.method == "POST" and (meant(cell, credentials) or cell.own is True)
            if carried_out(PLACES["/auth/logout"], heard) is not expected:
                wrong.append(f"{cell}: {heard.status} {heard.head}")
            gone = await superuser.fetchval("SELECT revoked_at FROM sessions WHERE user_id = $1", who.id) is not None
            if gone is not expected:
                wrong.append(f"{cell}: the session is {'gone' if gone else 'there'}")
            if gone:
                await superuser.execute("UPDATE sessions SET revoked_at = NULL WHERE user_id = $1", who.id)
    assert not wrong, "\n".join(wrong)


async def test_no_other_sites_page_signs_anybody_in(front: Front) -> None:
    who = await person(front)
    await reset_password(who.directory, Passwords(CountingHasher()), who.email, PASSWORD)
    form = urlencode({"email": who.email, "password": PASSWORD}).encode()
    as_json = json.dumps({"email": who.email, "password": PASSWORD}).encode()
    wrong, made = [], 0
    async with aclosing(Speaker(front.port)) as speaker:
        for cell in cells():
            heard = await speaker.say("/auth/login", cell, {}, form if cell.kind == "a form" else as_json)
            expected = cell.method == "POST" and cell.kind in {"JSON", "a form"} and cell.own is not False
            made += expected
            if ("set-cookie" in heard.head.lower()) is not expected:
                wrong.append(f"{cell}: {heard.status} {heard.head}")
    assert not wrong, "\n".join(wrong)
    rows = await past_every_door(front, "SELECT count(*) FROM sessions WHERE user_id = $1", who.id)
    assert rows[0][0] == made
