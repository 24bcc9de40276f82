"""Addresses and the lists that bind grants to networks."""

import pytest
from pydantic import ValidationError

from auth.addresses import (
    NetworkRule,
    checked_networks,
    is_open,
    lists_of,
    may_come_from,
    place_of,
    withheld_at,
)
from auth.errors import OperatorError

OFFICE = ("203.0.113.0/24", "2001:db8::/32")


@pytest.mark.parametrize("address", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::9", "2001:db8::9%eth0"])
def test_an_address_in_one_of_the_networks_may_come(address: str) -> None:
    assert may_come_from(address, OFFICE)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "203.0.114.9",
        "2001:db9::9",
        "::ffff:198.51.100.1",
        "localhost",
        "203.0.113.9/24",
        "203.0.113.09",
        "٢٠٣.٠.١١٣.٩",
    ],
)
def test_any_other_and_what_is_no_address_may_not(address: str | None) -> None:
    assert not may_come_from(address, OFFICE)


def test_each_list_withholds_its_grant_elsewhere() -> None:
    lists = lists_of({"admin:*": ["10.0.0.0/8"], "*": list(OFFICE)})
    assert withheld_at(lists, "10.1.2.3") == {"*"}
    assert withheld_at(lists, "203.0.113.9") == {"admin:*"}
    assert withheld_at(lists, None) == {"*", "admin:*"}
    assert is_open(lists, "203.0.113.9")
    assert not is_open(lists, "10.1.2.3")
    assert withheld_at(lists_of({}), None) == frozenset()


def test_networks_are_kept_in_one_form_and_once() -> None:
    assert checked_networks(["203.0.113.7", "::ffff:10.0.0.0/104", "2001:DB8:0::/32", "203.0.113.7/32"]) == [
        "203.0.113.7/32",
        "10.0.0.0/8",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize("given", [["203.0.113.7/24"], ["everywhere"], [""], ["10.0.0.0/33"], ["10.0.0.0/8\0"]])
def test_what_is_no_network_is_refused(given: list[str]) -> None:
    with pytest.raises(OperatorError):
        checked_networks(given)


def test_there_may_be_so_many_networks_and_no_more() -> None:
    networks = [f"10.0.{n}.0/24" for n in range(51)]
    assert checked_networks(networks[:50]) == networks[:50]
    with pytest.raises(OperatorError):
        checked_networks(networks)


def test_an_ipv6_customer_is_one_place() -> None:
    assert place_of("2001:db8:0:1::9") == place_of("2001:db8:0:1:ffff::1") == "2001:db8:0:1::/64"
    assert (place_of("203.0.113.9"), place_of("nowhere"), place_of(None)) == ("203.0.113.9", None, None)


@pytest.mark.parametrize(
    "told", [{}, {"networks": []}, {"networks": ["x"]}, {"permission": "orders:fly", "networks": ["10.0.0.0/8"]}]
)
def test_a_rule_of_the_deployment_names_what_there_is(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NetworkRule.model_validate(told)
