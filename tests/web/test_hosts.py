"""Under which names the server is asked: those that the settings say, at any port unless they say one."""

from typing import Any

import pytest
from pydantic import ValidationError

from web.hosts import Hosts, plain_host
from web.settings import Settings

HOSTS = Hosts(["tides.example", "admin.tides.example:8443", "[::1]"])


def refusal(*given: str, path: str = "/graphql") -> int | None:
    scope: dict[str, Any] = {"path": path, "headers": [(b"host", each.encode()) for each in given]}
    return HOSTS.refusal(scope)


@pytest.mark.parametrize(
    "host", ["tides.example", "Tides.Example", "tides.example:443", "admin.tides.example:8443", "[::1]", "[::1]:8000"]
)
def test_a_host_that_is_named_is_ours(host: str) -> None:
    assert refusal(host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "admin.tides.example", "tides.example.evil.example", "tides.example:", "tides.example:80x", "",
     "tides.example\n", "tides.example:123456", "x.tides.example", "127.0.0.1"],
)  # fmt: skip
def test_any_other_is_somebody_elses(host: str) -> None:
    assert refusal(host) == 421


def test_none_and_two_are_malformed() -> None:
    assert (refusal(), refusal("tides.example", "tides.example")) == (400, 400)


@pytest.mark.parametrize(
    ("path", "status"), [("/health/live", None), ("/health/ready", None), ("/health", 421), ("/metrics", 421)]
)
def test_only_whether_it_lives_is_told_under_any_name(path: str, status: int | None) -> None:
    assert refusal("10.0.0.7:8000", path=path) == status


@pytest.mark.parametrize("text", ["*", "*.tides.example", "https://tides.example", "tides.example/", "a b", "", ":80"])
def test_what_is_no_host_cannot_be_set(text: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        plain_host(text)


def test_the_setting_is_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_ALLOWED_HOSTS", "Tides.example, tides.example:8443,")
    settings = Settings.load()
    assert settings.allowed_hosts == ("tides.example", "tides.example:8443")
    assert settings.shown()["TIDEGATE_ALLOWED_HOSTS"] == "tides.example,tides.example:8443"
    with pytest.raises(ValidationError):
        Settings(allowed_hosts=("https://tides.example",))
