"""What is said of keeping answers: in the schema by those who write it, in documents by those who ask."""

import enum
from collections.abc import Sequence

import strawberry
from graphql import DirectiveLocation
from strawberry.schema_directive import Location

IDENTITY = "identity"
"""Stands beside nouns for who may what: a person, their memberships, roles, sessions."""


@strawberry.enum(name="CacheScope", description="Who may be given an answer that is kept.")
class CacheScope(enum.Enum):
    """From the narrowest to the widest."""

    PRIVATE = strawberry.enum_value("PRIVATE", description="The caller alone, by the same credentials.")
    TENANT = strawberry.enum_value(
        "TENANT", description="Callers of the tenant who may do the same and see the same rows."
    )
    PUBLIC = strawberry.enum_value("PUBLIC", description="Everybody who may do the same.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, DirectiveLocation.QUERY],  # type: ignore[list-item]  # any with a value will do
    name="cached",
    description=(
        "The answer is kept: for `ttl` seconds, and for `swr` more it is given once more while a new one is made. Of a "
        "query's fields the shortest times and the narrowest scope count, and each root field has to allow it; what a "
        "document says narrows that further and never widens it. A change of what was selected ends it at once, and so "
        "does any change of the caller's rights. An answer with errors is not kept."
    ),
)
class Cached:
    """``@cached(ttl: 60, scope: TENANT)``"""

    ttl: int
    swr: int | None = strawberry.UNSET
    scope: CacheScope | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cacheable",
    description="A query that says `@cached` has the field's answers kept, at most so long and for so many.",
)
class Cacheable:
    """``@cacheable(ttl: 300, swr: 300, scope: TENANT)``"""

    ttl: int
    swr: int
    scope: CacheScope


@strawberry.schema_directive(
    locations=[Location.OBJECT],
    name="changesWith",
    description="What is shown of the type changes with these, beside itself where it is a Node; kept answers heed it.",
)
class ChangesWith:
    """``@changesWith(nouns: ["order"])``"""

    nouns: list[str]


def cached(ttl: int, *, swr: int = 0, scope: CacheScope = CacheScope.PRIVATE) -> list[object]:
    """The directives of a field whose answers are kept, whoever asks for it. ``ttl`` 0: of an operation that selects it
    nothing is kept.
    """
    return [Cached(ttl=ttl, swr=swr or strawberry.UNSET, scope=scope)] if ttl else [Cached(ttl=0)]


def cacheable(ttl: int = 300, *, swr: int = 300, scope: CacheScope = CacheScope.TENANT) -> list[object]:
    """The directives of a field whose answers are kept where the document says so."""
    return [Cacheable(ttl=ttl, swr=swr, scope=scope)]


def changes_with(*nouns: str) -> list[object]:
    """The directives of a type that shows what these are made of."""
    return [ChangesWith(nouns=list[str](nouns))]


def narrowest(scopes: Sequence[CacheScope]) -> CacheScope:
    """Of some scopes the one that the fewest are in."""
    order = list(CacheScope)
    return min(scopes, key=order.index)
