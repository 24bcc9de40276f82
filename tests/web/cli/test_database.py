"""Which database a verb works on."""

from pathlib import Path

import pytest

from web.cli.database import operating, owner_dsn, runtime_dsn, runtime_login
from web.cli.failures import Failure
from web.settings import Settings

OWNER = "postgresql://own%40er:x@h/db"
RUNTIME = "postgresql://ru%40n:x@h/db"


def test_the_environments_addresses_win() -> None:
    given = Settings(database_url=RUNTIME, database_owner_url=OWNER)
    with operating(given) as settings:
        assert settings is given


def test_without_any_database_it_says_how_to_get_one(no_settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = r"set DATABASE_URL and DATABASE_OWNER_URL, or run `tidegate demo`"
    with pytest.raises(Failure, match=told), operating(Settings(data_dir=tmp_path)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_missing_address_is_named() -> None:
    with pytest.raises(Failure, match="DATABASE_OWNER_URL is missing"):
        owner_dsn(Settings(database_url=RUNTIME, database_owner_url=None))
    with pytest.raises(Failure, match="DATABASE_URL is missing"):
        runtime_dsn(Settings(database_url=None, database_owner_url=OWNER))


def test_the_runtime_login_is_read_from_its_address() -> None:
    assert runtime_login(Settings(database_url=RUNTIME)) == "ru@n"
    assert runtime_login(Settings(database_url="postgresql:///db?host=/tmp")) is None
