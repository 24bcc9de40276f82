"""Logs are lines of JSON, or of a console; no secret gets through."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from auth.api_keys import make_key
from schema.answers import Answer
from schema.current import Current, Known
from schema.requests import OperationRequest
from tests.support.logs import logged
from web.logs import REQUESTS, configure

DSN = "postgresql://tidegate_app:hunter2@db.example:5432/tidegate"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What was logged as JSON."""
    with logged() as stream:
        yield stream


def only(lines: io.StringIO) -> dict[str, object]:
    (line,) = lines.getvalue().splitlines()
    parsed: dict[str, object] = json.loads(line)
    return parsed


def test_an_event_is_one_line_with_level_time_and_fields(lines: io.StringIO) -> None:
    structlog.get_logger().info("order shipped", order="ord_1", took_ms=3)
    line = only(lines)
    assert {key: line[key] for key in ("event", "level", "order", "took_ms")} == {
        "event": "order shipped",
        "level": "info",
        "order": "ord_1",
        "took_ms": 3,
    }
    assert str(line["timestamp"]).endswith("Z")


def test_what_is_bound_to_the_request_stands_on_its_lines(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("inside")
    assert only(lines)["request_id"] == "r-1"


def test_lines_of_libraries_have_the_same_shape(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("connecting to %s", DSN)
    line = only(lines)
    assert line["logger"] == "some.library"
    assert line["event"] == "connecting to postgresql://tidegate_app:***@db.example:5432/tidegate"


def test_lines_below_the_level_are_not_written(lines: io.StringIO) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("some.library").debug("detail")
    logging.getLogger("uvicorn.access").info("GET /")
    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    "name",
    ["password", "TIDEGATE_SECRETS", "token", "access_token", "Authorization", "cookie", "Set-Cookie", "api_key"],
)
def test_a_field_named_like_a_secret_is_masked(lines: io.StringIO, name: str) -> None:
    structlog.get_logger().info(
        "sign-in", **{name: "hunter2", "headers": {name: "hunter2"}, "many": [{name: ["hunter2"]}]}
    )
    assert "hunter2" not in lines.getvalue()


def test_a_traceback_shows_no_secret(lines: io.StringIO) -> None:
    try:
        raise ConnectionError(f"cannot reach {DSN} with Bearer abcdefghijkl")
    except ConnectionError:
        structlog.get_logger().exception("start failed")
    assert "ConnectionError" in str(only(lines)["exception"])
    assert "hunter2" not in lines.getvalue()
    assert "abcdefghijkl" not in lines.getvalue()


def test_values_that_json_lacks_are_still_one_line(lines: io.StringIO) -> None:
    structlog.get_logger().info("odd", value=object(), raw=b"\x00\xff", key={1: 2}, surrogate="\ud800")
    assert only(lines)["raw"] == "<2 bytes>"


def test_a_console_line_reads_without_json() -> None:
    with logged("console") as stream:
        structlog.get_logger().info("order shipped", dsn=DSN, url=DSN)
    assert "order shipped" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue(), "no colours into a file"


@pytest.mark.usefixtures("lines")
def test_lines_follow_standard_error_when_it_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure("json", "info")
    log = structlog.get_logger()
    log.info("one")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    log.info("two")
    assert json.loads(second.getvalue())["event"] == "two"


class Ran(Current):
    """An operation of that name; without one it is refused before anybody looks for a name."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(OperationRequest(None, None, None, None, "req-1"), None)
        self.over(Answer(b"", None if name else "FORBIDDEN", None, True, None))
        self._name = name

    @property
    def known(self) -> Known:
        return super().known if self._name is None else Known(self._name, "query", 3)


@pytest.mark.parametrize("request_id", ["req-1", "0191a"])
@pytest.mark.parametrize("current", [None, Ran(), Ran("Snake_case")])
def test_the_line_of_a_request_is_what_the_processors_would_make_of_it(
    lines: io.StringIO, request_id: str, current: Current | None
) -> None:
    facts = {} if current is None else current.facts()
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        REQUESTS.write(request_id, "POST", "/graphql", 200, 0.53, current)
        structlog.get_logger().info("request", method="POST", path="/graphql", status=200, ms=0.53, **facts)
    ours, theirs = map(json.loads, lines.getvalue().splitlines())
    assert ours.keys() == theirs.keys()
    assert len(ours.pop("timestamp")) == len(theirs.pop("timestamp"))
    assert ours == theirs


def test_the_line_of_a_refused_request_says_why(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="0191a", reason="expired"):
        REQUESTS.write("0191a", "POST", "/graphql", 401, 0.53)
    assert only(lines)["reason"] == "expired"


def test_a_key_sent_as_a_requests_id_is_masked_in_its_line(lines: io.StringIO) -> None:
    key = make_key()[0]
    with structlog.contextvars.bound_contextvars(request_id=key):
        REQUESTS.write(key, "POST", "/graphql", 200, 1.0)
    assert key not in lines.getvalue()
    assert only(lines)["event"] == "request"


def test_a_key_sent_as_an_operations_name_is_masked_in_its_line(lines: io.StringIO) -> None:
    key = make_key()[0]
    REQUESTS.write("req-1", "POST", "/graphql", 200, 1.0, Ran(key))
    assert key not in lines.getvalue()


@pytest.mark.parametrize(("form", "level"), [("console", "info"), ("json", "warning")])
def test_requests_are_told_in_the_form_and_at_the_level_of_all_lines(form: str, level: str) -> None:
    with logged(form, level) as stream:
        REQUESTS.write("req-1", "POST", "/graphql", 200, 1.0)
    assert ("request" in stream.getvalue()) == (form == "console")


async def test_the_lines_of_one_turn_go_out_together(lines: io.StringIO) -> None:
    for request_id in ("req-1", "req-2"):
        REQUESTS.write(request_id, "POST", "/graphql", 200, 1.0)
    assert not lines.getvalue()
    await asyncio.sleep(0)
    told = [json.loads(line)["request_id"] for line in lines.getvalue().splitlines()]
    assert told == ["req-1", "req-2"]
