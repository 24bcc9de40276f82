"""Settings: read from the environment, refused by name and all at once, never shown with their secrets."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.support.peers import new_key, peer_of
from web.settings import DEMO_SECRET_PREFIX, Settings, SettingsError, env_name, example

GOOD = {
    "DATABASE_URL": "postgresql://tidegate_app:hunter2@db/tidegate",
    "TIDEGATE_SECRETS": "a" * 32 + "," + "b" * 40,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings of this machine."""
    for field in Settings.model_fields:
        monkeypatch.delenv(env_name(field), raising=False)
    return monkeypatch


def given(environment: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        environment.setenv(name, value)


def problems_of_serve(workers: int = 1) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.for_serve(workers)
    return caught.value.problems


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port, settings.environment, settings.pool_size) == (
        "127.0.0.1",
        8000,
        "production",
        10,
    )


def test_values_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    given(environment, **GOOD, TIDEGATE_PORT="9001", REDIS_URL="redis://localhost")
    settings = Settings.load()
    assert (settings.port, settings.redis_url) == (9001, "redis://localhost")
    assert settings.secrets == ("a" * 32, "b" * 40)


def test_an_empty_value_counts_as_unset(environment: pytest.MonkeyPatch) -> None:
    given(environment, DATABASE_URL="", TIDEGATE_PORT="")
    assert Settings.load().database_url is None


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.load().port = 1  # type: ignore[misc]


def test_every_malformed_setting_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    given(
        environment,
        TIDEGATE_PORT="eighty",
        TIDEGATE_LOG_FORMAT="xml",
        DATABASE_URL="mysql://h/db",
        TIDEGATE_POOL_SIZE="0",
    )
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    names = {problem.split()[0] for problem in caught.value.problems}
    assert names == {"TIDEGATE_PORT", "TIDEGATE_LOG_FORMAT", "DATABASE_URL", "TIDEGATE_POOL_SIZE"}


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8000.5"])
def test_a_port_out_of_range_is_refused(environment: pytest.MonkeyPatch, port: str) -> None:
    given(environment, TIDEGATE_PORT=port)
    with pytest.raises(SettingsError, match="TIDEGATE_PORT is wrong"):
        Settings.load()


def test_a_good_production_environment_is_taken(environment: pytest.MonkeyPatch) -> None:
    given(environment, **GOOD)
    assert Settings.for_serve().environment == "production"


def test_production_names_what_is_missing_and_what_is_malformed_together(environment: pytest.MonkeyPatch) -> None:
    given(environment, TIDEGATE_PORT="eighty")
    assert {problem.split()[0] for problem in problems_of_serve()} == {
        "TIDEGATE_PORT",
        "DATABASE_URL",
        "TIDEGATE_SECRETS",
    }


def test_a_malformed_setting_is_not_called_missing_too(environment: pytest.MonkeyPatch) -> None:
    given(environment, **GOOD | {"DATABASE_URL": "db.example"})
    assert problems_of_serve() == ["DATABASE_URL is wrong: must begin with postgresql://"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TIDEGATE_SECRETS", "short", "shorter than 32"),
        ("TIDEGATE_SECRETS", "a" * 32 + ",short", "shorter than 32"),
        ("TIDEGATE_SECRETS", DEMO_SECRET_PREFIX + "x" * 40, "the demo made"),
        ("TIDEGATE_ENVIRONMENT", "demo", "production only"),
        ("TIDEGATE_DEMO_PASSWORD", "long enough", "no demo users"),
        ("DATABASE_OWNER_URL", "postgresql://tidegate_app:x@db/tidegate", "row-level security"),
        ("TIDEGATE_SECRET", "a" * 32, "TIDEGATE_SECRETS is meant?"),
        ("DATABASE_REPLICA_URL", GOOD["DATABASE_URL"], "name the standby"),
        ("DATABASE_REPLICA_URL", "db.example", "must begin with postgresql://"),
    ],
)
def test_production_refuses(environment: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    given(environment, **GOOD | {name: value})
    (problem,) = problems_of_serve()
    assert problem.startswith(name)
    assert said in problem


def test_more_workers_than_one_need_redis(environment: pytest.MonkeyPatch) -> None:
    given(environment, **GOOD)
    (problem,) = problems_of_serve(workers=2)
    assert problem.startswith("REDIS_URL is missing")
    given(environment, REDIS_URL="redis://localhost")
    assert Settings.for_serve(workers=2).redis_url


def test_traces_need_opentelemetry(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**GOOD, "TIDEGATE_TRACES": "link"}.items():
        environment.setenv(name, value)
    assert Settings.for_serve().traces == "link"
    environment.setattr("web.settings.EXPORTER", "nowhere.at_all")
    with pytest.raises(SettingsError, match=r"TIDEGATE_TRACES needs OpenTelemetry: pip install 'tidegate\[otel\]'"):
        Settings.for_serve()


def test_no_secret_is_shown(environment: pytest.MonkeyPatch) -> None:
    given(environment, **GOOD, TIDEGATE_DEMO_PASSWORD="hunter2hunter2", TIDEGATE_METRICS_TOKEN="m" * 16)
    settings = Settings.load()
    for text in (repr(settings), str(settings), str(settings.shown())):
        assert "hunter2" not in text
        assert "aaaa" not in text
        assert "mmmm" not in text
    assert settings.shown()["DATABASE_URL"] == "postgresql://tidegate_app:***@db/tidegate"


def test_no_secret_is_shown_when_it_is_malformed(environment: pytest.MonkeyPatch) -> None:
    given(environment, DATABASE_URL="mysql://u:hunter2@h", TIDEGATE_METRICS_TOKEN="hunter2")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__context__)


def test_the_example_file_is_up_to_date() -> None:
    path = Path(__file__).parents[2] / ".env.example"
    assert path.read_text() == example(), "run: tidegate config --example > .env.example"


def test_every_setting_is_described() -> None:
    assert all(info.description for info in Settings.model_fields.values())


def test_peers_have_keys_of_their_own_and_an_address_to_sign(environment: pytest.MonkeyPatch) -> None:
    north = peer_of(new_key()).model_dump()
    given(environment, **GOOD, TIDEGATE_PEERS=json.dumps([north, {**north, "key_id": "north-2"}]))
    assert [peer.key_id for peer in Settings.load().peers] == ["north-1", "north-2"]
    (problem,) = problems_of_serve()
    assert problem.startswith("TIDEGATE_PUBLIC_URL is missing")
    given(environment, TIDEGATE_PUBLIC_URL="https://tides.example")
    assert Settings.for_serve().peers
    for wrong in ([north, north], [{**north, "public_key": "none"}], [{**north, "role": "admin"}]):
        given(environment, TIDEGATE_PEERS=json.dumps(wrong))
        assert problems_of_serve()[0].startswith("TIDEGATE_PEERS is wrong")


@pytest.mark.parametrize("name", ["TIDEGATE_OIDC", "TIDEGATE_ISSUERS", "TIDEGATE_ADDRESS_LISTS", "TIDEGATE_PEERS"])
@pytest.mark.parametrize("value", ["nonsense", '[{"networks": ["everywhere"]}]', '{"permission": "*"}', "[7]"])
def test_a_list_that_makes_no_sense_is_named_and_not_repeated(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    given(environment, **{name: value})
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} is wrong: ")
    assert "everywhere" not in problem


def test_lists_of_networks_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    lists = '[{"networks": ["203.0.113.0/24"]}, {"permission": "admin:*", "networks": ["::ffff:10.0.0.0/104"]}]'
    given(environment, TIDEGATE_ADDRESS_LISTS=lists, TIDEGATE_TRUSTED_PROXIES="2")
    settings = Settings.load()
    assert settings.trusted_proxies == 2
    assert [each.as_list for each in settings.address_lists] == [
        ("*", ("203.0.113.0/24",)),
        ("admin:*", ("10.0.0.0/8",)),
    ]
