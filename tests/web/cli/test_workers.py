"""Several processes on one socket."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.support.command_line import ROOT
from web.cli.failures import Failure
from web.cli.workers import Work, Workers


def answer_with_pid(bound: socket.socket) -> None:
    """A worker: tells each caller its process id, until SIGTERM ends it."""
    bound.listen()
    while True:
        caller, _ = bound.accept()
        with caller:
            caller.sendall(str(os.getpid()).encode())


def take_leave(bound: socket.socket) -> None:
    """A worker that has something to do before it ends."""

    def leave(number: int, frame: object) -> None:
        time.sleep(0.5)
        print("ended", flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    answer_with_pid(bound)


def die_at_once(bound: socket.socket) -> None:
    """A worker that cannot start."""
    sys.exit(7)


def supervise(work: Work = answer_with_pid, stop_seconds: float = 20) -> None:
    """A supervisor of two workers; prints its port."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        print(bound.getsockname()[1], flush=True)
        Workers(2, bound, work, stop_seconds).run()


def ask(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        return int(connection.recv(100))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_they_share_the_socket_and_stop_with_their_supervisor(number: signal.Signals) -> None:
    code = "from tests.web.cli.test_workers import supervise; supervise()"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        port = int(supervisor.stdout.readline())
        worker = ask(port)
        assert worker != supervisor.pid
        supervisor.send_signal(number)
        assert supervisor.wait(timeout=20) == 0
    assert not alive(worker)


@pytest.mark.parametrize(("seconds", "ended"), [(0.1, False), (20, True)])
def test_they_are_given_their_time_to_stop_and_no_more(seconds: float, ended: bool) -> None:
    code = f"from tests.web.cli.test_workers import supervise, take_leave; supervise(take_leave, {seconds})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        worker = ask(int(supervisor.stdout.readline()))
        supervisor.send_signal(signal.SIGTERM)
        said, _ = supervisor.communicate(timeout=20)
    assert ("ended" in said) is ended
    assert not alive(worker)


def test_a_worker_that_dies_at_its_start_ends_all_with_a_reason() -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals are set in the main thread only")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        started = time.monotonic()
        with socket.create_server(("127.0.0.1", 0)) as bound, pytest.raises(Failure, match="stopped with code 7"):
            Workers(1, bound, die_at_once).run()
        assert time.monotonic() - started < 60
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
