"""What every request passes: its id, its bounds, its line in the log, and the mask over what went wrong."""

import re
from collections.abc import Callable

import pytest
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from web.metrics import Metrics
from web.middleware import MAX_HEADERS, MAX_URL, FrontDoor

SECRET = "postgres://owner:hunter2@db/tidegate"


class BreaksOff:
    """Fails in the middle of its answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError(SECRET)


def _plain(request: Request) -> Response:
    return PlainTextResponse(request.state.request_id)


def _own_policy(_: Request) -> Response:
    return PlainTextResponse("", headers={"Referrer-Policy": "no-referrer"})


def _fails(_: Request) -> Response:
    raise LookupError(SECRET)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(metrics: Metrics) -> TestClient:
    views: dict[str, Callable[[Request], Response]] = {"/": _plain, "/own": _own_policy, "/fails": _fails}
    routes = [Route(path, view) for path, view in views.items()]
    stack = [Middleware(FrontDoor, metrics=metrics)]
    return TestClient(Starlette(routes=[*routes, Route("/breaks", BreaksOff())], middleware=stack))


@pytest.mark.parametrize("given", ["a", "01J-x_y.z", "A" * 128])
def test_a_sane_request_id_is_taken_and_echoed(client: TestClient, given: str) -> None:
    answer = client.get("/", headers={"X-Request-Id": given})
    assert (answer.text, answer.headers["x-request-id"]) == (given, given)


@pytest.mark.parametrize("given", ["", "a b", "A" * 129, "<script>", "a\tb", "ü", '"', None])
def test_any_other_is_replaced_by_a_new_one(client: TestClient, given: str | None) -> None:
    fields = [] if given is None else [(b"X-Request-Id", given.encode())]
    ids = [client.get("/", headers=fields).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert ids[0] != ids[1]


@pytest.mark.parametrize("path", ["/", "/nope", "/fails"])
def test_every_answer_keeps_browsers_from_guessing(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_a_page_may_have_a_policy_of_its_own(client: TestClient) -> None:
    assert client.get("/own").headers.get_list("referrer-policy") == ["no-referrer"]


def test_an_unexpected_error_is_masked_and_logged_once(client: TestClient) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = client.get("/fails", headers={"X-Request-Id": "r-1"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json; charset=utf-8")
    assert answer.json() == {
        "errors": [{"message": "Internal error.", "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-1"}}]
    }
    errors = [line for line in lines if line["event"] == "unexpected_error"]
    assert [repr(line["exc_info"]) for line in errors] == [repr(LookupError(SECRET))]


def test_an_answer_that_had_begun_is_broken_off_and_logged_once(client: TestClient) -> None:
    with structlog.testing.capture_logs() as lines:
        assert client.get("/breaks").content == b"half"
    assert [line["event"] for line in lines] == ["unexpected_error", "request"]


def test_one_line_tells_of_a_request_without_its_query_string(client: TestClient) -> None:
    with structlog.testing.capture_logs() as lines:
        client.get("/?token=hunter2", headers={"Authorization": "Bearer hunter2"})
    (line,) = lines
    assert (line["event"], line["method"], line["path"], line["status"]) == ("request", "GET", "/", 200)
    assert line["ms"] > 0
    assert "hunter2" not in str(lines)


def test_the_id_stands_on_every_line_of_its_request(client: TestClient) -> None:
    seen: list[structlog.typing.EventDict] = []

    def keep(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        seen.append(event)
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    try:
        for request_id in ("r-1", "r-2"):
            client.get("/fails", headers={"X-Request-Id": request_id})
    finally:
        structlog.configure(processors=before)
    assert [line["request_id"] for line in seen] == ["r-1", "r-1", "r-2", "r-2"]


def test_requests_are_counted_by_route_and_never_by_what_a_client_made_up(client: TestClient, metrics: Metrics) -> None:
    for path in ("/", "/nope", "/nope-2"):
        client.get(path)
    client.request("BREW", "/nope")

    def count(route: str, method: str, status: str) -> float | None:
        labels = {"route": route, "method": method, "status": status}
        return metrics.registry.get_sample_value("tidegate_requests_total", labels)

    assert (count("/", "GET", "200"), count("none", "GET", "404"), count("none", "other", "404")) == (1, 2, 1)


def test_an_address_is_taken_up_to_the_limit(client: TestClient) -> None:
    assert client.get("/?" + "x" * (MAX_URL - 2)).status_code == 200
    answer = client.get("/?" + "x" * (MAX_URL - 1))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (414, "BAD_REQUEST")


def test_header_fields_are_taken_up_to_the_limit(client: TestClient) -> None:
    assert client.get("/", headers={"X-Much": "x" * (MAX_HEADERS - 1_000)}).status_code == 200
    answer = client.get("/", headers={"X-Much": "x" * MAX_HEADERS})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (431, "BAD_REQUEST")
