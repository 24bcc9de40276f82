"""Pages below rows: one call for all of them, and nothing of another row when a batch function misbehaves."""

from typing import Any

from tests.support.library import A, B, C, Desk, told
from tests.support.market import MARKET, Market

TEXT = f"""{{ square(id: "{MARKET}") {{ stalls {{ name goods(first: 1) {{ totalCount nodes {{ label maker {{ name }} }}
    edges {{ cursor node {{ label }} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }} }}"""

OFFERS = f'{{ square(id: "{MARKET}") {{ stalls {{ offers {{ totalCount }} }} }} }}'


def _market(**changed: Any) -> Desk[Market]:  # Any: what is done to a function's answer
    return Desk(Market(changed=changed))


async def test_pages_counts_and_what_hangs_below_are_asked_for_once_for_all_rows() -> None:
    desk = _market()
    data = await desk.by_engine(TEXT)
    assert desk.library.asked == [
        ("markets", (A,), ("id",)),
        ("stalls", (A,), ("name", "id")),
        ("goods", (A, B, C), ("label", "maker")),
        ("counts", (A, B, C), None),
        ("makers", ("m0",), ("name",)),
    ]
    goods = [stall["goods"] for stall in data["square"]["stalls"]]
    assert [(each["totalCount"], [node["label"] for node in each["nodes"]]) for each in goods] == [
        (2, ["a0"]),
        (1, ["b0"]),
        (0, []),
    ]
    assert [each["pageInfo"]["hasNextPage"] for each in goods] == [True, False, False]
    assert goods[0]["edges"][0]["cursor"] != goods[1]["edges"][0]["cursor"]


async def test_both_executors_page_alike() -> None:
    answer = await _market().both(TEXT)
    assert answer.errors is None


async def test_a_page_that_is_missing_is_an_error_at_its_path() -> None:
    desk = _market(goods=lambda found: {key: page for key, page in found.items() if key != B})
    answer = await desk.both(f'{{ square(id: "{MARKET}") {{ stalls {{ name goods {{ nodes {{ label }} }} }} }} }}')
    assert answer.data == {"square": None}
    assert told(answer) == [
        (["square", "stalls", 1, "goods"], "Cannot return null for non-nullable field Stall.goods.")
    ]
    assert desk.engine.ran == {"error": 1}


async def test_pages_that_cannot_be_read_are_an_error_at_each_path() -> None:
    def fail(_: dict[str, Any]) -> dict[str, Any]:  # Any: pages
        raise ConnectionError("goods are out")

    answer = await _market(goods=fail).both(OFFERS)
    assert answer.data == {"square": {"stalls": [{"offers": None}] * 3}}
    assert told(answer) == [(["square", "stalls", index, "offers"], "goods are out") for index in range(3)]


async def test_a_count_that_is_missing_is_an_error_at_its_path() -> None:
    answer = await _market(counts=lambda found: {key: count for key, count in found.items() if key != B}).both(OFFERS)
    assert answer.data == {
        "square": {"stalls": [{"offers": {"totalCount": 2}}, {"offers": None}, {"offers": {"totalCount": 0}}]}
    }
    assert [path for path, _ in told(answer)] == [["square", "stalls", 1, "offers", "totalCount"]]


async def test_pages_of_keys_that_nobody_asked_for_are_shown_nowhere() -> None:
    answer = await _market(goods=lambda found: {"x": found[A], **found}).both(TEXT)
    assert answer.errors is None
    assert answer.data is not None
    assert len(answer.data["square"]["stalls"]) == 3
