"""From the command to the first answered query: ``tidegate demo`` on an empty folder, then again on what it left."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection

from rich.console import Console
from rich.table import Table

from tests.bench.servers import ROOT

FOLDER = ROOT / ".tidegate" / "bench-demo"
PATIENCE_SECONDS = 300.0
WARM_RUNS = 3
_PASSWORD = "a password for the benchmark"
_QUERY = "{ orders(first: 25) { nodes { id number } totalCount totalCountIsEstimate } }"


class NoAnswer(Exception):
    """The demo ended, or did not answer in time; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Start:
    """``listening`` and ``answered`` are seconds since the command; ``orders`` is what the answer counted."""

    name: str
    listening: float
    answered: float
    orders: int


def main(console: Console) -> list[Start]:
    """One first run and some warm ones; the folder is removed before and after."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        starts = [_start("first run: makes PostgreSQL, migrates, seeds")]
        starts += [_start(f"warm run {turn}") for turn in range(1, WARM_RUNS + 1)]
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    table = Table("tidegate demo", title="From the command to the first answer", title_justify="left")
    for heading in ("listening after", "first answer after", "orders"):
        table.add_column(heading, justify="right")
    for start in starts:
        table.add_row(start.name, f"{start.listening:.2f} s", f"{start.answered:.2f} s", f"{start.orders:,}")
    console.print(table)
    console.print("Goal: a warm start answers within 6 s.", highlight=False)
    return starts


def _start(name: str) -> Start:
    port = _free_port()
    log = FOLDER / "demo.log"
    environment = os.environ | {"TIDEGATE_DATA_DIR": str(FOLDER / "data"), "TIDEGATE_DEMO_PASSWORD": _PASSWORD}
    command = [sys.executable, "-c", "from web.cli import main; main()", "demo", "--port", str(port)]
    with log.open("wb") as said:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            return _watch(name, process, port, began)
        except NoAnswer as error:
            raise NoAnswer(f"{error}\n{log.read_text(errors='replace')[-2_000:]}") from None
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _watch(name: str, process: "subprocess.Popen[bytes]", port: int, began: float) -> Start:
    listening = 0.0
    while time.monotonic() - began < PATIENCE_SECONDS:
        if process.poll() is not None:
            raise NoAnswer("the demo ended")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            listening = listening or time.monotonic() - began
            orders = _ask(connection)
            return Start(name, listening, time.monotonic() - began, orders)
        except OSError:
            time.sleep(0.02)
    raise NoAnswer(f"the demo did not answer within {PATIENCE_SECONDS:g} s")


def _ask(connection: HTTPConnection) -> int:
    """Sign in as a person would, and ask for the first page."""
    email = {"email": "admin@acme.example", "password": _PASSWORD}
    connection.request("POST", "/auth/login", json.dumps(email), {"content-type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
    headers = {"content-type": "application/json", "cookie": cookie, "x-tidegate-csrf": "1"}
    connection.request("POST", "/graphql", json.dumps({"query": _QUERY}), headers)
    body = json.loads(connection.getresponse().read())
    if "errors" in body or not body["data"]["orders"]["nodes"]:
        raise NoAnswer(f"no orders in the answer: {said[:300]!r} {body}")
    return int(body["data"]["orders"]["totalCount"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
