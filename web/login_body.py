"""What signing in reads off a request's body: small, in time, and nothing of it ever logged."""

import asyncio
from urllib.parse import parse_qs

import orjson
from starlette.requests import ClientDisconnect, Request

from web.body import BODY_SECONDS
from web.refusals import Refusal

LONGEST_BODY = 16_384
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


async def read_form(request: Request) -> dict[str, str]:
    """The first value of each field. Raises Refusal."""
    body = await read_body(request)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise Refusal("BAD_REQUEST", "The form is malformed.") from None
    return {name: values[0] for name, values in fields.items()}


async def read_fields(request: Request, kind: str) -> dict[str, str]:
    """The fields of a form, or the texts of a JSON object, as the media type ``kind`` says. Raises Refusal."""
    if kind == FORM:
        return await read_form(request)
    if kind != JSON:
        raise Refusal("BAD_REQUEST", f"The body must be {JSON} or {FORM}.", 415)
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError:
        raise Refusal("BAD_REQUEST", "The body is not JSON.") from None
    found = body if isinstance(body, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


async def read_body(request: Request) -> bytes:
    """All of it. Raises Refusal when it is too large or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise Refusal("BAD_REQUEST", f"The body is larger than {LONGEST_BODY // 1024} KB.", 413)
    except TimeoutError:
        raise Refusal("BAD_REQUEST", f"The body did not arrive within {BODY_SECONDS} s.", 408) from None
    except ClientDisconnect:
        raise Refusal("BAD_REQUEST", "The body did not arrive.") from None  # nobody hears it
    return bytes(body)
