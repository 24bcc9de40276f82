"""Who subscribes to what in each work, and how it is run."""

import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice

from tests.bench.streams_crowd import Stream
from tests.bench.streams_people import Crowded, conditions, of_order, question, request
from tests.bench.streams_return import Return, come_back
from tests.bench.streams_ticker import Ticks
from tests.bench.streams_works import PRODUCT, Delivery, Idle, Stage, deliver, sit_idle

FEW = 100
"""Streams that are open before an idle one's memory is counted: what the first ones warm up is no stream's."""
RETURN_TENANTS = 5


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. ``rate`` is events a second, ``seconds`` how long they go on."""

    subscribers: int = 1_000
    filters: int = 100
    idle: int = 10_000
    returning: int = 5_000
    alone: int = 200
    rate: float = 20.0
    seconds: float = 10.0
    idle_seconds: float = 25.0


QUICK = Size(subscribers=200, filters=20, idle=1_000, returning=500, alone=40, seconds=3.0, idle_seconds=13.0)


def every(_: int) -> bool:
    """A stream that all events concern."""
    return True


def equal_streams(tenant: Crowded, count: int) -> list[Stream]:
    """Of many users, all with the same subscription."""
    return [Stream(request(bearer), every) for bearer in islice(cycle(tenant.bearers), count)]


def filtered_streams(tenant: Crowded, count: int, filters: int) -> list[Stream]:
    """In so many different filters, each of which every event matches."""
    wheres = cycle(conditions(filters))
    return [Stream(request(bearer, next(wheres)), every) for bearer in islice(cycle(tenant.bearers), count)]


def narrow_streams(tenant: Crowded, count: int, filters: int) -> list[Stream]:
    """In so many different filters, each of which matches the events of one order of many."""
    orders = tenant.feeder.orders
    wants = [partial(_turn, of=len(orders), at=place) for place in range(len(orders))]
    wheres = cycle(enumerate(conditions(filters)))
    return [
        Stream(request(bearer, where | of_order(orders[number % len(orders)])), wants[number % len(orders)])
        for bearer, (number, where) in zip(islice(cycle(tenant.bearers), count), wheres, strict=False)
    ]


def _turn(number: int, *, of: int, at: int) -> bool:
    return number % of == at


def ticks(size: Size, stage: Stage, tenants: int = 1) -> Ticks:
    """Events at the size's rate, for as long as it says, committed in the first tenants in turn. No two runs of a
    week use a number twice: notes that stay as they are would be no change, and no frame.
    """
    first = int(time.time() * 1_000) % 900_000_000 + 1
    feeders = tuple(each.feeder for each in stage.tenants[:tenants])
    return Ticks(first, int(size.rate * size.seconds), size.rate, feeders=feeders, core=stage.cores.rest)


def run_equal(stage: Stage, size: Size) -> Delivery:
    with stage.server(PRODUCT) as server:
        return deliver(stage, server, equal_streams(stage.tenants[0], size.subscribers), ticks(size, stage))


def run_bare(stage: Stage, size: Size, name: str, frame: str) -> Delivery:
    """The same bytes to as many sockets, by a program that does nothing else."""
    with stage.server(name) as server:
        given = replace(ticks(size, stage), feeders=(), port=server.port, frame=frame)
        return deliver(stage, server, equal_streams(stage.tenants[0], size.subscribers), given)


def run_filtered(stage: Stage, size: Size) -> Delivery:
    with stage.server(PRODUCT) as server:
        streams = filtered_streams(stage.tenants[0], size.subscribers, size.filters)
        return deliver(stage, server, streams, ticks(size, stage))


def run_narrow(stage: Stage, size: Size) -> Delivery:
    with stage.server(PRODUCT) as server:
        streams = narrow_streams(stage.tenants[0], size.subscribers, size.filters)
        return deliver(stage, server, streams, ticks(size, stage))


def run_alone(stage: Stage, size: Size) -> Delivery:
    """One subscriber on an idle system, events now and then."""
    with stage.server(PRODUCT) as server:
        given = replace(ticks(size, stage), count=size.alone, rate=10.0, uneven=True)
        return deliver(stage, server, equal_streams(stage.tenants[0], 1), given)


def run_idle(stage: Stage, size: Size, name: str = PRODUCT) -> Idle:
    """Spread over all tenants."""
    with stage.server(name) as server:
        each = [equal_streams(tenant, size.idle // len(stage.tenants)) for tenant in stage.tenants]
        few = [streams.pop() for streams in each for _ in range(FEW // len(each))]
        return sit_idle(server, few, [stream for streams in each for stream in streams], size.idle_seconds)


def run_return(stage: Stage, size: Size) -> Return:
    """Of a few tenants, in which events go on all the time."""
    tenants = stage.tenants[:RETURN_TENANTS]
    streams = []
    for place, tenant in enumerate(tenants):
        wants = partial(_turn, of=len(tenants), at=place)
        bearers = islice(cycle(tenant.bearers), size.returning // len(tenants))
        streams += [Stream(request(bearer), wants) for bearer in bearers]
    given = replace(ticks(size, stage, len(tenants)), count=100_000)
    return come_back(stage, streams, given, question(stage.tenants[-1].bearers[0]))
