"""A client of live pages: holds the nodes that it was sent, and changes them as ``docs/protocol.md`` says."""

import json
from typing import Any

from tests.support.facts import Json
from tests.support.feeds import Frame


class LiveClient:
    """``nodes`` is what it would show; ``cursor`` is as of when."""

    def __init__(self, field: str = "ordersLive") -> None:
        self.field = field
        self.nodes: list[Json] = []
        self.cursor: str | None = None
        self.pages = 0
        self.ops: list[list[str]] = []
        self.heard: list[Any] = []  # Any: JSON
        """All that it was told."""

    @property
    def ids(self) -> list[str]:
        return [node["id"] for node in self.nodes]

    def take(self, frame: Frame) -> Json:
        """Apply a frame; its body."""
        body: Json = json.loads(frame.payload)
        self.heard.append(body)
        assert "errors" not in body, body["errors"]
        told = body["data"][self.field]
        assert told["cursor"] == frame.cursor == body["extensions"]["cursor"]
        self.cursor = told["cursor"]
        if told["snapshot"] is not None:
            assert told["changes"] == []
            self.pages += 1
            self.nodes = told["snapshot"]["nodes"]
        else:
            assert told["changes"]
            self.ops.append([change["op"] for change in told["changes"]])
            for change in told["changes"]:
                self.apply(change)
        return body

    def refused(self, frame: Frame) -> Json:
        """A frame that has no data."""
        body: Json = json.loads(frame.payload)
        assert not body.get("data")
        return body

    def apply(self, change: Json) -> None:
        """One step."""
        if change["op"] == "LEAVE":
            assert change["node"] is None
            assert change["patch"] is None
            assert self.nodes.pop(change["index"])["id"] == change["id"]
            return
        if change["op"] == "ENTER":
            assert change["node"]["id"] == change["id"]
            self.nodes.insert(change["index"], change["node"])
            return
        place = self.ids.index(change["id"])
        node = self.nodes[place]
        for key, value in (change["patch"] or {}).items():
            node[key] = {**node[key], **value} if isinstance(value, dict) and isinstance(node.get(key), dict) else value
        if change["op"] == "MOVE":
            self.nodes.insert(change["index"], self.nodes.pop(place))
        assert self.nodes[change["index"]] is node
