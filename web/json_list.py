"""Settings that are lists: JSON in the environment, parsed here so that what is none is told as any other mistake."""

from typing import Annotated, TypeVar

import orjson
from pydantic import BeforeValidator
from pydantic_settings import NoDecode

T = TypeVar("T")


def parsed(value: object) -> object:
    """Raises ValueError, which repeats nothing of the text."""
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        raise ValueError("must be a list in JSON") from None


JsonList = Annotated[tuple[T, ...], NoDecode, BeforeValidator(parsed)]
