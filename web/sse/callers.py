"""The callers of the connections that are open here: what happens to their rights happens to what they are told.

A connection is found by its public name (``X-Tidegate-Stream``, or the key of its reservation) to give it another
credential.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from auth.authenticate import Claim, Credentials
from auth.principal import Principal
from auth.rights import Rights, Watch
from auth.watched import Lost
from schema.execute import Gateway
from schema.live.frames import NO_LONGER, Ending, EndReason
from schema.live.member import Member
from web.sse.outlet import Outlet

STREAM_NAME = b"x-tidegate-stream"
"""The header that names an open stream: on its answer, and on the request that renews it."""

_log = structlog.get_logger()


class Connection:
    """One connection and its caller, from ``Callers.enter`` to ``close``."""

    def __init__(self, callers: "Callers", name: str, outlet: Outlet, changed: Callable[[Principal], None]) -> None:
        self.name = name
        self.watch: Watch | None = None
        self._callers = callers
        self._outlet = outlet
        self._changed = changed

    def change_rights(self, principal: Principal) -> None:
        """Every operation goes on under the new permissions, or ends."""
        self._changed(principal)
        for feed in self._outlet.feeds:
            if isinstance(feed, Member):
                self._callers.judge_again(feed, principal)

    def lose_rights(self, reason: Lost) -> None:
        """Every operation ends and says why, and so does the connection."""
        message = NO_LONGER if reason is Lost.FORBIDDEN else None
        code = Lost.SESSION_REVOKED if reason is Lost.SESSION_ROTATED else reason
        ending = Ending(EndReason(reason.value), code.value, message=message)
        for feed in self._outlet.feeds:
            if isinstance(feed, Member):
                feed.finish(ending)
        self._outlet.end(ending)

    def close(self) -> None:
        """It is over."""
        self._callers.leave(self)


class Callers:
    """One a process."""

    def __init__(self, rights: Rights, gateway: Gateway) -> None:
        self._gateway = gateway
        self._rights = rights
        self._open: dict[str, Connection] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._open

    def enter(
        self,
        name: str,
        outlet: Outlet,
        credentials: Credentials,
        principal: Principal,
        changed: Callable[[Principal], None] = lambda principal: None,
    ) -> Connection:
        """Watch over the caller of a connection that opens; ``changed`` is told what it may do from now on, before its
        operations are judged again. Raises BadToken, BadSession.
        """
        connection = self._open[name] = Connection(self, name, outlet, changed)
        try:
            connection.watch = self._rights.watch(credentials, principal, connection)
        except BaseException:
            del self._open[name]
            raise
        return connection

    def judge_again(self, member: Member, principal: Principal) -> None:
        """Whatever goes wrong ends the one stream and disturbs no other."""
        try:
            self._gateway.judge_again(member, principal)
        except Exception as error:
            _log.error("unexpected_error", exc_info=error)
            member.finish(Ending(EndReason.FAILED))

    def leave(self, connection: Connection) -> None:
        """Its connection is over; twice is once."""
        self._open.pop(connection.name, None)
        if connection.watch is not None:
            connection.watch.close()

    def renew(self, name: str, claim: Claim, principal: Principal) -> datetime | None:
        """Let a connection go on by another credential of its own user and tenant: until when. None for anybody else,
        and when there is no such connection.
        """
        connection = self._open.get(name)
        if connection is None or connection.watch is None or not connection.watch.renew(claim, principal):
            return None
        connection.change_rights(connection.watch.principal)
        return connection.watch.ends_at
