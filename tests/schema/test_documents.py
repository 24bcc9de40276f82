"""Documents: prepared once, kept within bounds, refusals too."""

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema

from schema.documents import Document, DocumentCache, Refused
from schema.limits import Limits
from schema.variants import Variants

SCHEMA = build_schema("type Query { name: String friends: [Query] } type Mutation { rename: String }")


def cache_of(
    size: int = 3, share: int | None = None, *, hide: bool = True, schema: GraphQLSchema = SCHEMA
) -> DocumentCache:
    """One for so many documents like ``{ a: name }``."""
    one = DocumentCache(schema, Limits(), hide_suggestions=hide)
    one.get("{ a: name }")
    size, share = size * one.weight, (size if share is None else share) * one.weight
    return DocumentCache(schema, Limits(), hide_suggestions=hide, size=size, share=share)


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
    for number in range(1_000, 2_000):
        cache.get(f"{{ a{number}: name }}")
    assert cache.prepared == 1_000
    for number in range(1_991, 2_000):
        cache.get(f"{{ a{number}: name }}")
    assert cache.prepared == 1_000
    cache.get("{ a1989: name }")
    assert cache.prepared == 1_001


def test_a_large_document_weighs_more_than_many_small_ones() -> None:
    cache = cache_of(size=100)
    cache.get("{ name }")
    small = cache.weight
    cache.get("{ friends { " + "name " * 60 + "} }")
    assert cache.weight > 10 * small


@pytest.mark.parametrize("what", ["plans", "verdicts"])
def test_what_is_made_of_a_document_weighs_with_it(what: str) -> None:
    cache = cache_of(size=10)
    document = cache.get("{ name }")
    assert isinstance(document, Document)
    alone = cache.weight
    kept: Variants = getattr(document, what)
    for number in range(100):
        kept.keep(number, object(), 10)
    assert cache.weight == cache.weight_of("") == alone + 10 * len(kept)
    assert len(kept) < 100
    assert kept.get(0) is None
    assert kept.get(99) is not None


def test_plans_that_outgrow_a_share_push_out_their_owners_documents_and_nobody_elses() -> None:
    cache = cache_of(size=20, share=5)
    cache.get("{ a: name }", "quiet")
    one = cache.weight
    documents = [cache.get(f"{{ {letter}: name }}", "noisy") for letter in "bcde"]
    assert isinstance(documents[-1], Document)
    for number in range(4):
        documents[-1].plans.keep(number, object(), one)
        assert cache.weight_of("noisy") <= 5 * one
    assert cache.weight_of("quiet") == one
    assert cache.weight == one + cache.weight_of("noisy") == 6 * one


def test_what_is_made_of_a_document_that_was_pushed_out_weighs_nothing() -> None:
    cache = cache_of(size=2)
    document = cache.get("{ a: name }")
    assert isinstance(document, Document)
    for letter in "bcd":
        cache.get(f"{{ {letter}: name }}")
    before = cache.weight
    document.plans.keep("one", object(), 1_000_000)
    assert cache.weight == before


def test_the_least_recently_used_variant_goes_first() -> None:
    kept = Variants(2)
    for key in "ab":
        kept.keep(key, key.upper(), 1)
    assert kept.get("a") == "A"
    kept.keep("c", "C", 1)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ("A", None, "C")


def test_a_variant_that_is_used_in_its_place_does_not_go_and_one_that_went_leaves_nothing_there() -> None:
    kept, weights = Variants(2), list[int]()
    kept.grown = weights.append
    places = [kept.keep(key, key.upper(), weight) for key, weight in (("a", 1), ("b", 2))]
    places[0].used = True
    kept.keep("c", "C", 4)
    assert [place.value for place in places] == ["A", None]
    kept.keep("d", "D", 8)
    assert [place.value for place in places] == [None, None]
    assert (kept.get("c"), kept.get("d"), sum(weights)) == ("C", "D", 4 + 8)


def test_a_text_is_known_again_whichever_object_it_is() -> None:
    cache = cache_of()
    text = "{ a: name }"
    assert cache.get(text) is cache.get("".join(list(text)))
    assert cache.prepared == 1


def test_a_refusal_keeps_nothing_of_the_syntax_tree() -> None:
    refused = cache_of().get("{ nome }")
    assert isinstance(refused, Refused)
    (error,) = refused.errors
    assert error.nodes is None
    assert [(place.line, place.column) for place in error.locations or ()] == [(1, 3)]


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
    cache = cache_of(size=10, share=4)
    cache.get("{ name }", "quiet")
    for index in range(50):
        cache.get(f"{{ a{index}: name }}", "noisy")
    prepared = cache.prepared
    cache.get("{ name }", "quiet")
    cache.get("{ a49: name }", "noisy")
    assert cache.prepared == prepared
    cache.get("{ a40: name }", "noisy")
    assert cache.prepared == prepared + 1


def test_each_operation_has_the_conditions_that_it_reaches_and_no_others() -> None:
    text = """query a($v: Boolean!) { name @skip(if: $v) }
    query b($w: Boolean!) { ...f }
    query c { name @include(if: true) }
    query d($v: Boolean!, $w: Boolean!) { ...g @include(if: $v) ... @skip(if: $w) { name } }
    fragment f on Query { friends { ...g } ...g }
    fragment g on Query { name @include(if: $w) }"""
    document = cache_of().get(text)
    assert isinstance(document, Document), document
    found = {name: set(conditions) for name, conditions in document.conditions.items()}
    assert found == {"a": {"v"}, "b": {"w"}, "c": set(), "d": {"v", "w"}}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part", ["friends { name } ", "... { friends { name name } } ", "friends { friends { name } } "]
)
def test_objects_repeated_to_keep_validation_busy_are_refused_before_it(part: str) -> None:
    refused = cache_of().get("{ " + part * 200 + "}")
    assert isinstance(refused, Refused)
    assert refused.code == "QUERY_LIMIT_EXCEEDED"
