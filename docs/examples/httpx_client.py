"""Python: two pages of orders, a change, its event on a stream, and what was missed while nobody listened.

pip install httpx; TOKEN=$(.venv/bin/tidegate token --email admin@acme.example) python docs/examples/httpx_client.py
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import httpx

PAGE = "query Page($after: String) { orders(first: 2, after: $after) { nodes { id number } pageInfo { endCursor } } }"
CHANGE = """mutation Change($id: ID!, $notes: String) {
  updateOrder(input: {id: $id, notes: $notes}) { order { version } userErrors { message } }
}"""
WATCH = "subscription Watch { orderEvents { type id patch } }"

gate = httpx.Client(
    base_url=os.environ.get("GATE", "http://127.0.0.1:8000"),
    headers={"Authorization": f"Bearer {os.environ['TOKEN']}"},
    timeout=60,  # a silent stream has a comment every 12 seconds
)


def ask(query: str, **variables: object) -> dict[str, Any]:
    answer = gate.post("/graphql", json={"query": query, "variables": variables}).json()
    if "errors" in answer:
        raise RuntimeError(answer["errors"][0]["message"])
    return answer["data"]


def watch(last: str | None = None) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each id with its event; the first id, which says where the stream begins, comes without one."""
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
    with gate.stream("POST", "/graphql", json={"query": WATCH}, headers=headers) as response:
        event_id = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                event_id = value
                yield event_id, None
            elif name == "data":
                yield event_id, json.loads(value)["data"]["orderEvents"]


def change(order: str, notes: str) -> None:
    print("changed", ask(CHANGE, id=order, notes=notes)["updateOrder"]["order"]["version"])


def next_event(events: Iterator[tuple[str, dict[str, Any] | None]]) -> str:
    """Print it; its id is where to resume."""
    for event_id, event in events:
        if event is not None:
            print("told", event["type"], event["patch"]["version"])
            return event_id
    raise RuntimeError("the stream is over: watch again, from the last id")


page = ask(PAGE)["orders"]
print("page", *(order["number"] for order in page["nodes"]))
order = page["nodes"][0]["id"]
page = ask(PAGE, after=page["pageInfo"]["endCursor"])["orders"]
print("page", *(order["number"] for order in page["nodes"]))

events = watch()
next(events)  # it is open
change(order, "from Python")
last = next_event(events)
events.close()
change(order, "while nobody listened")
next_event(watch(last))
