"""Open streams in the schema: for those who may, and as cheap as any list."""

import pytest

from tests.support.world import World

STREAMS = "{ streams { totalCount complete nodes { id } } }"
TERMINATE = 'mutation { terminateStream(input: {id: "str_0"}) { stream { id } userErrors { code } } }'


async def test_where_nothing_is_open_the_list_is_empty_and_whole(world: World) -> None:
    answer = await world.ask(STREAMS)
    assert answer.data == {"streams": {"totalCount": 0, "complete": True, "nodes": []}}


@pytest.mark.parametrize("document", [STREAMS, TERMINATE])
@pytest.mark.parametrize("caller", ["manager", "viewer", "partner"])
async def test_it_takes_a_permission(world: World, document: str, caller: str) -> None:
    assert (await world.ask(document, caller=caller)).codes == ["FORBIDDEN"]


async def test_what_is_not_there_is_a_user_error(world: World) -> None:
    answer = await world.ask(TERMINATE)
    assert answer.data == {"terminateStream": {"stream": None, "userErrors": [{"code": "NOT_FOUND"}]}}
