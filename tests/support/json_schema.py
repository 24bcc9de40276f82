"""The part of JSON Schema that descriptions here use, judged by hand."""

from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def faults(value: Any, schema: Any, root: Any, at: str = "$") -> Iterator[str]:  # Any: JSON
    """Where a value is not as its schema says."""
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from faults(value, target, root, at)
        return
    if "anyOf" in schema:
        found = [list(faults(value, each, root, at)) for each in schema["anyOf"]]
        if all(found):
            yield from found[0]
        return
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {value!r} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if kind == "object":
        yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
        properties = schema.get("properties", {})
        for name, inner in value.items():
            if name in properties:
                yield from faults(inner, properties[name], root, f"{at}.{name}")
            elif properties:
                yield f"{at}: nobody said that there is {name}"
    if kind == "array":
        for place, inner in enumerate(value):
            yield from faults(inner, schema["items"], root, f"{at}[{place}]")
