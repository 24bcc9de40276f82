"""Limits: each at its edge and just past it, and documents made to hurt."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from graphql import GraphQLSyntaxError, parse

from schema.limits import LimitExceeded, Limits, check_document, check_text

LIMITS = Limits()


def fields(count: int) -> str:
    return "{" + " a" * count + " }"


def nested(depth: int, field: str = "a") -> str:
    return "".join(f"{{ {field}{i} " for i in range(depth)) + "}" * depth


def brackets(depth: int) -> str:
    return "{ a(x: " + "[" * (depth - 2) + "]" * (depth - 2) + ") }"


@pytest.mark.parametrize(
    ("at", "past"),
    [
        ("#" * (LIMITS.bytes - 3) + "\n{}", "#" * (LIMITS.bytes - 2) + "\n{}"),
        ("#" + "é" * ((LIMITS.bytes - 4) // 2) + "\n{}", "#" + "é" * (LIMITS.bytes // 2) + "\n{}"),
        (fields(LIMITS.tokens - 2), fields(LIMITS.tokens - 1)),
        ("#\n" * LIMITS.tokens, "#\n" * (LIMITS.tokens + 1)),
        (brackets(LIMITS.nesting), brackets(LIMITS.nesting + 1)),
    ],
    ids=["bytes", "bytes of two", "tokens", "comments", "nesting"],
)
def test_a_text_may_reach_the_limit_and_not_pass_it(at: str, past: str) -> None:
    check_text(at, LIMITS)
    with pytest.raises(LimitExceeded):
        check_text(past, LIMITS)


SMALL = Limits(
    depth=4, introspection_depth=6, aliases=3, root_fields=3, directives=3, fragments=3, operations=3, repeats=3
)


def numbered(pattern: str, count: int) -> str:
    return " ".join(pattern.replace("%", str(i)) for i in range(count))


DOCUMENTS: dict[str, Callable[[int], str]] = {
    "aliases": lambda n: "{ a { " + numbered("x%: b", n) + " } }",
    "aliases in a fragment": lambda n: "{ ...f } fragment f on Q { a { " + numbered("x%: b", n) + " } }",
    "root fields": lambda n: "{" + numbered("f%", n) + "}",
    "root fields in fragments": lambda n: "{ ... { ...f } } fragment f on Q {" + numbered("f%", n) + "}",
    "directives": lambda n: "{ a { b" + " @include(if: true)" * n + " } }",
    "directives on an operation": lambda n: "query" + " @d" * n + " { a }",
    "directives on spreads": lambda n: "{ ... " + "@skip(if: false) " * n + "{ a } }",
    "objects under one name": lambda n: "{ a { " + "b { c } " * n + "} }",
    "objects under one name apart": lambda n: "{ a { b { c } " + "... { b { c d } } " * (n - 1) + "} }",
    "fragments": lambda n: "{ a } " + numbered("fragment f% on Q { a }", n),
    "operations": lambda n: numbered("query q% { a }", n),
    "depth": lambda n: nested(n + 1),
    "depth of inline fragments": lambda n: "{ ... { a { ... { b " + nested(n - 1) + " } } } }",
    "depth through fragments": lambda n: "{ ...f } fragment f on Q { a { ...g } } fragment g on A " + nested(n),
}


@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_document_may_reach_the_limit_and_not_pass_it(what: str) -> None:
    make = DOCUMENTS[what]
    check_document(parse(make(3)), SMALL)
    with pytest.raises(LimitExceeded):
        check_document(parse(make(4)), SMALL)


def test_introspection_may_go_deeper() -> None:
    check_document(parse("{ __schema " + nested(5) + " }"), SMALL)
    with pytest.raises(LimitExceeded):
        check_document(parse("{ __schema " + nested(6) + " }"), SMALL)
    with pytest.raises(LimitExceeded):
        check_document(parse("{ schema " + nested(5) + " }"), SMALL)


@pytest.mark.parametrize(
    "text",
    [
        '{ a(x: "' + "{[(" * 100 + '") }',
        '{ a(x: """' + '{[( " \\""" "" ' * 50 + '""") }',
        "# " + "{[(" * 100 + "\n{ a }",
        '{ a(x: "\\"' + "{" * 100 + '") }',
    ],
    ids=["string", "block string", "comment", "escaped quote"],
)
def test_brackets_inside_strings_and_comments_do_not_count(text: str) -> None:
    check_text(text, LIMITS)
    parse(text)


@pytest.mark.parametrize("start", ['"""\\""""y"""', '"""\\\\"""z"""', '"""\\"""', '"\\"', '"a\r'])
def test_nothing_hides_behind_a_string_that_the_parser_ends_elsewhere(start: str) -> None:
    """The parser goes no deeper than the limit: it stops at the string, or the brackets behind it are counted."""
    deep = "[" * LIMITS.nesting
    text = f'{{ a(x: [{start} {deep}{"]" * len(deep)}], y: """z""") }}'
    try:
        check_text(text, LIMITS)
    except LimitExceeded as error:
        assert "nested" in str(error)  # noqa: PT017  # else the parser refuses it
    else:
        with pytest.raises(GraphQLSyntaxError, match=r"(?i)string|escape"):
            parse(text)


def test_a_string_is_one_token() -> None:
    check_text('{ a(x: "' + "word " * 1_000 + '") }', replace(LIMITS, tokens=9))


@pytest.mark.parametrize(
    "text",
    [
        "{ ...a } fragment a on Q { ...a }",
        "{ ...a } fragment a on Q { ...b } fragment b on Q { ...a }",
        "{ ...a } fragment a on Q { x { ...a } }",
        "{ ...a } fragment a on Q { x { ...b } } fragment b on Q { ...a x { ...a } }",
        "{ ...missing }",
    ],
)
def test_a_fragment_that_holds_itself_or_nothing_ends_the_walk(text: str) -> None:
    try:
        check_document(parse(text), LIMITS)
    except LimitExceeded as error:
        assert "nested" in str(error)  # noqa: PT017  # either way is an end


@pytest.mark.timeout(10)
def test_fragments_that_double_at_each_step_are_never_expanded() -> None:
    steps = [f"fragment f{i} on Q {{ x {{ ...f{i + 1} }} y {{ ...f{i + 1} }} }}" for i in range(40)]
    with pytest.raises(LimitExceeded):
        check_document(parse("{ ...f0 } " + " ".join(steps) + " fragment f40 on Q { a }"), LIMITS)
    flat = [f"fragment f{i} on Q {{ ...f{i + 1} ...f{i + 1} }}" for i in range(40)]
    check_document(parse("{ ...f0 } " + " ".join(flat) + " fragment f40 on Q { a }"), LIMITS)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(("branches", "levels"), [(2, 10), (3, 7), (4, 10), (10, 4)])
def test_fragments_that_multiply_within_the_depth_are_refused_before_they_are_expanded(
    branches: int, levels: int
) -> None:
    """Every other limit holds: a kilobyte of text would stand for thousands of fields."""
    steps = [
        f"fragment f{i} on Q {{ " + " ".join(f"x{n} {{ ...f{i + 1} }}" for n in range(branches)) + " }"
        for i in range(levels)
    ]
    document = parse("{ ...f0 } " + " ".join(steps) + f" fragment f{levels} on Q {{ a }}")
    with pytest.raises(LimitExceeded, match="1000 fields"):
        check_document(document, LIMITS)


def test_fragments_used_in_many_places_may_stand_for_as_many_fields_as_could_be_written_out() -> None:
    leaves = " ".join(f"l{n}" for n in range(40))
    uses = " ".join(f"x{n} {{ ...f }}" for n in range(20))
    check_document(parse(f"{{ {uses} }} fragment f on Q {{ {leaves} }}"), LIMITS)


@pytest.mark.timeout(60)  # it takes a second; with each beginning read by itself, half an hour
@pytest.mark.parametrize("piece", ["{", '"', '"""', '"\\', '"""\\', ".", "\x00"])
def test_a_text_that_is_no_document_is_read_in_one_pass(piece: str) -> None:
    text = piece * 1_000_000
    endless = replace(LIMITS, bytes=len(text), tokens=len(text), nesting=len(text))
    assert check_text(text, endless) <= len(text)
