"""Who acts as whom, as every answer says it: ``extensions.actingAs``."""

from dataclasses import replace
from typing import Any

import orjson

from auth.principal import Principal
from db.ids import public_id
from schema.answers import Answer, json_body
from schema.scalars import write_time

NAME = "actingAs"


def acting_as(caller: Principal | None) -> dict[str, Any] | None:  # Any: JSON
    """As whom, by whom, until when; None for a caller who is the person that is there."""
    if caller is None or caller.acting_for is None or caller.elevation is None:
        return None
    return {
        "id": public_id("usr", caller.user_id),
        "name": caller.name,
        "by": caller.acting_for.name,
        "until": write_time(caller.elevation.until),
    }


def acting_note(caller: Principal) -> bytes | None:
    """The same as a note of frames."""
    told = acting_as(caller)
    return None if told is None else b'"%s":%s' % (NAME.encode(), json_body(told))


def signed(answer: Answer, caller: Principal | None) -> Answer:
    """The answer with it, for whoever acts as somebody else; for all others as it was."""
    told = acting_as(caller)
    if told is None:
        return answer
    body = orjson.loads(answer.body)
    body["extensions"] = {**body.get("extensions", {}), NAME: told}
    return replace(answer, body=json_body(body))
