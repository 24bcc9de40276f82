"""What the demo keeps: made once, for nobody else's eyes."""

import stat
from pathlib import Path

import pytest

from web.cli.demo_state import DemoState, emails
from web.cli.failures import Failure
from web.setting_fields import SHORTEST_SECRET
from web.settings import DEMO_SECRET_PREFIX


def test_it_is_made_once(tmp_path: Path) -> None:
    first = DemoState.load(tmp_path / "new")
    assert DemoState.load(tmp_path / "new") == first


def test_two_demos_share_no_secret_and_no_password(tmp_path: Path) -> None:
    one, other = DemoState.load(tmp_path / "one"), DemoState.load(tmp_path / "other")
    assert one.secret != other.secret
    assert not set(one.made.values()) & set(other.made.values())


def test_every_login_has_a_password_of_its_own(tmp_path: Path) -> None:
    state = DemoState.load(tmp_path)
    assert list(state.made) == emails()
    assert len(emails()) == 12
    assert len(set(state.made.values())) == 12


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    DemoState.load(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new" / "demo.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_production_can_tell_its_secret(tmp_path: Path) -> None:
    secret = DemoState.load(tmp_path).secret
    assert secret.startswith(DEMO_SECRET_PREFIX)
    assert len(secret) >= SHORTEST_SECRET


def test_one_password_for_all_wins_and_the_random_ones_come_back(tmp_path: Path) -> None:
    state = DemoState.load(tmp_path)
    assert set(state.passwords("one for all").values()) == {"one for all"}
    assert state.passwords(None) == state.made


def test_what_was_applied_is_remembered(tmp_path: Path) -> None:
    state = DemoState.load(tmp_path)
    state.with_applied(state.made).save(tmp_path)
    assert DemoState.load(tmp_path).applied == state.made


def test_a_damaged_file_says_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("[]")
    with pytest.raises(Failure, match=r"demo\.json is damaged: remove it"):
        DemoState.load(tmp_path)
