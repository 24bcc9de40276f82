"""Which operations are kept, and how: what the fields say, narrowed by the document, never widened."""

import pytest
from graphql import parse, validate

from schema.caching.declared import CacheScope
from schema.caching.policies import Policies, Policy
from schema.documents import Document, DocumentCache
from schema.limits import Limits
from tests.support.executors import CORE

DOCUMENTS = DocumentCache(CORE, Limits(), hide_suggestions=True, policies=Policies(CORE))
TENANT, PRIVATE = CacheScope.TENANT, CacheScope.PRIVATE
ORDER = frozenset({"order", "customer"})
PARTS = {"Money", "OrderItem", "PageInfo", "OverviewStatus", "OverviewDay"}
"""What rows are made of, and changes with them alone."""


def policy_of(text: str) -> Policy | None:
    document = DOCUMENTS.get(text)
    assert isinstance(document, Document), document
    return next(iter(document.cached.values()), None)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("{ overview { orders } }", Policy(60, 0, TENANT, frozenset({"order"}))),
        ("{ viewer { user { name } } }", Policy(60, 3600, PRIVATE, identity=True)),
        ("{ o: overview { orders } viewer { space } __typename }", Policy(60, 0, PRIVATE, frozenset({"order"}), True)),
        ("query @cached(ttl: 5) { overview { orders } }", Policy(5, 0, TENANT, frozenset({"order"}))),
        (
            "query @cached(ttl: 900, swr: 9, scope: PUBLIC) { overview { orders } }",
            policy_of("{ overview { orders } }"),
        ),
        ("query @cached(ttl: 9, scope: PRIVATE) { overview { orders } }", Policy(9, 0, PRIVATE, frozenset({"order"}))),
        ("query @cached(ttl: 9) { viewer { space } }", Policy(9, 0, PRIVATE, identity=True)),
        ("query @cached(ttl: 9000) { orders { nodes { id } } }", Policy(300, 0, TENANT, ORDER)),
        (
            "query @cached(ttl: 9, swr: 900) { products { nodes { id } } }",
            Policy(9, 300, TENANT, frozenset({"product"})),
        ),
        (
            'query @cached(ttl: 9) { order(id: "x") { items { product { name } } } }',
            Policy(9, 0, TENANT, ORDER | {"product"}),
        ),
        (
            'query @cached(ttl: 9) { node(id: "x") { id } }',
            Policy(9, 0, TENANT, ORDER | {"product", "announcement"}),
        ),
        (
            "query @cached(ttl: 9) { ...Q } fragment Q on Query { customers { nodes { ... on Customer { name } } } }",
            Policy(9, 0, TENANT, frozenset({"customer"})),
        ),
    ],
)
def test_the_shortest_times_and_the_narrowest_scope_count(text: str, policy: Policy | None) -> None:
    assert policy is not None
    assert policy_of(text) == policy


@pytest.mark.parametrize(
    "text",
    [
        "{ orders { nodes { id } } }",
        "{ overview { orders } orders { nodes { id } } }",
        "{ viewer { sessions { id } } }",
        "query($all: Boolean!) { viewer { space sessions @include(if: $all) { id } } }",
        "query @cached(ttl: 0) { overview { orders } }",
        "query @cached(ttl: -5) { overview { orders } }",
        "query($ttl: Int!) @cached(ttl: $ttl) { overview { orders } }",
        "query @cached(ttl: 60) { members { nodes { name } } }",
        "query @cached(ttl: 60) { overview { orders } rateLimit { cost } }",
        "query @cached(ttl: 60) { __typename __schema { queryType { name } } }",
        "query @cached(ttl: 60) { __typename }",
        "mutation { endElevation { userErrors { code } } }",
        "subscription { overviewUpdated { orders } }",
    ],
)
def test_what_nobody_allows_is_not_kept(text: str) -> None:
    assert policy_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "mutation @cached(ttl: 60) { endElevation { userErrors { code } } }",
        "subscription @cached(ttl: 60) { overviewUpdated { orders } }",
        "{ overview @cached(ttl: 60) { orders } }",
        "query @cached { overview { orders } }",
        "query @cached(ttl: 1, scope: WORLD) { overview { orders } }",
        "query @cacheable(ttl: 1, swr: 1, scope: TENANT) { overview { orders } }",
    ],
)
def test_only_a_query_says_how_it_is_kept(text: str) -> None:
    assert validate(CORE, parse(text))


def test_where_nothing_is_kept_no_document_is_looked_through() -> None:
    document = DocumentCache(CORE, Limits(), hide_suggestions=True).get("{ overview { orders } }")
    assert isinstance(document, Document)
    assert not document.cached


def test_everything_below_what_may_be_kept_for_a_tenant_changes_with_something_that_is_told() -> None:
    """A type that nobody thought of would be shown as it was."""
    policies = Policies(CORE)
    assert CORE.query_type is not None
    reached: set[str] = set()
    for name in CORE.query_type.fields:
        said = policies._stated.get(f"Query.{name}")
        if said is not None and said.scope is not PRIVATE:
            reached |= below(f"Query.{name}")
    told = {name for name, nouns in policies._nouns.items() if nouns}
    wrapped = {name for name in reached if name.endswith(("Connection", "Edge"))}
    assert reached - told - wrapped == PARTS
    assert {"Order", "Customer", "Product", "Announcement", "Overview"} <= told


def below(coordinate: str) -> set[str]:
    """The types of objects that a field leads to."""
    kind, _, name = coordinate.partition(".")
    policies, found, pending = Policies(CORE), set[str](), [CORE.type_map[kind].fields[name]]  # type: ignore[attr-defined]
    while pending:
        named = pending.pop().type
        while hasattr(named, "of_type"):
            named = named.of_type
        for each in policies._kinds(named) if hasattr(named, "fields") else []:
            if each not in found:
                found.add(each)
                pending += CORE.type_map[each].fields.values()  # type: ignore[attr-defined]
    return found
