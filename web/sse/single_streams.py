"""The open streams of single connection mode that this worker holds, and the way to those of other workers.

Theory of operation
- A reservation is in ``db/reservations.py``. Who opens its stream claims it for this worker, which renews the lease
  for as long as the stream is open, and at once when Redis is back.
- An operation goes to the stream if it is here; else to the reservation, which keeps it, if nobody has claimed that;
  else to the worker that has the stream, whose answer is the answer (``web/sse/relay.py``).
- Only the stream's own user, tenant and session can reach it, from any worker. An operation runs with the rights of
  the stream's caller, who is the same; no credentials travel between workers.
- While Redis is gone streams that are here go on, and are reached here.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from auth.principal import Principal
from db.bus import Bus
from db.errors import DatabaseError, NoSuchReservation, ReservationTaken, Unavailable
from db.reservations import LEASE_SECONDS, Holder, Reservation, Reservations
from db.tasks import end
from schema.answers import Answer
from schema.execute import Gateway
from web.sse.entrance import Entrance
from web.sse.posted import ACCEPTED, STOPPED, Outcome, Posted, as_text, from_text
from web.sse.relay import Relay
from web.sse.resumption import RESUME_SECONDS
from web.sse.seal import Seal
from web.sse.single_stream import SingleStream

_log = structlog.get_logger()


class SingleStreams:
    """One a worker; ``start`` before the first request. ``bus`` is None where there is no other worker."""

    def __init__(
        self, gateway: Gateway, entrance: Entrance, reservations: Reservations, bus: Bus | None, seal: Seal
    ) -> None:
        self.reservations = reservations
        self._gateway = gateway
        self._entrance = entrance
        self._seal = seal
        self._open: dict[str, SingleStream] = {}
        self.relay = None if bus is None else Relay(bus, seal, self._serve)
        self._name = "here" if self.relay is None else self.relay.name
        self._renewing: asyncio.Task[None] | None = None
        self._renew_now = asyncio.Event()

    async def start(self) -> None:
        if self.relay is not None:
            await self.relay.start(self._renew_now.set)
            self._renewing = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        if self.relay is not None:
            await self.relay.stop()
        if self._renewing is not None:
            await end(self._renewing)

    async def open(self, key: str, holder: Holder, principal: Principal, last_event_id: str | None) -> SingleStream:
        """The reservation's stream, to be given back to ``release``. Raises NoSuchReservation, ReservationTaken,
        Unavailable.
        """
        claim = await self.reservations.claim(key, holder, self._name)
        resume_after = last_event_id or _still_counts(claim.reservation)
        stream = self._open[key] = SingleStream(self._gateway, self._entrance, key, holder, principal, resume_after)
        await self._entrance.expect(principal, len(claim.kept))
        for sealed in claim.kept:
            text = self._seal.open(sealed)
            posted = None if text is None else from_text(text, key)
            if posted is not None:
                stream.start_kept(posted)
        return stream

    async def release(self, stream: SingleStream) -> None:
        """Its connection is over, and so is its reservation."""
        self._open.pop(stream.key, None)
        await stream.aclose()
        try:
            await self.reservations.release(stream.key, stream.holder, self._name)
        except Unavailable:
            _log.info("reservation_left_to_its_end")
        await stream.settle()

    def become(self, stream: SingleStream, principal: Principal) -> None:
        """The stream's caller has other rights, or comes by another credential from now on."""
        stream.become(principal)
        self._renew_now.set()  # its lease says by whose

    async def operate(self, key: str, holder: Holder, principal: Principal, posted: Posted) -> Outcome:
        """Raises NoSuchReservation, Duplicate, TooMany, Unavailable."""
        stream = self._here(key, holder)
        if stream is not None:
            return await stream.start(posted)
        reservation = await self.reservations.find(key, holder)
        if reservation.owner is None:
            kind = self._gateway.judge(posted.request, principal)
            if isinstance(kind, Answer):
                return Outcome.of(kind)
            posted = posted.resumed_after(_still_counts(reservation))
            try:
                sealed = self._seal.close(as_text(posted, key))
                await self.reservations.keep(key, holder, posted.operation_id, sealed)
                return ACCEPTED
            except ReservationTaken:  # meanwhile
                return await self.operate(key, holder, principal, posted)
        return await self._ask(reservation.owner, "start", key, holder, posted.to_json())

    async def stop_operation(self, key: str, holder: Holder, operation_id: str) -> Outcome:
        """Raises NoSuchReservation, Unavailable."""
        stream = self._here(key, holder)
        if stream is not None:
            return await stream.stop(operation_id)
        reservation = await self.reservations.find(key, holder)
        if reservation.owner is None:
            try:
                await self.reservations.drop(key, holder, operation_id)
                return STOPPED
            except ReservationTaken:  # meanwhile
                return await self.stop_operation(key, holder, operation_id)
        return await self._ask(reservation.owner, "stop", key, holder, {"operation_id": operation_id})

    def _here(self, key: str, holder: Holder) -> SingleStream | None:
        stream = self._open.get(key)
        if stream is not None and stream.holder != holder:
            raise NoSuchReservation("somebody else's")
        return stream

    async def _ask(
        self,
        owner: str,
        verb: str,
        key: str,
        holder: Holder,
        what: Mapping[str, Any],  # Any: JSON
    ) -> Outcome:
        if self.relay is None or owner == self._name:
            raise NoSuchReservation("its stream has just ended")
        whose = {"user_id": holder.user_id, "tenant_id": holder.tenant_id, "session": holder.session}
        answer = await self.relay.ask(owner, {"verb": verb, "key": key, "holder": whose, "what": what})
        if answer.get("gone"):
            raise NoSuchReservation("its stream has just ended")
        return Outcome.from_json(answer)

    async def _serve(self, question: Mapping[str, Any]) -> Mapping[str, Any]:  # Any: JSON
        """What another worker asks for a stream that is here."""
        try:
            stream = self._here(question["key"], Holder(**question["holder"]))
        except NoSuchReservation:
            stream = None
        if stream is None:
            return {"gone": True}
        if question["verb"] == "stop":
            outcome = await stream.stop(question["what"]["operation_id"])
        else:
            outcome = await stream.start(Posted.from_json(question["what"]))
        return outcome.to_json()

    async def _renew(self) -> None:
        failing = False
        while True:
            try:
                async with asyncio.timeout(LEASE_SECONDS / 3):
                    await self._renew_now.wait()
            except TimeoutError:
                pass
            self._renew_now.clear()
            try:
                await self.reservations.renew({key: each.holder for key, each in self._open.items()}, self._name)
                failing = False
            except DatabaseError as error:  # again in a moment; the streams go on
                if not failing:
                    _log.warning("leases_not_renewed", error=type(error).__name__)
                failing = True


def _still_counts(reservation: Reservation) -> str | None:
    return reservation.resume_after if reservation.age < RESUME_SECONDS else None
