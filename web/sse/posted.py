"""An operation that was posted for a stream, and what its POST is answered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from schema.answers import Answer
from schema.requests import OperationRequest
from web.negotiation import Media, status_of
from web.refusals import Refusal

LONGEST_ID = 256
"""Characters."""


@dataclass(frozen=True, slots=True)
class Posted:
    """``operation_id`` is the client's, unique on its stream: it may hold any character."""

    operation_id: str
    request: OperationRequest

    @classmethod
    def of(cls, request: OperationRequest) -> "Posted":
        """Raises Refusal for a request without a fit operation id."""
        return cls(fit_id((request.extensions or {}).get("operationId")), request)

    def resumed_after(self, last_event_id: str | None) -> "Posted":
        """The same, going on after the connection's last event id unless it has one of its own."""
        if last_event_id is None or self.request.last_event_id is not None:
            return self
        return replace(self, request=replace(self.request, last_event_id=last_event_id))

    def to_json(self) -> Mapping[str, Any]:  # Any: JSON
        return {"operation_id": self.operation_id, "request": asdict(self.request)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Posted":  # Any: JSON
        return cls(told["operation_id"], OperationRequest(**told["request"]))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request for a stream is answered; ``answer`` is None for one that was accepted."""

    status: int
    answer: Answer | None = None

    @classmethod
    def of(cls, answer: Answer) -> "Outcome":
        """A refusal. The client's media type never makes it a 200: only what is accepted is a success."""
        return cls(answer.status or status_of(answer.code, Media.GRAPHQL), answer)

    def to_json(self) -> Mapping[str, Any]:  # Any: JSON
        answer = self.answer
        told = None if answer is None else {"code": answer.code, "body": answer.body.decode(), "kind": answer.operation}
        return {"status": self.status, "answer": told}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Outcome":  # Any: JSON
        answer = told["answer"]
        if answer is None:
            return cls(told["status"])
        body = str(answer["body"]).encode()
        return cls(told["status"], Answer(body, answer["code"], told["status"], True, answer["kind"]))


ACCEPTED = Outcome(202)
STOPPED = Outcome(200)


def fit_id(value: object, place: str = "extensions.operationId") -> str:
    """The operation id, which belongs in that place. Raises Refusal for none, and for what is none."""
    if value is None or value == "":
        raise Refusal("BAD_REQUEST", f"The operation's id is missing: send it as {place}.")
    if not isinstance(value, str) or len(value) > LONGEST_ID:
        raise Refusal("BAD_REQUEST", f"An operation's id is text of at most {LONGEST_ID} characters.")
    return value


def as_text(posted: Posted, key: str) -> bytes:
    """For the time until its stream comes, bound to that stream's reservation."""
    return orjson.dumps({"key": key, **posted.to_json()})


def from_text(text: bytes, key: str) -> Posted | None:
    """None for what was kept for another reservation."""
    told = orjson.loads(text)
    return Posted.from_json(told) if told["key"] == key else None
