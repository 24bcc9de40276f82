"""Everything beside GraphQL: plain routes, signing in, operations."""

from collections.abc import Iterator
from itertools import count
from urllib.parse import quote
from uuid import uuid4

from tests.hostile.case import ANSWERED, Case, Fields, Outcome, Prey, got, posted, request

INPUT, NOBODY = (400, "BAD_USER_INPUT"), (401, "UNAUTHENTICATED")
WRONG, GONE, BAD = (400, "VALIDATION_ERROR"), (404, "NOT_FOUND"), (400, "BAD_REQUEST")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json", "X-Tidegate-Csrf": "1"}
_TRIES = count(1)
"""Whoever signs in wrongly is somebody else each time, from somewhere else: guessing is slowed down (429)."""
LISTS = {
    "page zero": "page=0",
    "a page before the first": "page=-1",
    "a page beyond all numbers": "page=" + "9" * 30,
    "a page too deep": "page=401&pageSize=25",
    "a page that is a list": "page=[1]",
    "a page in Arabic digits": "page=" + quote("١"),
    "a page larger than there may be": "pageSize=501",
    "a page and a cursor": "page=1&cursor=x",
    "a cursor that is none": "cursor=x",
    "a parameter twice": "page=1&page=2",
    "a parameter that is not there": "tenant=globex",
    "fifty-one filters": "&".join(f"a{n}=1" for n in range(51)),
    "a status that is none": "status=LOST",
    "ten thousand letters of order": "sort=" + "a," * 3_000,
    "an order by four": "sort=total,number,createdAt,updatedAt",
    "an order by SQL": "sort=" + quote("total; DROP TABLE orders"),
    "NUL in a search": "search=%00",
    "bytes in a search": "search=%ff",
    "three thousand words in a search": "search=" + "x+" * 3_000,
}
PATHS: dict[str, tuple[str, str, Outcome]] = {
    "an order of another form": ("GET", "/v1/orders/x", WRONG),
    "an order that is SQL": ("GET", "/v1/orders/" + quote("' OR 1=1 --"), WRONG),
    "an order that nobody has": ("GET", "/v1/orders/ord_" + "0" * 32, GONE),
    "an order of NUL": ("GET", "/v1/orders/%00", WRONG),
    "a way up from an order": ("GET", "/v1/orders/..%2f..%2fetc", GONE),
    "a plain route that is not there": ("GET", "/v1/users", GONE),
    "an order deleted": ("DELETE", "/v1/orders/ord_" + "0" * 32, (405, "BAD_REQUEST")),
    "an overview of a thousand years": ("GET", "/v1/overview?from=1000-01-01T00:00:00Z", WRONG),
    "an overview of a zone that is not there": ("GET", "/v1/overview?timeZone=../../etc/passwd", WRONG),
    "an overview of a day that was never": ("GET", "/v1/overview?from=2026-02-30T00:00:00Z", WRONG),
}
BODIES: dict[str, tuple[object, Outcome]] = {
    "an order of nothing": ({}, WRONG),
    "an order of null": (b"null", WRONG),
    "an order of a list": ([{}], WRONG),
    "an order of half an object": (b"{", BAD),
    "an order of deep lists": (b"[" * 5_000, BAD),
    "an order of texts for numbers": ({"customerId": 7, "currency": [], "items": "x"}, WRONG),
    "an order of ten thousand items": (
        {"customerId": "x", "currency": "EUR", "items": [{"productId": "x", "quantity": 1}] * 2_000},
        (400, "VALIDATION_ERROR"),
    ),
    "an order for another tenant": ({"tenantId": "globex", "customerId": "x", "currency": "EUR", "items": []}, WRONG),
}
# Forms and what is followed are answered by pages for people, which say in words what is wrong.
SIGN_IN: dict[str, tuple[bytes, Fields, Outcome]] = {
    "signing in with nothing": (b"", JSON, BAD),
    "signing in with a list": (b"[]", JSON, INPUT),
    "signing in with deep lists": (b"[" * 10_000, JSON, BAD),
    "signing in with an object for a password": (b'{"email": "somebody@b.c", "password": {"$ne": ""}}', JSON, INPUT),
    "signing in with a password of ten kilobytes": (
        b'{"email": "somebody@b.c", "password": "%s"}' % (b"x" * 10_000),
        JSON,
        NOBODY,
    ),
    "signing in with a megabyte": (b'{"email": "%s"}' % (b"x" * 900_000), JSON, (413, "BAD_REQUEST")),
    "signing in with a thousand fields": (b"&".join(b"a%d=b" % n for n in range(1_000)), FORM, (400, ANSWERED)),
    "signing in with bytes": (b"email=%ff&password=%fe", FORM, (400, ANSWERED)),
    "signing in from another site": (b"email=a&password=b", FORM | {"Origin": "https://evil.example"}, (403, ANSWERED)),
    "signing in by XML": (b"<a/>", {"Content-Type": "text/xml"}, (415, "BAD_REQUEST")),
    "signing in with NUL": (b'{"email": "somebody\\u0000@b.c", "password": "x"}', JSON, (401, "UNAUTHENTICATED")),
}
BESIDE: dict[str, tuple[str, str, Outcome]] = {
    "a sign-in page that leads away": ("GET", "/auth/login?next=//evil.example", (200, ANSWERED)),
    "a provider that is not there": ("GET", "/auth/login/nope", (404, ANSWERED)),
    "an answer of a provider that is not there": ("GET", "/auth/callback/nope?code=x&state=y", (404, ANSWERED)),
    "an invitation that nobody made": ("GET", "/auth/invitation?token=" + "x" * 4_000, (401, ANSWERED)),
    "signing out of nothing": ("POST", "/auth/logout", (403, "CSRF_PREVENTION")),
    "health by POST": ("POST", "/health/live", (405, "BAD_REQUEST")),
    "the schema for nobody": ("GET", "/schema.graphql", (401, "UNAUTHENTICATED")),
    "the version by DELETE": ("DELETE", "/version", (405, "BAD_REQUEST")),
}


def cases(prey: Prey) -> Iterator[Case]:
    for name, asked in LISTS.items():
        yield Case(f"plain orders: {name}", (got(prey, f"/v1/orders?{asked}"),), WRONG)
    for name, (method, path, outcome) in PATHS.items():
        yield Case(name, (request(method, path, {"Authorization": prey.bearer}),), outcome)
    for name, (body, outcome) in BODIES.items():
        yield Case(name, (posted(prey, body, path="/v1/orders"),), outcome)
    for name, (sent, fields, outcome) in SIGN_IN.items():
        somebody = {**fields, "X-Forwarded-For": f"2001:db8:{next(_TRIES):x}::1"}
        body = sent.replace(b"somebody", uuid4().hex.encode())
        yield Case(name, (request("POST", "/auth/login", somebody, body),), outcome)
    for name, (method, path, outcome) in BESIDE.items():
        yield Case(name, (request(method, path),), outcome)
    changed = posted(prey, {"notes": "mine"}, path=f"/v1/orders/{prey.foreign_order}").replace(b"POST ", b"PATCH ", 1)
    yield Case("another tenant's order changed", (changed,), GONE)
    far = got(prey, "/v1/orders?search=" + "x" * 9_000)
    yield Case("a plain address beyond its bound", (far,), (414, "BAD_REQUEST"))
    much = got(prey, "/v1/orders", {"X-Much": "x" * 40_000})
    yield Case("plain orders: a field of forty kilobytes", (much,), (431, "BAD_REQUEST"))
    moved = posted(prey, {"status": "LOST"}, path=f"/v1/orders/{prey.order}/status")
    yield Case("an order moved to where no order is", (moved,), WRONG)
