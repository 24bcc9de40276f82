"""Documents that are too deep, too wide, too dear, or no documents."""

from collections.abc import Iterator

from tests.hostile.case import Case, Prey, posted

LIMIT, PARSE, INVALID = "QUERY_LIMIT_EXCEEDED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
COST, INPUT = "COST_LIMIT_EXCEEDED", "BAD_USER_INPUT"
EVENTS = "subscription { orderEvents { id } }"


def many(text: str, count: int, between: str = " ") -> str:
    """The text so many times, with its number wherever it says ``%``."""
    return between.join(text.replace("%", str(number)) for number in range(count))


def nested(opening: str, inner: str, closing: str, count: int) -> str:
    return opening * count + inner + closing * count


def laughs(levels: int, times: int) -> str:
    """Fragments that each spread the next one so many times, under as many names."""
    again = "a%: orders { nodes { customer { ...f@ } } }"
    more = [
        f"fragment f{level} on Customer {{ {many(again.replace('@', str(level + 1)), times)} }}"
        for level in range(levels)
    ]
    return " ".join((*more, f"fragment f{levels} on Customer {{ id }}"))


DEEP = {
    "fields nested beyond the limit": (nested("{ node(id: 1) ", "{ id }", "}", 13), LIMIT),
    "orders of customers of orders without end": (
        "{ orders { nodes { customer { orders { nodes { customer { orders { nodes { customer { orders { nodes {"
        " customer { id } } } } } } } } } } } } }",
        LIMIT,
    ),
    "five thousand braces that open": ("{" * 5_000, LIMIT),
    "five thousand brackets in an argument": ("{ a(b: " + nested("[", "", "]", 2_500) + ") }", LIMIT),
    "two thousand objects in an argument": ("{ a(b: " + nested("{c:", "1", "}", 2_000) + ") }", LIMIT),
    "a variable of lists of lists": ("query ($a: " + nested("[", "Int", "]", 500) + ") { __typename }", LIMIT),
    "inline fragments inside each other": ("{ " + nested("... { ", "__typename", "}", 400) + " }", LIMIT),
    "inline fragments up to the limit of nesting": ("{ " + nested("... { ", "nope", "}", 62) + " }", INVALID),
    "introspection of types of types": (
        "{ __schema { types " + nested("{ ofType ", "{ name }", "}", 30) + " } }",
        LIMIT,
    ),
    "introspection of fields of types of fields": (
        "{ __schema { types " + nested("{ fields { type ", "{ name }", "} }", 12) + " } }",
        LIMIT,
    ),
    "filters inside filters": ("{ orders(where: " + nested("{not: ", "{}", "}", 70) + ") { nodes { id } } }", LIMIT),
}
WIDE = {
    "an alias too many": ("{ " + many("a%: __typename", 31) + " }", LIMIT),
    "thousands of aliases": ("{ " + many("a%:me", 1_900) + " }", LIMIT),
    "more root fields than there may be": ("{ " + many("viewer { roles }", 21) + " }", LIMIT),
    "one name two thousand times": ("{ " + many("__typename", 1_990) + " }", LIMIT),
    "objects under one name": ("{ orders { " + many("nodes { id }", 60) + " } }", LIMIT),
    "a mutation of many fields": ("mutation { " + many("a%: nope", 21) + " }", LIMIT),
    "directives on one field": ("{ __typename " + many("@include(if: true)", 51) + " }", LIMIT),
    "hundreds of directives": ("{ __typename " + many("@skip(if: false)", 300) + " }", LIMIT),
    "directives that nobody knows": ("{ __typename " + many("@d%", 40) + " }", INVALID),
    "a directive that may stand once": ("{ viewer { roles @include(if: true) @include(if: true) } }", INVALID),
    "directives on operations": ("query " + many("@a%", 60) + " { __typename }", LIMIT),
    "directives on variables": (f"query ($a: Int {many('@a%', 60)}) {{ __typename }}", INVALID),
    "defer and stream, which are not offered": ("{ viewer { ... @defer { roles @stream } } }", INVALID),
    "operations by the dozen": (many("query a% { __typename }", 11), LIMIT),
    "hundreds of operations": (many("query a%{a}", 390), LIMIT),
    "two operations without names": ("{ __typename } { __typename }", INVALID),
    "two operations of one name": ("query a { __typename } query a { __typename }", INVALID),
    "types in a document": ("type Query { a: Int } { __typename }", INVALID),
    "types and no operation": ("schema { query: Mutation } extend type Query { b: Int }", INVALID),
    "a document beyond its bytes": ("{ __typename } #" + "x" * 20_000, LIMIT),
    "a document of nothing but comments": ("#\n" * 9_000, LIMIT),
    "a document beyond its tokens": ("{ " + many("a", 2_001) + " }", LIMIT),
    "hundreds of errors": ("{ " + many("nope%", 19) + " }", INVALID),
    "hundreds of unknown arguments": ("{ viewer(" + many("a%: 1", 600) + ") { roles } }", INVALID),
    "hundreds of variables": ("query (" + many("$v%: Int", 480) + ") { __typename }", INVALID),
    "pages of pages": ("{ customers(first: 100) { nodes { orders(first: 100) { nodes { items { id } } } } } }", COST),
    "pages of pages under thirty names": (
        "{ " + many("a%: customers(first: 100) { nodes { orders(first: 9) { nodes { id } } } }", 20) + " }",
        COST,
    ),
}
FRAGMENTS = {
    "a fragment of itself": ("{ ...a } fragment a on Query { ...a }", INVALID),
    "two fragments of each other": ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", INVALID),
    "a ring of forty fragments": (
        "{ ...f0 } " + " ".join(f"fragment f{n} on Query {{ ...f{(n + 1) % 40} }}" for n in range(40)),
        INVALID,
    ),
    "a fragment that grows by fields of itself": (
        "{ node(id: 1) { ...a } } fragment a on Customer { orders { nodes { customer { ...a } } } }",
        LIMIT,
    ),
    "a billion laughs": ("{ customers { nodes { ...f0 } } } " + laughs(9, 2), LIMIT),
    "laughs that are wide": ("{ customers { nodes { ...f0 } } } " + laughs(3, 9), LIMIT),
    "fragments by the dozen": ("{ __typename } " + many("fragment f% on Query { __typename }", 51), LIMIT),
    "hundreds of fragments": ("{ a } " + many("fragment f% on A{a}", 270), LIMIT),
    "fragments that nobody spreads": ("{ __typename } " + many("fragment f% on Query { __typename }", 40), INVALID),
    "a fragment that is not there": ("{ ...nope }", INVALID),
    "a fragment on a scalar": ("{ ...a } fragment a on Int { __typename }", INVALID),
    "a fragment on nothing": ("{ ...a } fragment a on Nope { __typename }", INVALID),
    "a fragment called on": ("{ ...on } fragment on on Query { __typename }", PARSE),
    "fields that cannot be one": ("{ viewer { a: roles a: space } }", INVALID),
    "fields that conflict far down": (
        "{ " + " ".join(f"orders {{ nodes {{ id: {field} }} }}" for field in ("id", "number") * 9) + " }",
        INVALID,
    ),
}
TEXTS = {
    "an empty document": ("", "BAD_REQUEST"),
    "commas": (",,,,,", PARSE),
    "a document of spaces": (" " * 10_000, PARSE),
    "NUL in a document": ("{ a\0b }", INPUT),
    "a control character": ("{ a\x07b }", PARSE),
    "letters from the right": ("{ \u202eviewer { roles } }", PARSE),
    "letters that look alike": ("{ vi\u0435wer { roles } }", PARSE),
    "an emoji for a name": ("{ 😀 }", PARSE),
    "a string without end": ('{ order(id: "' + "x" * 15_000, PARSE),
    "a block string without end": ('{ order(id: """' + '\\"""' * 4_000, PARSE),
    "a bad escape": (r'{ order(id: "\x41") { id } }', PARSE),
    "half a surrogate pair": (r'{ order(id: "\uD800") { id } }', PARSE),
    "an escape beyond Unicode": (r'{ order(id: "\u{110000}") { id } }', PARSE),
    "a number with a million exponents": ("{ orders(first: 1e999999) { nodes { id } } }", INVALID),
    "a number of thousands of digits": ("{ orders(first: " + "9" * 10_000 + ") { nodes { id } } }", INVALID),
    "a number that begins with zeroes": ("{ orders(first: 007) { nodes { id } } }", PARSE),
    "a number that runs into a name": ("{ orders(first: 1x) { nodes { id } } }", PARSE),
    "SQL for a document": ("SELECT * FROM orders; DROP TABLE orders; --", PARSE),
    "a page of HTML": ("<script>alert(1)</script>", PARSE),
    "a template": ("${7*7}{{7*7}}", PARSE),
    "a field beyond the schema": ("{ users { password } }", INVALID),
    "a field with an argument of another type": ('{ orders(first: "1") { nodes { id } } }', INVALID),
    "a variable that nobody declared": ("{ orders(first: $n) { nodes { id } } }", INVALID),
    "a variable of an output type": ("query ($a: Order) { __typename }", INVALID),
    "a page of more than there may be": ("{ orders(first: 101) { nodes { id } } }", INPUT),
    "a subscription of two fields": ("subscription { a: orderEvents { id } b: orderEvents { id } }", INVALID),
    "a subscription of introspection": ("subscription { __typename }", INVALID),
    "a subscription through a fragment of two": (
        "subscription { ...a } fragment a on Subscription { orderEvents { id } customerEvents { id } }",
        INVALID,
    ),
}


def cases(prey: Prey) -> Iterator[Case]:
    for name, (document, code) in {**DEEP, **WIDE, **FRAGMENTS, **TEXTS}.items():
        # An operation that is refused as it runs is a GraphQL answer.
        status = 200 if name == "a page of more than there may be" else 400
        yield Case(name, (posted(prey, {"query": document}),), (status, code))
    both = {"query": "query a { __typename } query b { __typename }"}
    yield Case("no choice between two operations", (posted(prey, both),), (400, INVALID))
    yield Case("an operation that is not there", (posted(prey, both | {"operationName": "c"}),), (400, INVALID))
    yield Case("a subscription for who takes JSON", (posted(prey, {"query": EVENTS}),), (406, "BAD_REQUEST"))
