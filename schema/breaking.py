"""Which documents another schema breaks, and which use what it has deprecated."""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import GraphQLError, GraphQLSchema, parse, validate

from schema.coordinates import named_in

MOST = 5


@dataclass(frozen=True, slots=True)
class Broken:
    """What becomes of a document: ``errors`` where it does not fit any more, ``deprecated`` where it still does."""

    id: str
    errors: tuple[str, ...]
    deprecated: tuple[str, ...]


def broken_by(schema: GraphQLSchema, documents: Iterable[tuple[str, str]]) -> list[Broken]:
    """Of documents, by id and text, those of which there is something to tell."""
    found = [_judged(schema, id, text) for id, text in documents]
    return [each for each in found if each.errors or each.deprecated]


def _judged(schema: GraphQLSchema, id: str, text: str) -> Broken:
    try:
        node = parse(text)
    except (GraphQLError, RecursionError) as error:
        return Broken(id, (str(error),), ())
    errors = validate(schema, node, max_errors=MOST)
    if errors:
        return Broken(id, tuple(each.message for each in errors), ())
    old = [f"{name} ({why})" for name, why in named_in(schema, node).items() if why is not None]
    return Broken(id, (), tuple(old))
