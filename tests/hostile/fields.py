"""Header fields and addresses that make no sense, or say what is not so."""

from collections.abc import Iterator

from tests.hostile.case import ANSWERED, Case, Fields, Outcome, Prey, got, posted, request

QUERY = {"query": "{ viewer { roles } }"}
WATCH = "subscription { orderEvents { id } }"
NOBODY, FORBIDDEN, BAD = (401, "UNAUTHENTICATED"), (403, "FORBIDDEN"), (400, "BAD_REQUEST")
LARGE, FORGED, FINE = (431, "BAD_REQUEST"), (403, "CSRF_PREVENTION"), (200, ANSWERED)
INTENDED = {"X-Tidegate-Csrf": "1"}
UNSIGNED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSIsInRlbmFudCI6ImFjbWUifQ."

CREDENTIALS: dict[str, tuple[Fields, Outcome]] = {
    "no credential": ({"Authorization": ""}, NOBODY),
    "a bearer of nothing": ({"Authorization": "Bearer"}, NOBODY),
    "a token that is none": ({"Authorization": "Bearer x"}, NOBODY),
    "a token that nobody signed": ({"Authorization": f"Bearer {UNSIGNED}"}, NOBODY),
    "a token of nine kilobytes": ({"Authorization": "Bearer " + "a" * 9_000}, NOBODY),
    "a token of bytes": ({"Authorization": b"Bearer \xff\xfe"}, NOBODY),
    "a password": ({"Authorization": "Basic YWRtaW46YWRtaW4="}, NOBODY),
    "a scheme that nobody knows": ({"Authorization": "Negotiate x"}, NOBODY),
    "a key that was mistyped": ({"Authorization": "Bearer tgk_" + "0" * 45}, NOBODY),
    "a key of ten thousand letters": ({"Authorization": "Bearer tgk_" + "0" * 10_000}, NOBODY),
    "another tenant by name": ({"X-Tenant": "globex"}, FORBIDDEN),
    "a tenant that is not there": ({"X-Tenant": "nope"}, FORBIDDEN),
    "a tenant that is SQL": ({"X-Tenant": "' OR 1=1 --"}, FORBIDDEN),
    "a tenant of five thousand letters": ({"X-Tenant": "x" * 5_000}, FORBIDDEN),
    "a tenant of bytes": ({"X-Tenant": b"\xff\x80"}, FORBIDDEN),
    "a signature that is none": ({"Signature-Input": "x", "Signature": "y"}, FINE),
    "a signature by nobody": (
        {"Signature-Input": 'a=("@method");keyid="x";created=1', "Signature": "a=:AAAA:"},
        FINE,
    ),
    "a signature's input of ten thousand parts": (
        {"Signature-Input": "a=(" + '"x" ' * 5_000 + ")", "Signature": "a=:AAAA:"},
        FINE,
    ),
}
COOKIES: dict[str, tuple[str, Fields, Outcome]] = {
    "a cookie and no word of whose doing it is": ("__Host-tidegate=%s", {}, FORGED),
    "a cookie from another site's page": ("__Host-tidegate=%s", INTENDED | {"Sec-Fetch-Site": "cross-site"}, FORGED),
    "a cookie from another origin": ("__Host-tidegate=%s", INTENDED | {"Origin": "https://evil.example"}, FORGED),
    "a cookie from an origin of null": ("__Host-tidegate=%s", INTENDED | {"Origin": "null"}, FORGED),
    "a cookie that is none": ("__Host-tidegate=x", INTENDED, NOBODY),
    "a cookie of four kilobytes": ("__Host-tidegate=" + "a" * 4_000, INTENDED, NOBODY),
    "a cookie tossed beside the real one": ("__Host-tidegate=%s; __Host-tidegate=x", INTENDED, BAD),
    "a cookie of the name that only demos have": ("tidegate=%s", INTENDED, NOBODY),
    "a cookie in quotes": ('__Host-tidegate="x', INTENDED, NOBODY),
    "a thousand cookies": ("; ".join(f"c{n}=x" for n in range(1_000)), INTENDED, NOBODY),
    "a cookie and a token": ("__Host-tidegate=%s", {"Authorization": "Bearer x"}, NOBODY),
}
OTHERS: dict[str, tuple[Fields, Outcome]] = {
    "nothing that can be made is accepted": ({"Accept": "image/png"}, (406, "BAD_REQUEST")),
    "ten thousand types are accepted": ({"Accept": "text/x," * 3_000}, (406, "BAD_REQUEST")),
    "a weight that is not a number": ({"Accept": "application/json;q=NaN"}, (406, "BAD_REQUEST")),
    "a type of two thousand slashes": ({"Accept": "/" * 2_000}, (406, "BAD_REQUEST")),
    "an event's id of thousands of letters": ({"Last-Event-ID": "x" * 5_000}, (400, "BAD_USER_INPUT")),
    "an event's id of bytes": ({"Last-Event-ID": b"\xff"}, (400, "BAD_USER_INPUT")),
    "an idempotency key": ({"Idempotency-Key": "1"}, (400, "FEATURE_DISABLED")),
    "a cost that nobody can be asked for": ({"GraphQL-Cost": "free"}, BAD),
    "an empty cost": ({"GraphQL-Cost": ""}, BAD),
    "a cost asked for in two ways": ({"GraphQL-Cost": "validate,report"}, BAD),
    "a field of forty kilobytes": ({"X-Much": "x" * 40_000}, LARGE),
    "five hundred fields": ({f"X-{n}": "x" * 90 for n in range(500)}, LARGE),
    "a thousand forwarders": ({"X-Forwarded-For": ", ".join(["203.0.113.7"] * 1_000)}, FINE),
    "forwarders that are no addresses": ({"X-Forwarded-For": "' OR 1=1, ::ffff:0:0:0:0:0:0, x" * 20}, FINE),
    "a request's id that breaks lines": ({"X-Request-Id": "a%0d%0aSet-Cookie: a=b"}, FINE),
    "a request's id of a kilobyte": ({"X-Request-Id": "a" * 1_000}, FINE),
    "a range of a thousand ranges": ({"Range": "bytes=" + ",".join(["0-1"] * 1_000)}, FINE),
    "an expectation that nobody knows": ({"Expect": "200-ok"}, FINE),
}
QUERIES: dict[str, tuple[str, Outcome]] = {
    "a mutation by GET": ("/graphql?query=mutation%7BendElevation%7B__typename%7D%7D", (405, "BAD_REQUEST")),
    "a query twice by GET": ("/graphql?query=%7Ba%7D&query=%7Bb%7D", BAD),
    "a query that is not UTF-8": ("/graphql?query=%FF%FE", BAD),
    "NUL by GET": ("/graphql?query=%7Ba%00%7D", (400, "BAD_USER_INPUT")),
    "fifty-one parameters": ("/graphql?" + "&".join(f"a{n}=1" for n in range(51)), BAD),
    "variables that are no JSON": ("/graphql?query=%7B__typename%7D&variables=%7B", BAD),
    "variables that are deep": ("/graphql?query=%7B__typename%7D&variables=" + "%5B" * 900, BAD),
    "extensions that are a list": ("/graphql?query=%7B__typename%7D&extensions=%5B%5D", BAD),
    "no query by GET": ("/graphql", BAD),
    "an address beyond its bound": ("/" + "a" * 9_000, (414, "BAD_REQUEST")),
    "parameters beyond the bound": ("/graphql?query=" + "a" * 9_000, (414, "BAD_REQUEST")),
    "a document's id in the path that is none": ("/graphql/sha256:zz", (404, "NOT_FOUND")),
    "a document in the path that nobody registered": (
        f"/graphql/sha256:{'0' * 64}",
        (404, "PERSISTED_QUERY_NOT_FOUND"),
    ),
    "a way up from a document": ("/graphql/..%2f..%2fetc%2fpasswd", (404, "NOT_FOUND")),
    "a path of escapes that are none": ("/%ff%00%zz", (404, "NOT_FOUND")),
    "a path in another's folder": ("/..%2f..%2f..%2fetc/passwd", (404, "NOT_FOUND")),
    "a path of slashes": ("//" * 1_000, (404, "NOT_FOUND")),
    "another site's address": ("http://evil.example/graphql", BAD),
    "the settings of others": ("/.env", (404, "NOT_FOUND")),
    "the metrics, by a proxy": ("/metrics", FORBIDDEN),
}


def cases(prey: Prey) -> Iterator[Case]:
    for name, (fields, outcome) in {**CREDENTIALS, **OTHERS}.items():
        yield Case(name, (posted(prey, QUERY, fields),), outcome)
    for name, (cookie, more, outcome) in COOKIES.items():
        sent = {"Content-Type": "application/json", "Cookie": cookie.replace("%s", prey.cookie), **more}
        yield Case(name, (request("POST", "/graphql", sent, b'{"query": "{ viewer { roles } }"}'),), outcome)
    for name, (target, outcome) in QUERIES.items():
        forwarded = {"X-Forwarded-For": "203.0.113.7"} if target == "/metrics" else {}
        yield Case(name, (got(prey, target, forwarded),), outcome)
    upgrade = got(prey, "/graphql", {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}, query="{ __typename }")
    yield Case("an upgrade to something else", (upgrade,), FINE)
    upgrade = posted(prey, QUERY, {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "x"})
    yield Case("an upgrade to something else, with a body", (upgrade,), FINE)
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS", "PROPFIND"):
        outcome = (405, "" if method == "HEAD" else "BAD_REQUEST")
        yield Case(f"{method} to GraphQL", (request(method, "/graphql", {"Authorization": prey.bearer}),), outcome)
