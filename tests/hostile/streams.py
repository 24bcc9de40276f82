"""Streams that cannot be: reservations that nobody made, operations without ids, cursors from elsewhere."""

from collections.abc import Iterator

from tests.hostile.case import Case, Fields, Outcome, Prey, got, posted, request
from tests.support.server import JSON, STREAM
from tests.support.single import PATH, TOKEN

WATCH = "subscription ($after: String) { orderEvents(after: $after) { id } }"
GONE, BAD, INPUT, REFUSED = (404, "NOT_FOUND"), (400, "BAD_REQUEST"), (200, "BAD_USER_INPUT"), (406, "BAD_REQUEST")
METHOD = (405, "BAD_REQUEST")
UNKNOWN = "A" * 43
OPERATION = {"query": "{ __typename }", "extensions": {"operationId": "1"}}
SUBSCRIBED = {
    "after nothing that is a cursor": ("x", INPUT),
    "after a cursor of three hundred letters": ("A" * 300, INPUT),
    "after letters that are no ASCII": ("é", INPUT),
    "after NUL": ("\0", INPUT),
}
TOKENS: dict[str, tuple[str, Outcome]] = {
    "of a reservation that nobody made": (UNKNOWN, GONE),
    "of no letters": ("=", GONE),
    "of eight kilobytes": ("A" * 8_000, GONE),
    "of SQL": ("' OR 1=1 --", GONE),
    "twice": (f"{UNKNOWN},{UNKNOWN}", GONE),
}


def cases(prey: Prey) -> Iterator[Case]:
    yield from _tokens(prey)
    yield from _cursors(prey)
    for name, (sent, outcome) in {**_asked(prey), **_beside(prey)}.items():
        yield Case(name, (sent,), outcome)


def _asked(prey: Prey) -> dict[str, tuple[bytes, Outcome]]:
    who = {"Authorization": prey.bearer}
    return {
        "a reservation by nobody": (request("PUT", PATH), (401, "UNAUTHENTICATED")),
        "a reservation for who takes JSON": (request("PUT", PATH, who | {"Accept": JSON}), REFUSED),
        "a reservation by PATCH": (request("PATCH", PATH, who), METHOD),
        "an end of nothing": (request("DELETE", PATH, who), BAD),
        "a subscription by nobody": (
            request("POST", PATH, {"Content-Type": JSON}, b'{"query": "subscription { orderEvents { id } }"}'),
            (401, "UNAUTHENTICATED"),
        ),
        "a subscription to what is not there": (
            posted(prey, {"query": "subscription { nope }"}, {"Accept": STREAM}),
            (200, "GRAPHQL_VALIDATION_FAILED"),
        ),
        "a stream of a bomb": (
            posted(prey, {"query": "{" * 5_000}, {"Accept": STREAM}),
            (200, "QUERY_LIMIT_EXCEEDED"),
        ),
        "a stream of a batch": (posted(prey, [OPERATION] * 100, {"Accept": STREAM}), BAD),
        "a mutation as an event stream, by GET": (
            got(prey, "/graphql", {"Accept": STREAM}, query="mutation { endElevation { __typename } }"),
            METHOD,
        ),
        "a stream for who takes pictures": (posted(prey, {"query": WATCH}, {"Accept": "image/png"}, PATH), REFUSED),
        "a stream by a stream token that is none": (
            request("GET", "/graphql?query=subscription%7BorderEvents%7Bid%7D%7D&streamToken=x", {"Accept": STREAM}),
            (401, "UNAUTHENTICATED"),
        ),
        "a stream by two stream tokens": (
            request("GET", "/graphql?query=%7Ba%7D&streamToken=x&streamToken=y", {"Accept": STREAM}),
            (400, "BAD_REQUEST"),
        ),
    }


def _beside(prey: Prey) -> dict[str, tuple[bytes, Outcome]]:
    """What is no operation: tokens, renewals, and plain events."""
    who = {"Authorization": prey.bearer}
    return {
        "a stream token by GET": (request("GET", "/auth/stream-token", who), METHOD),
        "a stream token for nobody": (request("POST", "/auth/stream-token"), (401, "UNAUTHENTICATED")),
        "a renewal of nothing": (posted(prey, {}, path=f"{PATH}/renew"), BAD),
        "a renewal of a stream that is not there": (
            posted(prey, {}, {"X-Tidegate-Stream": "str_" + "0" * 32}, f"{PATH}/renew"),
            GONE,
        ),
        "a renewal by nobody": (request("POST", f"{PATH}/renew"), (401, "UNAUTHENTICATED")),
        "plain events after a cursor that is none": (
            got(prey, "/v1/stream/events", {"Accept": STREAM, "Last-Event-ID": "x" * 300}),
            (400, "VALIDATION_ERROR"),
        ),
        "plain events for who takes JSON": (got(prey, "/v1/stream/events", {"Accept": JSON}), REFUSED),
        "plain events by POST": (posted(prey, {}, {"Accept": STREAM}, "/v1/stream/events"), METHOD),
    }


def _tokens(prey: Prey) -> Iterator[Case]:
    for which, (token, outcome) in TOKENS.items():
        fields: Fields = {TOKEN: token}
        yield Case(f"an operation on a token {which}", (posted(prey, OPERATION, fields, PATH),), outcome)
        opened = got(prey, PATH, {**fields, "Accept": STREAM})
        yield Case(f"a stream on a token {which}", (opened,), outcome)
        ended = request("DELETE", f"{PATH}?operationId=1", {"Authorization": prey.bearer, **fields})
        yield Case(f"an end on a token {which}", (ended,), outcome)
    asked = got(prey, PATH, {"Accept": STREAM}, token=UNKNOWN)
    yield Case("a token in the address that nobody made", (asked,), GONE)
    yield Case("a token in the address, to another path", (got(prey, "/graphql", query="{a}", token="x"),), BAD)


def _cursors(prey: Prey) -> Iterator[Case]:
    for when, (after, outcome) in {**SUBSCRIBED, "after a page's cursor": (prey.cursor, INPUT)}.items():
        body = {"query": WATCH, "variables": {"after": after}}
        yield Case(f"a subscription {when}", (posted(prey, body, {"Accept": STREAM}),), outcome)
    last = {"Accept": STREAM, "Last-Event-ID": prey.foreign_cursor}
    yield Case("a subscription after a last id of no stream", (posted(prey, {"query": WATCH}, last),), INPUT)
    far = got(prey, "/graphql", {"Accept": STREAM}, query=WATCH, lastEventId="x" * 300)
    yield Case("a subscription after a last id that is too long", (far,), INPUT)
