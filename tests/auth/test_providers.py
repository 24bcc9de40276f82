"""Providers and their rules, as configuration."""

import pytest
from pydantic import ValidationError

from auth.providers import JoinRule, Provider, is_safe_address

GIVEN = {"name": "tide", "label": "Tide ID", "issuer": "https://id.example", "client_id": "us"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Tide ID"},
        {"name": ""},
        {"issuer": "http://id.example"},
        {"issuer": "https://id.example?tenant=1"},
        {"issuer": "ftp://id.example"},
        {"client_id": ""},
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"secret": "misspelt"},
    ],
)
def test_a_provider_that_could_not_be_trusted_is_refused_at_the_start(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Provider.model_validate({**GIVEN, **change})


@pytest.mark.parametrize("given", [{}, {"domain": "a.example", "claim": "groups", "value": "x"}, {"claim": "groups"}])
def test_a_rule_is_by_a_domain_or_by_a_claim_and_its_value(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        JoinRule.model_validate({"tenant": "acme", "role": "viewer", **given})


def test_a_rule_by_domain_fits_the_whole_domain_only() -> None:
    rule = JoinRule(tenant="acme", role="viewer", domain="Acme.example")
    assert rule.fits("zoe@acme.example", {})
    assert not rule.fits("zoe@evilacme.example", {})
    assert not rule.fits("zoe@acme.example.evil.example", {})
    assert not rule.fits("acme.example@evil.example", {})


def test_a_rule_by_claim_fits_the_value_or_a_list_that_holds_it() -> None:
    rule = JoinRule(tenant="acme", role="manager", claim="groups", value="ops")
    assert rule.fits("z@a.example", {"groups": ["dev", "ops"]})
    assert rule.fits("z@a.example", {"groups": "ops"})
    assert not rule.fits("z@a.example", {"groups": "devops"})
    assert not rule.fits("z@a.example", {"groups": {"ops": True}})
    assert not rule.fits("z@a.example", {})


def test_a_secret_is_not_part_of_what_is_printed() -> None:
    assert "hush" not in repr(Provider.model_validate({**GIVEN, "client_secret": "hush"}))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example/x", True),
        ("http://127.0.0.1:9000", True),
        ("http://id.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost@evil.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://[bad", False),
    ],
)
def test_secrets_go_over_tls_or_stay_on_this_machine(url: str, safe: bool) -> None:
    assert is_safe_address(url) is safe
