"""The application as it is put together."""

import pytest

from schema.masks import MaskKeys
from tests.support.database import Dsns
from tests.support.server import Front, serving, settings_for
from web.app import direct, routes

PATHS = {"/graphql", "/graphql/stream", "/schema.graphql", "/health/live", "/health/ready", "/version", "/metrics"}


def test_the_promised_paths_are_there() -> None:
    found = {*direct(), *(getattr(route, "path", "") for route in routes())}
    assert found >= PATHS | {"/", "/graphiql", "/auth/login", "/auth/logout"}


async def test_the_root_leads_to_graphiql(front: Front) -> None:
    answer = await front.client.get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphiql")
    assert (await front.client.get("/graphiql")).status_code == 200


async def test_without_its_setting_there_is_no_graphiql(dsns: Dsns) -> None:
    async with serving(settings_for(dsns, graphiql=False)) as front:
        for path in ("/", "/graphiql", "/graphiql/assets/manifest.json"):
            answer = await front.client.get(path)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/nope", "/graphql/", "/graphql/sha256:00", "//graphql", "/health"])
async def test_a_path_that_is_not_there_is_not_found_and_leads_nowhere(front: Front, path: str) -> None:
    answer = await front.client.get(f"http://127.0.0.1:{front.port}{path}", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    assert "location" not in answer.headers


async def test_a_stopped_application_can_be_made_again(dsns: Dsns) -> None:
    for _ in range(2):
        async with serving(settings_for(dsns)) as front:
            assert (await front.client.get("/health/ready")).status_code == 200


async def test_codes_of_masked_values_are_made_with_the_deployments_secret(front: Front) -> None:
    state = front.app.state
    assert state.gateway.mask_keys.of("tenant") == MaskKeys(state.keyring.keys("mask")[0]).of("tenant")


async def test_a_person_signs_in_and_asks(front: Front) -> None:
    page = await front.client.get("/auth/login")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    wrong = await front.client.post("/auth/login", json={"email": "admin@acme.example", "password": "wrong"})
    assert wrong.status_code == 401
    assert wrong.json()["errors"][0]["extensions"]["requestId"] == wrong.headers["x-request-id"]
