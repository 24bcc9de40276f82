"""The book of callers: found by credentials and user, told when their time has come."""

from datetime import UTC, datetime, timedelta

from auth.authenticate import Claim
from auth.permissions import PermissionSet
from auth.principal import Principal
from auth.watched import Caller, Watched
from db.tenancy import TenantId

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def caller(n: int, minutes: int = 1, user: str = "a") -> Caller:
    nobody = PermissionSet.of([])
    principal = Principal(user * 32, "a@b.example", "A", TenantId("1" * 32), "t", "T", (), nobody, "v", None, None)
    return Caller(Claim(None, n.to_bytes(32), None), principal, NOON + timedelta(minutes=minutes))


def test_callers_are_found_by_claim_and_by_user() -> None:
    watched = Watched()
    one, other, foreign = caller(1), caller(2), caller(3, user="b")
    for each in (one, other, foreign):
        watched.add(each)
    assert watched.get(one.claim) is one
    assert list(watched.of_user("a" * 32)) == [one, other]
    watched.remove(one)
    watched.remove(one)
    assert (one in watched, list(watched.of_user("a" * 32)), len(watched)) == (False, [other], 2)


def test_each_is_due_once_when_its_time_has_come() -> None:
    watched = Watched()
    soon, late = caller(1, 1), caller(2, 2)
    watched.add(late)
    watched.add(soon)
    assert watched.next_end() == soon.ends_at
    assert watched.due(NOON) == []
    assert watched.due(soon.ends_at) == [soon]
    assert watched.due(soon.ends_at) == []
    assert watched.due(late.ends_at) == [late]


def test_who_was_put_off_or_has_left_is_not_due() -> None:
    watched = Watched()
    put_off, gone = caller(1), caller(2)
    watched.add(put_off)
    watched.add(gone)
    watched.put_off(put_off, NOON + timedelta(hours=1))
    watched.remove(gone)
    assert watched.due(NOON + timedelta(minutes=30)) == []
    assert watched.due(NOON + timedelta(hours=1)) == [put_off]


def test_timers_of_those_who_left_do_not_pile_up() -> None:
    watched = Watched()
    for n in range(5_000):
        each = caller(n, 1 + n)
        watched.add(each)
        watched.remove(each)
    assert len(watched._ends) < 1_000
