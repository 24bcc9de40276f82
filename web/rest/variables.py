"""From a plain request to the variables of the document that answers it.

| in the request | variable |
|---|---|
| ``page``, ``pageSize``, ``cursor`` | ``$first``, ``$offset``, ``$after`` of a list |
| ``sort=-createdAt,number`` | ``$sort: [OrderSort!]`` |
| any other query parameter | the variable of its name; a list is separated by commas |
| ``{id}`` in the path | the variable of its name, else that field of ``$input`` |
| the body | ``$input`` |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from graphql import GraphQLInputObjectType, get_named_type, get_nullable_type, is_list_type

from schema.page_arguments import EXPORT_PAGE
from schema.routes.table import PlainRoute
from web.json_text import check_text
from web.refusals import Refusal

PAGE_SIZE = 25
DEEPEST = 10_000
"""Rows that can be reached by page numbers."""
PAGING = frozenset({"first", "offset", "after"})
INPUT = "input"
MAX_PARAMETERS = 50
_DIGITS = re.compile("[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,15}")
_WORD = re.compile("(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page was asked for; ``page`` is None on from a cursor."""

    page: int | None
    size: int


Values = dict[str, Any]
"""Variables, as JSON."""


def variables_of(
    route: PlainRoute, places: Mapping[str, str], query_string: bytes, body: object = None
) -> tuple[Values, Paging | None]:
    """Raises Refusal, BAD_USER_INPUT for what no variable takes."""
    given = _pairs(query_string)
    paging = _paging(given) if route.is_paged else None
    values: Values = {} if paging is None else _page_values(paging, given.pop("cursor", None))
    if route.exports:
        values = {"first": EXPORT_PAGE, "after": given.pop("cursor", None)}
    if INPUT in route.variables:
        if not isinstance(body, dict):
            raise Refusal("BAD_USER_INPUT", "The body is not a JSON object.")
        values[INPUT] = dict(body)
    for name, text in places.items():
        (values if name in route.variables else values[INPUT])[name] = check_text(text)
    for name, text in given.items():
        if name not in route.variables or name in PAGING or name in places or name == INPUT:
            raise Refusal("BAD_USER_INPUT", f"There is no parameter of that name here; there are {_names(route)}.")
        values[name] = _value(name, route.variables[name], text)
    return values, paging


def parameters_of(route: PlainRoute) -> list[str]:
    """The names of its query parameters."""
    own = [name for name in route.variables if name not in {*PAGING, *route.places, INPUT}]
    paging = ("page", "pageSize", "cursor") if route.is_paged else ("cursor",) if route.exports else ()
    return [*paging, *own]


def sort_fields(kind: Any) -> Any:  # Any: an input type; an enum, None where it is no order
    """The enum of the fields that a list can be sorted by, if the variable is of a list's order."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType) or not {"field", "direction"} <= named.fields.keys():
        return None
    return get_named_type(named.fields["field"].type)


def spoken(name: str) -> str:
    """``CREATED_AT`` as plain parameters have it: ``createdAt``."""
    first, *rest = name.lower().split("_")
    return first + "".join(each.title() for each in rest)


def _names(route: PlainRoute) -> str:
    return ", ".join(parameters_of(route)) or "none"


def _pairs(query_string: bytes) -> dict[str, str]:
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise Refusal("BAD_USER_INPUT", "The query string is not form-encoded UTF-8, or holds too much.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refusal("BAD_USER_INPUT", "A parameter is there twice.")
    return {name: check_text(value) for name, value in pairs}


def _paging(given: dict[str, str]) -> Paging:
    size = _whole(given, "pageSize", PAGE_SIZE)
    if "cursor" in given:
        if "page" in given:
            raise Refusal("BAD_USER_INPUT", "Send page or cursor, not both.")
        return Paging(None, size)
    page = _whole(given, "page", 1)
    if page * size > DEEPEST:
        told = f"Page numbers reach {DEEPEST:,} rows: go on with cursor=, which meta.nextCursor carries."
        raise Refusal("BAD_USER_INPUT", told)
    return Paging(page, size)


def _page_values(paging: Paging, cursor: str | None) -> Values:
    if paging.page is None:
        return {"first": paging.size, "after": cursor}
    return {"first": paging.size, "offset": (paging.page - 1) * paging.size}


def _whole(given: dict[str, str], name: str, usual: int) -> int:
    text = given.pop(name, str(usual))
    if not _DIGITS.fullmatch(text) or int(text) < 1:
        raise Refusal("BAD_USER_INPUT", f"{name} is a number from 1 on.")
    return int(text)


def _value(name: str, kind: Any, text: str) -> Any:  # Any: an input type; JSON
    if sort_fields(kind) is not None:
        return [_sort(each) for each in text.split(",") if each]
    if is_list_type(get_nullable_type(kind)):
        parts = text.split(",")
        if not all(parts):  # as a list of nothing it would find nothing
            raise Refusal("BAD_USER_INPUT", f"{name} is one or more, separated by commas: leave it out for any.")
        return [_plain(name, kind, each) for each in parts]
    return _plain(name, kind, text)


def _plain(name: str, kind: Any, text: str) -> object:  # Any: an input type
    match get_named_type(kind).name:
        case "Int":
            if not _NUMBER.fullmatch(text):
                raise Refusal("BAD_USER_INPUT", f"{name} is a whole number.")
            return int(text)
        case "Boolean":
            if text not in {"true", "false"}:
                raise Refusal("BAD_USER_INPUT", f"{name} is true or false.")
            return text == "true"
        case _:
            return text


def _sort(text: str) -> dict[str, str]:
    direction = "DESC" if text.startswith("-") else "ASC"
    return {"field": _WORD.sub("_", text.removeprefix("-")).upper(), "direction": direction}
