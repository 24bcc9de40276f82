"""The port is taken first, and whoever has it is named."""

import os
import socket

import pytest

from web.cli.failures import Failure
from web.cli.ports import free_port_after, holder_of, reserved


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_a_free_port_is_bound_and_does_not_listen_yet() -> None:
    with listening() as other:
        free = free_port_after("127.0.0.1", other.getsockname()[1])
    assert free is not None
    with reserved("127.0.0.1", free, "demo") as bound:
        assert bound.getsockname()[1] == free
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", free), timeout=1)


def test_a_busy_port_says_who_has_it_and_how_to_choose_another() -> None:
    with listening() as other:
        port = other.getsockname()[1]
        with pytest.raises(Failure) as caught, reserved("127.0.0.1", port, "demo"):
            pass
    said = str(caught.value)
    assert f"Port {port} is busy" in said
    assert f"(pid {os.getpid()})" in said
    assert "tidegate demo --port " in said


def test_the_offered_port_is_free() -> None:
    with listening() as other:
        port = other.getsockname()[1]
        offered = free_port_after("127.0.0.1", port)
        assert offered is not None
        assert offered > port
        with reserved("127.0.0.1", offered, "demo"):
            pass


def test_who_came_second_to_listen_is_told_too() -> None:
    with listening() as other:
        port = other.getsockname()[1]
    with reserved("127.0.0.1", port, "demo") as first, pytest.raises(Failure, match="is busy"):
        listen_second(port, first)


def listen_second(port: int, first: socket.socket) -> None:
    with reserved("127.0.0.1", port, "demo") as second:
        first.listen()
        second.listen()


def test_nobody_on_a_port_is_nobody_known() -> None:
    with listening() as other:
        port = other.getsockname()[1]
    assert holder_of(port) == "another process"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(Failure, match=host), reserved(host, 8000, "demo"):
        pass


def test_other_errors_of_the_block_pass_through() -> None:
    with listening() as other:
        port = other.getsockname()[1]
    with pytest.raises(FileNotFoundError), reserved("127.0.0.1", port, "demo"):
        raise FileNotFoundError("of the block")
