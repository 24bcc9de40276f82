"""What no client should send: each case is refused by its code, and nothing comes of all of them."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.hostile.attack import Account, all_cases, besiege
from tests.hostile.server import attacked
from tests.support.database import Server

NAMES = [case.name for _, case in all_cases()]


@pytest.fixture(scope="module")
async def account(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Account]:
    """Of one round after another; `make hostile` has more of both, and asks for a flatter memory."""
    dsns = await server.create(uuid4().hex)
    async with attacked(dsns, tmp_path_factory.mktemp("hostile")) as target:
        yield await besiege(target, dsns, rounds=1, warming=1)


def test_there_are_many_cases_and_no_two_of_a_name() -> None:
    assert len(set(NAMES)) == len(NAMES) > 400


@pytest.mark.parametrize("name", NAMES)
def test_it_is_refused_as_it_should_be(account: Account, name: str) -> None:
    (found,) = [each for each in account.results if each.case.name == name]
    assert not found.faults, found.reply


def test_nothing_is_written_and_the_same_page_is_answered_as_before(account: Account) -> None:
    assert account.after == account.before


def test_the_log_tells_of_no_error_and_no_secret(account: Account) -> None:
    assert account.log == []


def test_the_memory_grows_by_no_more_than_what_is_kept(account: Account) -> None:
    assert account.after.memory - account.before.memory < 10  # MB
