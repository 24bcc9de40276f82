"""All cases against one server, and what is wrong with how it took them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.faults.books import Books
from tests.faults.target import INNARDS
from tests.hostile import bodies, documents, fields, plain, streams, wire
from tests.hostile.case import CLOSED, NOBODY, Case, Prey
from tests.hostile.sending import PATIENCE, Reply, send
from tests.hostile.server import Attacked
from tests.support.database import Dsns
from tests.support.waiting import until

KINDS = {
    "documents": documents.cases,
    "bodies and values": bodies.cases,
    "fields and addresses": fields.cases,
    "bytes and senders": wire.cases,
    "streams": streams.cases,
    "plain routes": plain.cases,
}
WARMING = 3
"""Rounds in which a server comes to hold what it keeps to use again: documents and refusals, within their bounds."""
FLAT = 3.0
"""Megabytes that a server may have grown by in the rounds after those."""
_SECRETS = ("graphql-core", "SELECT ", "root:x:", "evil.example", "postgres")
_PAGE = {"query": "{ orders(first: 5, orderBy: [{field: NUMBER}]) { nodes { id number version } totalCount } }"}


@dataclass(frozen=True, slots=True)
class Result:
    """A case and its answer; ``faults`` is empty when all is well."""

    kind: str
    case: Case
    reply: Reply
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What may not differ before and after."""

    rows: Mapping[str, int]
    page: str
    memory: float = field(compare=False)
    files: int = field(compare=False)
    """Connections among them: whoever was hung up on is closed in the end."""


@dataclass(frozen=True, slots=True)
class Account:
    """What came of all rounds. ``log``: the lines that tell of an error or a secret."""

    results: list[Result]
    before: State
    after: State
    log: list[str]

    @property
    def faults(self) -> list[str]:
        """All that is wrong, a sentence each."""
        found = [f"{each.case.name}: {fault}" for each in self.results for fault in each.faults]
        found += [f"the log says {line}" for line in self.log]
        if self.before != self.after:
            found.append(f"it left something behind: {self.before} became {self.after}")
        if self.after.memory - self.before.memory > FLAT:
            found.append(f"the memory is not flat: {self.before.memory:.0f} MB became {self.after.memory:.0f} MB")
        return found


def all_cases(prey: Prey = NOBODY) -> Iterator[tuple[str, Case]]:
    """Every case with its kind."""
    for kind, cases in KINDS.items():
        yield from ((kind, case) for case in cases(prey))


async def attack(server: Attacked) -> list[Result]:
    """One round. Whoever takes their time takes it at the same time."""
    cases = list(all_cases(server.prey))
    slow = [asyncio.create_task(send(server.port, case)) for _, case in cases if case.pause]
    replies = iter(await asyncio.gather(*slow))
    return [
        _judged(kind, case, next(replies) if case.pause else await send(server.port, case), server.prey)
        for kind, case in cases
    ]


async def besiege(
    server: Attacked, dsns: Dsns, rounds: int, warming: int = WARMING, tell: Callable[[str], object] = str
) -> Account:
    """Rounds of attack after those that warm it."""
    for number in range(warming):
        tell(f"warming: round {number + 1} of {warming} …")
        await attack(server)
    before = await state_of(server, dsns)
    results: list[Result] = []
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds} …")
        results += await attack(server)
    await until(lambda: server.files <= before.files + 1)  # the one that asks for the state
    return Account(results, before, await state_of(server, dsns), server.errors())


async def state_of(server: Attacked, dsns: Dsns) -> State:
    """Of a server that nobody asks anything any more."""
    headers = {"Authorization": server.prey.bearer}
    page = (await server.client.post("/graphql", json=_PAGE, headers=headers)).text
    assert (await server.client.get("/health/ready")).status_code == 200
    books = await Books.open(dsns)
    try:
        rows = await books.rows()
        rows["audit_log"] -= await books.denials()
    finally:
        await books.close()
    return State(rows, page, server.memory, server.files)


def _judged(kind: str, case: Case, reply: Reply, prey: Prey) -> Result:
    return Result(kind, case, reply, tuple(_faults(case, reply, prey)))


def _faults(case: Case, reply: Reply, prey: Prey) -> Iterator[str]:
    if reply.missing:
        yield f"no answer within {PATIENCE:g} s"
        return
    status, code = case.outcome
    codes = {code} if code else set()
    if (reply.status, reply.codes) != (status, codes):
        yield f"answered {reply.status} {' '.join(sorted(reply.codes)) or '-'}, not {status} {code or '-'}"
    if case.outcome != CLOSED and reply.request_ids - {reply.fields.get("x-request-id")}:
        yield "an error names another request"
    told = reply.raw.decode("latin-1")
    shown = [each for each in (*INNARDS, *_SECRETS, prey.bearer, prey.cookie) if each in told]
    if shown:
        yield f"it shows {shown}"
