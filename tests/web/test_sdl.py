"""The schema's text, gated like introspection."""

import pytest

from tests.support.database import Dsns
from tests.support.server import Front, serving, settings_for


async def test_the_schema_is_told_as_text(front: Front) -> None:
    answer = await front.client.get("/schema.graphql")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == front.app.state.gateway.sdl
    assert "type Query" in answer.text


async def test_who_has_it_is_not_sent_it_again(front: Front) -> None:
    tag = (await front.client.get("/schema.graphql")).headers["etag"]
    again = await front.client.get("/schema.graphql", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await front.client.get("/schema.graphql", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    ("introspection", "anonymous", "signed_in"), [("everyone", 200, 200), ("signed-in", 401, 200), ("off", 401, 403)]
)
async def test_it_is_gated_like_introspection(
    front: Front, dsns: Dsns, introspection: str, anonymous: int, signed_in: int
) -> None:
    async def statuses(gated: Front, headers: dict[str, str]) -> set[int]:
        text = await gated.client.get("/schema.graphql", headers=headers)
        query = await gated.post("{ __schema { queryType { name } } }", headers=headers)
        return {text.status_code, query.status_code}

    settings = front.app.state.settings.model_copy(update={"introspection": introspection})
    async with serving(settings) as gated:
        assert await statuses(gated, {}) == {anonymous}
        assert await statuses(gated, await gated.bearer()) == {signed_in}


async def test_a_token_that_is_worth_nothing_is_refused(dsns: Dsns) -> None:
    async with serving(settings_for(dsns)) as gated:
        answer = await gated.client.get("/schema.graphql", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert "www-authenticate" in answer.headers
