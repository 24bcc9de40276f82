"""All rows of a list, page after page, as lines.

Theory of operation
- Each page is the route's document, run through the door that everything goes through: as its caller may at that
  moment, within a deadline of its own, paid by its rows. Between two pages nothing is held, neither a connection nor a
  row, and the next one is read when the client has taken the one before.
- The first page decides the status. What goes wrong later (a budget that is used up, rights that end, a server that
  stops) is the last line, with the cursor to go on from. All of it was told where there is no such line.
- A row is as of the moment when its page was read: this is no snapshot.
- It is on record when it is over, with the number of rows that were told.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from auth.principal import Principal
from db.audit_records import Actor, AuditRecord, Outcome
from schema.answers import Answer
from schema.errors import CODES
from schema.meter import EXPORT
from schema.routes.table import PlainRoute
from web.body import fields_of
from web.budgets import budget_fields
from web.deprecation import deprecation_fields
from web.entry import address_of
from web.hang_up import LEFT, ended_by, hang_up_of, let_go
from web.negotiation import preferred
from web.refusals import Refusal
from web.rest.endpoint import FIELDS, caller_of_route, request_of, run, send_envelope
from web.rest.envelope import enveloped, refused
from web.rest.lines import CsvLines, JsonLines, Lines, columns_of
from web.rest.openapi import spoken_name
from web.rest.variables import Values, variables_of

STALL_SECONDS = 60.0
"""How long a client may take no byte; then it is left."""


@dataclass(slots=True)
class _Told:
    """What the client has so far: rows, and the cursor behind them."""

    rows: int = 0
    cursor: str | None = None


class PlainExport:
    """An ASGI application for one path."""

    def __init__(self, route: PlainRoute) -> None:
        self._route = route
        self._list = route.root.name.value
        forms: tuple[Lines, ...] = (JsonLines(), CsvLines(columns_of(route.root, "nodes")))
        self._forms = {each.content_type: each for each in forms}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hang_up = hang_up_of(scope)
        try:
            lines, caller, values = await self._begun(scope)
            first = await self._page(scope, caller, values)
        except LEFT as error:
            let_go(error, hang_up)
            return
        except Refusal as refusal:
            await send_envelope(scope, send, refused(refusal.code, refusal.message, refusal.status), refusal.headers)
            return
        more = deprecation_fields(first.deprecation) + budget_fields(first.charge)
        if first.has_errors:
            await send_envelope(scope, send, enveloped(self._route, first, None), more)
            return
        told = _Told(cursor=values["after"])
        name = f'attachment; filename="{self._list}.{lines.extension}"'.encode()
        kind = f"{lines.content_type}; charset=utf-8".encode()
        headers = [(b"content-type", kind), (b"content-disposition", name), *FIELDS, *more]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for body in self._bodies(scope, lines, values, first, told):
                async with asyncio.timeout(STALL_SECONDS):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            if not ended_by(hang_up):
                raise
        finally:
            self._record(scope, caller, Outcome.ALLOWED, told.rows)

    async def _begun(self, scope: Scope) -> tuple[Lines, Principal, Values]:
        """Raises Refusal."""
        if scope["method"] != "GET":
            raise Refusal("BAD_REQUEST", "Send a GET.", 405, ((b"allow", b"GET"),))
        form = preferred(fields_of(scope).get(b"accept"), self._forms)
        if form is None:
            raise Refusal("BAD_REQUEST", f"Accept {' or '.join(self._forms)}.", 406)
        caller = await self._caller(scope)
        values, _ = variables_of(self._route, {}, scope["query_string"])
        return self._forms[form], caller, values

    async def _caller(self, scope: Scope) -> Principal:
        """Who asks, if that one may read in bulk. Raises Refusal."""
        caller = await caller_of_route(scope)
        if not caller.permissions.allows(EXPORT):
            self._record(scope, caller, Outcome.DENIED, 0)
            raise Refusal("FORBIDDEN", f"This needs the permission {EXPORT}.")
        return caller

    async def _page(self, scope: Scope, caller: Principal, values: Values) -> Answer:
        """Raises Refusal."""
        state = scope["app"].state
        with state.load:
            answer = await run(state.gateway, request_of(self._route, scope, values), caller)
        state.metrics.count_answer(answer.code, answer.codes)
        return answer

    async def _bodies(
        self, scope: Scope, lines: Lines, values: Values, answer: Answer, told: _Told
    ) -> AsyncIterator[bytes]:
        hang_up, draining = hang_up_of(scope), scope["app"].state.draining
        yield lines.head()
        while not answer.has_errors:
            page = orjson.loads(answer.body)["data"][self._list]
            yield lines.rows(page["nodes"])
            told.rows, told.cursor = told.rows + len(page["nodes"]), page["pageInfo"]["endCursor"] or told.cursor
            if not page["pageInfo"]["hasNextPage"] or (hang_up is not None and hang_up.happened):
                return
            try:
                if draining.is_set():
                    raise Refusal("DRAINING", CODES["DRAINING"])
                answer = await self._page(scope, await self._caller(scope), {**values, "after": told.cursor})
            except Refusal as refusal:
                yield lines.last(_ended(scope, {"code": refusal.code, "message": refusal.message}, told))
                return
        yield lines.last(_ended(scope, _why(answer), told))

    def _record(self, scope: Scope, caller: Principal, outcome: Outcome, rows: int) -> None:
        """Have it put on record what was told to whom."""
        state = scope["app"].state
        actor = Actor(
            user_id=caller.person.user_id,
            acting_as_id=None if caller.acting_for is None else caller.user_id,
            request_id=scope["state"]["request_id"],
            kind="QUERY",
            credential=caller.credential,
            key_name=caller.key_name,
            space=caller.space.value,
            operation_name=self._route.name,
            document_id=self._route.id,
            elevation_id=None if caller.elevation is None else caller.elevation.id,
            address=address_of(scope),
            denials={f"Query.{self._list}": EXPORT} if outcome is Outcome.DENIED else {},
        )
        now, action = state.authenticator.clock(), spoken_name(self._route.name)
        changes = None if outcome is Outcome.DENIED else {"rows": [None, rows]}
        state.audit.note(AuditRecord(caller.tenant.hex, actor, now, action, outcome, changes=changes))


def _why(answer: Answer) -> Mapping[str, Any]:  # Any: JSON
    """As the envelope's error has it, with the seconds after which to come back where they are known."""
    (error, *_) = orjson.loads(answer.body)["errors"]
    extensions = error["extensions"]
    after = {name: extensions[name] for name in ("retryAfter",) if name in extensions}
    return {"code": extensions["code"], "message": error["message"], **after}


def _ended(scope: Scope, error: Mapping[str, Any], told: _Told) -> Mapping[str, Any]:  # Any: JSON
    meta = {"requestId": scope["state"]["request_id"], "rows": told.rows, "nextCursor": told.cursor}
    return {"error": error, "meta": meta}
