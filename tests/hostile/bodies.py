"""Bodies that are no requests, and values that make no sense."""

import gzip
import json
import zlib
from collections.abc import Iterator
from itertools import starmap

from tests.hostile.case import ANSWERED, Case, Outcome, Prey, posted

BAD, UNREAD, LARGE, INPUT = (400, "BAD_REQUEST"), (415, "BAD_REQUEST"), (413, "BAD_REQUEST"), (400, "BAD_USER_INPUT")
QUERY = b'{"query": "{ __typename }"}'
WITH = b'{"query": "{ __typename }", "variables": {"a": %s}}'
LIST = (
    "query ($first: Int, $after: String, $before: String, $where: OrderWhere, $orderBy: [OrderSort!], $search: String)"
    " { orders(first: $first, after: $after, before: $before, where: $where, orderBy: $orderBy, search: $search)"
    " { nodes { id } } }"
)
CHANGE = "mutation ($i: UpdateOrderInput!) { updateOrder(input: $i) { order { id } userErrors { code } } }"
RAW: dict[str, tuple[bytes, Outcome]] = {
    "null for a body": (b"null", BAD),
    "true for a body": (b"true", BAD),
    "a number for a body": (b"7", BAD),
    "a text for a body": (b'"{ __typename }"', BAD),
    "an empty list": (b"[]", BAD),
    "a batch of one": (b"[%s]" % QUERY, BAD),
    "a batch of a thousand": (b"[%s]" % b",".join([QUERY] * 1_000), BAD),
    "a batch in a batch": (b"[[%s]]" % QUERY, BAD),
    "an empty object": (b"{}", BAD),
    "half an object": (QUERY[:-1], BAD),
    "two objects": (QUERY * 2, BAD),
    "an object with a tail": (QUERY + b"x", BAD),
    "a byte order mark": (b"\xef\xbb\xbf" + QUERY, BAD),
    "UTF-16": (QUERY.decode().encode("utf-16"), BAD),
    "UTF-32": (QUERY.decode().encode("utf-32"), BAD),
    "Latin-1": ('{"query": "{ é }"}'.encode("latin-1"), BAD),
    "an overlong encoding": (b'{"query": "\xc0\xae"}', BAD),
    "surrogates in UTF-8": (b'{"query": "\xed\xa0\x80"}', BAD),
    "NUL": (b"\0" * 64, BAD),
    "thousands of lists": (b"[" * 5_000 + b"]" * 5_000, BAD),
    "thousands of lists that never end": (b"[" * 900_000, BAD),
    "objects in objects": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, BAD),
    "variables nested one deeper than they may be": (WITH % (b"[" * 63 + b"]" * 63), BAD),
    "a number of five thousand digits": (WITH % (b"9" * 5_000), BAD),
    "a number of nearly a million digits": (WITH % (b"9" * 900_000), BAD),
    "a number of twenty digits": (WITH % b"18446744073709551616", BAD),
    "NaN": (WITH % b"NaN", BAD),
    "Infinity": (WITH % b"-Infinity", BAD),
    "a number beyond all floats": (WITH % b"1e999999", BAD),
    "a hexadecimal number": (WITH % b"0x10", BAD),
    "single quotes": (b"{'query': '{ __typename }'}", BAD),
    "comments in JSON": (b'{"query": /* x */ "{ __typename }"}', BAD),
    "a tab inside a string": (b'{"query": "{\t__typename }"}', BAD),
    "NUL in a text": (WITH % rb'"\u0000"', INPUT),
    "NUL in a key": (b'{"query": "{ __typename }", "\\u0000": 1}', INPUT),
    "half a surrogate pair in a variable": (WITH % rb'"\ud800"', INPUT),
    "a surrogate pair the wrong way round": (WITH % rb'"\udc00\ud800"', INPUT),
    "half a surrogate pair behind backslashes": (WITH % rb'"\\\\\\\ud800"', INPUT),
    "ten thousand values and one": (WITH % (b"[%s]" % b",".join([b"1"] * 10_001)), INPUT),
    "a thousand objects and one": (WITH % (b"[%s]" % b",".join([b"{}"] * 1_001)), INPUT),
    "a hundred thousand keys": (b"{%s}" % b",".join(b'"k%d":1' % n for n in range(80_000)), BAD),
    "a body of one long text": (b'{"query": "%s"}' % (b"x" * 990_000), (400, "QUERY_LIMIT_EXCEEDED")),
    "a body of spaces": (b" " * 990_000, BAD),
    "a body beyond the bound": (b'{"query": "%s"}' % (b"x" * 1_000_000), LARGE),
    "a query twice": (b'{"query": "{ nope }", "query": "{ nope }"}', (400, "GRAPHQL_VALIDATION_FAILED")),
}
SHAPES: dict[str, tuple[dict[str, object], Outcome]] = {
    "a list for a query": ({"query": ["{ __typename }"]}, BAD),
    "a number for a query": ({"query": 7}, BAD),
    "no query": ({"variables": {}}, BAD),
    "null for a query": ({"query": None}, BAD),
    "a list of variables": ({"query": "{ __typename }", "variables": [1]}, BAD),
    "a text of variables": ({"query": "{ __typename }", "variables": "{}"}, BAD),
    "a list of extensions": ({"query": "{ __typename }", "extensions": []}, BAD),
    "an object for the operation's name": ({"query": "{ __typename }", "operationName": {}}, BAD),
    "a document's id that is none": ({"documentId": "sha256:../../etc/passwd"}, (404, "PERSISTED_QUERY_NOT_FOUND")),
    "a document's id that nobody registered": (
        {"documentId": f"sha256:{'0' * 64}"},
        (404, "PERSISTED_QUERY_NOT_FOUND"),
    ),
    "a document's id of a million letters": ({"documentId": "a" * 900_000}, (404, "PERSISTED_QUERY_NOT_FOUND")),
    "a document's id that is a number": ({"documentId": 7}, BAD),
    "two documents' ids": ({"documentId": "0" * 64, "doc_id": "1" * 64}, BAD),
    "a document's id and another text": (
        {"documentId": "0" * 64, "query": "{ __typename }"},
        (400, "PERSISTED_QUERY_HASH_MISMATCH"),
    ),
    "Apollo's hash of another version": (
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
        BAD,
    ),
    "Apollo's hash as a list": ({"extensions": {"persistedQuery": [1]}}, BAD),
    "Apollo's hash without a hash": (
        {"extensions": {"persistedQuery": {"version": 1}}},
        (404, "PERSISTED_QUERY_NOT_FOUND"),
    ),
    "Apollo's hash that nobody registered": (
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
        (404, "PERSISTED_QUERY_NOT_FOUND"),
    ),
    "Apollo's hash of another text": (
        {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
        (400, "PERSISTED_QUERY_HASH_MISMATCH"),
    ),
}
PARTS = b"".join(b'--b\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n' % n for n in range(9_000)) + b"--b--"
PACKED = gzip.compress(b'{"query": "%s"}' % (b"x" * 10_000_000), mtime=0)
TYPED: dict[str, tuple[bytes, dict[str, str], Outcome]] = {
    "text for a type": (QUERY, {"Content-Type": "text/plain"}, UNREAD),
    "a form": (b"query=%7B__typename%7D", {"Content-Type": "application/x-www-form-urlencoded"}, UNREAD),
    "a bomb of parts": (PARTS, {"Content-Type": "multipart/form-data; boundary=b"}, UNREAD),
    "parts without a boundary": (PARTS[:100], {"Content-Type": "multipart/form-data"}, UNREAD),
    "GraphQL for a type": (b"{ __typename }", {"Content-Type": "application/graphql"}, UNREAD),
    "a type that only begins like JSON": (QUERY, {"Content-Type": "application/jsonx"}, UNREAD),
    "JSON in another charset": (QUERY, {"Content-Type": "application/json; charset=utf-16"}, UNREAD),
    "JSON in UTF-7": (QUERY, {"Content-Type": "application/json; charset=utf-7"}, UNREAD),
    "a type with a thousand parameters": (QUERY, {"Content-Type": "text/x" + ";a=b" * 1_000}, UNREAD),
    "an empty type": (QUERY, {"Content-Type": ""}, UNREAD),
    "gzip that is not announced": (gzip.compress(QUERY, mtime=0), {}, BAD),
    "gzip": (gzip.compress(QUERY, mtime=0), {"Content-Encoding": "gzip"}, UNREAD),
    "a bomb of gzip": (PACKED, {"Content-Encoding": "gzip"}, UNREAD),
    "a bomb of deflate": (zlib.compress(b" " * 10_000_000), {"Content-Encoding": "deflate"}, UNREAD),
    "gzip in gzip": (gzip.compress(PACKED, mtime=0), {"Content-Encoding": "gzip, gzip"}, UNREAD),
    "an encoding that nobody knows": (QUERY, {"Content-Encoding": "x"}, UNREAD),
}


def cases(prey: Prey) -> Iterator[Case]:
    for name, (body, outcome) in RAW.items():
        yield Case(name, (posted(prey, body),), outcome)
    for name, (shape, outcome) in SHAPES.items():
        yield Case(name, (posted(prey, shape),), outcome)
    for name, (body, fields, outcome) in TYPED.items():
        yield Case(name, (posted(prey, body, fields),), outcome)
    yield from starmap(lambda name, given, said: Case(name, (posted(prey, given),), said), _values(prey))


def _values(prey: Prey) -> Iterator[tuple[str, object, Outcome]]:
    told, unread = (200, "BAD_USER_INPUT"), (400, "BAD_USER_INPUT")
    listed: dict[str, tuple[dict[str, object], Outcome]] = {
        "another tenant's cursor": ({"after": prey.foreign_cursor}, told),
        "a cursor of another order": ({"after": prey.cursor, "orderBy": [{"field": "TOTAL"}]}, told),
        "a cursor that was cut": ({"after": prey.cursor[:-3]}, told),
        "a cursor twice": ({"after": prey.cursor * 2}, told),
        "a cursor of zeroes": ({"before": "A" * 48}, told),
        "a cursor of half a million letters": ({"after": "A" * 500_000}, told),
        "a cursor of a pickle": ({"after": "gASVCgAAAAAAAACMBm9zLnN5cw=="}, told),
        "a page of minus one": ({"first": -1}, told),
        "a page beyond 32 bits": ({"first": 2**31}, unread),
        "a page of half a row": ({"first": 1.5}, unread),
        "a list for a number": ({"first": [[1]]}, unread),
        "a search of ten thousand words": ({"search": "x " * 10_000}, told),
        "SQL in a search": ({"search": "'; DROP TABLE orders; --"}, (200, ANSWERED)),
        "a pattern that runs wild in a search": ({"search": "%_%_%_(a+)+$"}, (200, ANSWERED)),
        "an operator of another database": ({"where": {"$ne": None}}, unread),
        "a prototype": ({"where": {"__proto__": {"admin": True}}}, unread),
        "a filter of five thousand values": ({"where": {"status": {"in": ["PENDING"] * 5_000}}}, told),
        "a filter of filters": ({"where": _denied(40)}, told),
        "a date that was never": ({"where": {"createdAt": {"gt": "2026-02-30T00:00:00Z"}}}, unread),
        "a sum that is not a number": ({"where": {"total": {"gt": "NaN"}}}, unread),
        "a sum of four hundred digits": ({"where": {"total": {"gt": "1e400"}}}, unread),
        "an order by nothing": ({"orderBy": [{}]}, unread),
        "an order by the same twice": ({"orderBy": [{"field": "TOTAL"}] * 2}, told),
    }
    for name, (variables, outcome) in listed.items():
        yield name, {"query": LIST, "variables": variables}, outcome
    changed = {
        "another tenant's order": ({"id": prey.foreign_order, "notes": "mine"}, (200, "NOT_FOUND")),
        "an id that is SQL": ({"id": "ord_' OR 1=1 --", "notes": "x"}, (200, "INVALID")),
        "a version before the first": ({"id": prey.order, "expectedVersion": -5, "notes": "x"}, (200, "CONFLICT")),
        "notes beyond their length": ({"id": prey.order, "notes": "x" * 100_000}, (200, "TOO_LONG")),
        "a field that is not there": ({"id": prey.order, "tenantId": "globex"}, unread),
    }
    for name, (given, outcome) in changed.items():
        yield name, {"query": CHANGE, "variables": {"i": given}}, outcome
    yield (
        "an operation by the name of none",
        json.loads(WITH % b"1") | {"operationName": "nope"},
        (
            400,
            "GRAPHQL_VALIDATION_FAILED",
        ),
    )


def _denied(depth: int) -> dict[str, object]:
    found: dict[str, object] = {"status": {"eq": "PENDING"}}
    for _ in range(depth):
        found = {"not": found}
    return found
