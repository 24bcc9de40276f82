"""OpenAPI 3.1 of the plain routes, made of the documents that answer them and of the schema: nothing is said twice."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from schema.routes.table import PlainRoute
from web.rest.variables import DEEPEST, INPUT, PAGE_SIZE, parameters_of, sort_fields, spoken

Json = dict[str, Any]  # Any: JSON
_SCALARS: Mapping[str, Json] = {
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Decimal": {"type": "string", "description": "A decimal number."},
    "JSON": {},
}
_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 1}
_PAGING: Mapping[str, tuple[Json, str]] = {
    "page": ({**_COUNT, "default": 1}, f"Which page, from 1 on; page × pageSize is {DEEPEST:,} at most."),
    "pageSize": ({**_COUNT, "default": PAGE_SIZE}, "Rows of a page."),
    "cursor": (_TEXT, "On from meta.nextCursor."),
}
_REFUSALS: Mapping[str, str] = {
    "400": "A value is malformed, out of range, or makes no sense.",
    "401": "Sign in, or send a valid token.",
    "403": "The caller may not do this.",
    "404": "There is no such row for this caller.",
    "409": "The row has changed since it was read.",
    "414": "The address is too long.",
    "429": "A budget is used up; Retry-After says when to come back.",
    "431": "The header fields are too large.",
    "503": "No capacity now; Retry-After says when to come back.",
    "504": "It took longer than it may, and nothing came of it.",
}
_REFUSALS_OF_BODIES: Mapping[str, str] = {
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "415": "The body is not application/json in UTF-8, or is compressed.",
}
_REFUSALS_OF_STREAMS: Mapping[str, str] = {"406": "The client takes none of the types that there are."}


def openapi(schema: GraphQLSchema, routes: Iterable[PlainRoute], version: str) -> Json:
    """The description of all routes."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(schema, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tidegate", "version": version, "description": "Each route is a registered document."},
        "paths": paths,
        "components": {
            "schemas": {
                "Error": _ERROR,
                "Problem": _envelope({"type": "null"}, {"$ref": "#/components/schemas/Error"}),
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _operation(schema: GraphQLSchema, route: PlainRoute) -> Json:
    made, refusals = route.name.startswith("Create"), _refusals(route)
    found: Json = {
        "operationId": spoken_name(route.name),
        "summary": route.summary,
        "parameters": [*map(_place, route.places), *(_parameter(route, name) for name in parameters_of(route))],
        "responses": {"201" if made else "200": _answer(schema, route), **refusals},
    }
    if INPUT in route.variables:
        given = _input(route.variables[INPUT], frozenset(route.places))
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": given}}}
    return found


def spoken_name(name: str) -> str:
    """``ListOrders`` as ``listOrders``."""
    return name[:1].lower() + name[1:]


def _place(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _parameter(route: PlainRoute, name: str) -> Json:
    if name in _PAGING:
        kind, told = _PAGING[name]
        return {"name": name, "in": "query", "schema": kind, "description": told}
    given = route.variables[name]
    fields = sort_fields(given)
    if fields is not None:
        names = [spoken(each) for each in fields.values]
        told = f"By which fields, separated by commas, each with - for the greatest first: {', '.join(names)}."
        return {"name": name, "in": "query", "schema": _TEXT, "description": told}
    found: Json = {"name": name, "in": "query", "required": is_non_null_type(given), "schema": _input(given)}
    if is_list_type(get_nullable_type(given)):
        found |= {"style": "form", "explode": False, "schema": found["schema"] | {"minItems": 1}}
    return found


def _input(kind: GraphQLInputType, places: frozenset[str] = frozenset()) -> Json:
    """``places``: fields that come by the path."""
    inner = get_nullable_type(kind)
    if is_list_type(inner):
        return {"type": "array", "items": _input(inner.of_type)}
    if isinstance(inner, GraphQLEnumType):
        return {"type": "string", "enum": [*inner.values]}
    if not isinstance(inner, GraphQLInputObjectType):
        return _SCALARS.get(get_named_type(kind).name, _TEXT)
    own = {name: each for name, each in inner.fields.items() if name not in places}
    return {
        "type": "object",
        "properties": {name: _nullable(_input(each.type), each.type) for name, each in own.items()},
        "required": [name for name, each in own.items() if is_non_null_type(each.type)],
        "additionalProperties": False,
    }


def _nullable(found: Json, kind: Any) -> Json:  # Any: a type
    return found if is_non_null_type(kind) else {"anyOf": [found, {"type": "null"}]}


def _answer(schema: GraphQLSchema, route: PlainRoute) -> Json:
    root: Any = schema.get_root_type(route.node.operation)  # Any: it has the field, the document fits
    field: GraphQLField = root.fields[route.root.name.value]
    data = _output(field.type, route.root.selection_set)
    inner = data["properties"]
    if route.streams:
        event = {**data, "properties": {**inner, "ts": {"type": "integer", "description": "Seconds since 1970."}}}
        told = f"{route.summary} Each `data:` is JSON of this schema; `id:` is for `Last-Event-ID`."
        return {"description": told, "content": {"text/event-stream": {"schema": event}}}
    if route.exports:
        row: Json = {"schema": inner["nodes"]["items"]}
        told = f"{route.summary} One that is not all of them ends with a line that has `error` and `meta`."
        return {"description": told, "content": {"application/x-ndjson": row, "text/csv": {"schema": _TEXT}}}
    if "userErrors" in inner:
        data = next(each for name, each in inner.items() if name != "userErrors")
    data = inner["nodes"] if route.is_paged else data
    error: Json = {"anyOf": [_SOME_ERROR, {"type": "null"}]}
    schema_of_body = _envelope(data, error, _PAGE if route.is_paged else None)
    return {"description": route.summary, "content": {"application/json": {"schema": schema_of_body}}}


def _output(kind: GraphQLOutputType, selected: SelectionSetNode | None) -> Json:
    inner = get_nullable_type(kind)
    if is_list_type(inner):
        return {"type": "array", "items": _nullable(_output(inner.of_type, selected), inner.of_type)}
    if isinstance(inner, GraphQLEnumType):
        return {"type": "string", "enum": [*inner.values]}
    if not isinstance(inner, GraphQLObjectType) or selected is None:
        return _SCALARS.get(get_named_type(kind).name, _TEXT)
    properties = {}
    for node in selected.selections:
        if isinstance(node, FieldNode):
            field = inner.fields[node.name.value]
            properties[node.name.value] = _nullable(_output(field.type, node.selection_set), field.type)
    return {"type": "object", "properties": properties, "required": [*properties]}


def _refusals(route: PlainRoute) -> Json:
    bodies = _REFUSALS_OF_BODIES if INPUT in route.variables else {}
    streams = _REFUSALS_OF_STREAMS if route.streams or route.exports else {}
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told = sorted({**_REFUSALS, **bodies, **streams}.items())
    return {status: {"description": text, "content": problem} for status, text in told}


def _envelope(data: Json, error: Json, more: Json | None = None) -> Json:
    meta = {"requestId": _TEXT, **(more or {})}
    return {
        "type": "object",
        "properties": {
            "data": data,
            "meta": {"type": "object", "properties": meta, "required": [*meta]},
            "error": error,
        },
        "required": ["data", "meta", "error"],
    }


_SOME_ERROR: Json = {"$ref": "#/components/schemas/Error"}
_PAGE: Json = {
    "page": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "pageSize": {"type": "integer"},
    "totalCount": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "totalCountIsEstimate": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    "nextCursor": {"anyOf": [_TEXT, {"type": "null"}]},
}
_FIELD: Json = {
    "type": "object",
    "properties": {
        "code": _TEXT,
        "message": _TEXT,
        "field": {"anyOf": [{"type": "array", "items": _TEXT}, {"type": "null"}]},
    },
    "required": ["code", "message", "field"],
}
_ERROR: Json = {
    "type": "object",
    "properties": {"code": _TEXT, "message": _TEXT, "fields": {"type": "array", "items": _FIELD}},
    "required": ["code", "message"],
}
