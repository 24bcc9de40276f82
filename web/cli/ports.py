"""The port, taken before anything slow happens, and who has it when it is busy."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from web.cli.failures import Failure

_TRIES = 50


@contextmanager
def reserved(host: str, port: int, verb: str) -> Iterator[socket.socket]:
    """A socket that is bound and does not listen yet, so that early callers are refused instead of kept waiting.

    Raises Failure when the port is busy, with who has it and how to choose another for ``verb``. Two such sockets can
    be bound at once: then the second to listen fails inside the block, with the same words.
    """
    with _unbound(host, port) as reserved:
        try:
            reserved.bind(socket.getaddrinfo(host, port, reserved.family, reserved.type)[0][4])
            yield reserved
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failure(_busy(host, port, verb)) from error
            if error.errno in (errno.EACCES, errno.EADDRNOTAVAIL):
                raise Failure(f"{host}:{port} cannot be listened on: {error.strerror}.") from error
            raise


def holder_of(port: int) -> str:
    """Who listens on the port, as far as this user may know."""
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and _port_of(c) == port]
        pid = next((c.pid for c in listening if c.pid is not None), None)
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid is not None else "another process"
    except psutil.Error:
        return "another process"


def _port_of(connection: object) -> int | None:
    address = getattr(connection, "laddr", ())
    return address[1] if address else None


def free_port_after(host: str, port: int) -> int | None:
    """The next port that can be taken now, None when there is none near."""
    for candidate in range(port + 1, min(port + _TRIES, 65536)):
        with _unbound(host, candidate) as probe:
            try:
                probe.bind(socket.getaddrinfo(host, candidate, probe.family, probe.type)[0][4])
            except OSError:
                continue
            return candidate
    return None


def _busy(host: str, port: int, verb: str) -> str:
    free = free_port_after(host, port)
    return (
        f"Port {port} is busy: {holder_of(port)} listens on it.\nChoose another: tidegate {verb} --port {free or '…'}"
    )


def _unbound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, _ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise Failure(f"{host} is no address: {error.strerror}. Choose another with --host.") from error
    unbound = socket.socket(family, kind, protocol)
    unbound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return unbound
