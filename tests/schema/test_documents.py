"""Documents: prepared once, kept within bounds, refusals too."""

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema

from schema.documents import Document, DocumentCache, Refused
from schema.limits import Limits

SCHEMA = build_schema("type Query { name: String friends: [Query] } type Mutation { rename: String }")


class CountingCache(DocumentCache):
    """Counts how often a text is prepared."""

    prepared = 0

    def _prepare(self, text: str) -> Document | Refused:
        self.prepared += 1
        return super()._prepare(text)


def cache_of(size: int = 3, *, hide: bool = True, schema: GraphQLSchema = SCHEMA) -> CountingCache:
    return CountingCache(schema, Limits(), hide_suggestions=hide, size=size, share=size)


def test_a_text_is_prepared_once() -> None:
    cache = cache_of()
    assert cache.get("{ name }") is cache.get("{ name }")
    assert cache.prepared == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ name", "GRAPHQL_PARSE_FAILED"),
        ("{ nome }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ name } #" + "x" * 20_000, "QUERY_LIMIT_EXCEEDED"),
        ("fragment f on Query { name }", "GRAPHQL_VALIDATION_FAILED"),
        ("type T { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("\ud800", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_a_refusal_is_coded_and_costs_its_price_once(text: str, code: str) -> None:
    cache = cache_of()
    for _ in range(3):
        refused = cache.get(text)
        assert isinstance(refused, Refused)
        assert refused.code == code
    assert cache.prepared == 1


def test_the_cache_keeps_the_most_recently_used() -> None:
    cache = cache_of(size=3)
    for text in ("{ a: name }", "{ b: name }", "{ c: name }", "{ a: name }", "{ d: name }", "{ a: name }"):
        cache.get(text)
    assert cache.prepared == 4
    cache.get("{ b: name }")
    assert cache.prepared == 5


def test_a_thousand_texts_do_not_make_the_cache_grow() -> None:
    cache = cache_of(size=10)
    for number in range(1_000):
        cache.get(f"{{ a{number}: name }}")
    assert cache.prepared == 1_000
    for number in range(990, 1_000):
        cache.get(f"{{ a{number}: name }}")
    assert cache.prepared == 1_000
    cache.get("{ a989: name }")
    assert cache.prepared == 1_001


def test_at_most_ten_errors_are_told() -> None:
    refused = cache_of().get("{" + " ".join(f"nome{i}" for i in range(20)) + "}")
    assert isinstance(refused, Refused)
    assert len(refused.errors) <= 11


@pytest.mark.parametrize(("hide", "hints"), [(True, False), (False, True)])
def test_a_suggestion_is_made_only_where_anybody_may_see_the_schema(hide: bool, hints: bool) -> None:
    refused = cache_of(hide=hide).get("{ friend { name } }")
    assert isinstance(refused, Refused)
    assert any("Did you mean" in error.message for error in refused.errors) is hints


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("{ name }", None, True),
        ("query a { name }", None, True),
        ("query a { name }", "a", True),
        ("query a { name } query b { name }", "b", True),
        ("query a { name } query b { name }", None, False),
        ("query a { name } query b { name }", "c", False),
        ("{ name }", "a", False),
        ("query a { name }", "", False),
    ],
)
def test_an_operation_is_found_by_its_name_or_by_being_the_only_one(text: str, name: str | None, found: bool) -> None:
    document = cache_of().get(text)
    assert isinstance(document, Document)
    operation = document.operation(name)
    assert isinstance(operation, OperationDefinitionNode) is found
    if isinstance(operation, Refused):
        assert operation.code == "GRAPHQL_VALIDATION_FAILED"


def test_who_sends_ever_new_documents_pushes_out_only_their_own() -> None:
    cache = CountingCache(SCHEMA, Limits(), hide_suggestions=True, size=10, share=4)
    cache.get("{ name }", "quiet")
    for index in range(50):
        cache.get(f"{{ a{index}: name }}", "noisy")
    prepared = cache.prepared
    cache.get("{ name }", "quiet")
    cache.get("{ a49: name }", "noisy")
    assert cache.prepared == prepared
    cache.get("{ a40: name }", "noisy")
    assert cache.prepared == prepared + 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part", ["friends { name } ", "... { friends { name name } } ", "friends { friends { name } } "]
)
def test_objects_repeated_to_keep_validation_busy_are_refused_before_it(part: str) -> None:
    refused = cache_of().get("{ " + part * 200 + "}")
    assert isinstance(refused, Refused)
    assert refused.code == "QUERY_LIMIT_EXCEEDED"
