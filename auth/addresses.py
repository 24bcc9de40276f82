"""Addresses: where a caller is, and which grants count only from certain networks.

A *list* binds a grant to networks: ``*`` whatever is done, ``admin:*`` what takes one of these permissions. Lists come
from the deployment, from the tenant and from an API key; each of them has to be satisfied. An address that is not known
is in no network.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from auth.errors import OperatorError
from auth.permissions import is_known

EVERYTHING = "*"
MOST_NETWORKS = 50
AddressList = tuple[str, tuple[str, ...]]
"""A grant, and the networks in CIDR form that it counts from."""
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
NO_LISTS: tuple[AddressList, ...] = ()


def lists_of(told: Mapping[str, Sequence[str]]) -> tuple[AddressList, ...]:
    """Lists as they are kept: by grant."""
    return tuple((grant, tuple(networks)) for grant, networks in sorted(told.items())) if told else NO_LISTS


def plain_address(text: str | None) -> Address | None:
    """The address that is meant: an IPv4 address also where it is written as an IPv6 one; None for what is none."""
    try:
        parsed = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


@lru_cache(maxsize=10_000)
def may_come_from(address: str | None, networks: tuple[str, ...]) -> bool:
    """Whether the address is in one of the networks."""
    parsed = plain_address(address)
    return parsed is not None and any(parsed in ip_network(each) for each in networks)


@lru_cache(maxsize=10_000)
def withheld_at(lists: tuple[AddressList, ...], address: str | None) -> frozenset[str]:
    """The grants that do not count there. Remembered: lists are few, and callers stay where they are."""
    return frozenset(grant for grant, networks in lists if not may_come_from(address, networks))


def is_open(lists: tuple[AddressList, ...], address: str | None) -> bool:
    """Whether anything at all may be done there."""
    return EVERYTHING not in withheld_at(lists, address)


def checked_networks(given: Sequence[str]) -> list[str]:
    """Networks in CIDR form, each once. Raises OperatorError."""
    if len(given) > MOST_NETWORKS:
        raise OperatorError("network", f"There may be at most {MOST_NETWORKS} networks.")
    try:
        return list(dict.fromkeys(str(_plain_network(each)) for each in given))
    except ValueError:
        raise OperatorError("network", "A network is given as 203.0.113.0/24 or 2001:db8::/32.") from None


def _plain_network(text: str) -> Network:
    """An IPv4 network also where it is written as an IPv6 one: addresses are compared so. Raises ValueError."""
    network = ip_network(text)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ip_network((mapped, network.prefixlen - 96))


def place_of(address: str | None) -> str | None:
    """Who shares an address: for IPv6 a whole /64, which one customer has to itself. None for what is none."""
    parsed = plain_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return None if parsed is None else str(parsed)


class NetworkRule(BaseModel):
    """A list of the deployment's, as configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    permission: str = EVERYTHING
    networks: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def as_list(self) -> AddressList:
        """As a list of any other."""
        return self.permission, self.networks

    @field_validator("permission")
    @classmethod
    def _check_permission(cls, value: str) -> str:
        if value != EVERYTHING and not is_known(value):
            raise ValueError("is no permission")
        return value

    @field_validator("networks")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(checked_networks(value))
        except OperatorError as error:
            raise ValueError(error.message) from None
