"""Documents made ready before anybody asks: parsed, validated, judged and compiled, one at a time between requests.

What a plan depends on besides its text is which values the variables of ``@skip`` and ``@include`` have, and what is
denied: it is compiled for the role that the document was published for (else for whoever is denied nothing), with
these variables all false and all true.
The other variables are given values that will do (``schema/made_up.py``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
)

from auth.permissions import PermissionSet
from db.directory import Row
from db.errors import DatabaseError
from schema.documents import PUBLISHED, Document, DocumentCache
from schema.engine.engine import Engine
from schema.gates import Gatekeeper
from schema.made_up import values_for
from schema.meter import Meter
from schema.reference import Reference

MOST = 500
PAUSE_SECONDS = 0.01
"""Between two documents, for requests."""
AGAIN_SECONDS = 5.0
EVERYTHING = ("*",)
"""What grants everything: a plan for it is the plan of all who are denied nothing of the document."""
_log = structlog.get_logger()


class Warmer:
    """Of one gateway's caches."""

    def __init__(
        self,
        schema: GraphQLSchema,
        documents: DocumentCache,
        reference: Reference,
        gates: Gatekeeper,
        meter: Meter,
        engine: Engine | None,
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._reference = reference
        self._gates = gates
        self._meter = meter
        self._engine = engine

    async def run(self, ask: Callable[[int], Awaitable[Sequence[Row]]], roles: Mapping[str, Sequence[str]]) -> None:
        """Make the most used documents ready, as far as there is room, most used first. ``roles``: what each grants."""
        rows: Sequence[Row] | None = None
        while rows is None:
            try:
                rows = await ask(MOST)
            except DatabaseError:
                await asyncio.sleep(AGAIN_SECONDS)
        plans = 0
        for row in rows:
            if not self._documents.has_room:  # the next would push out what is used more
                break
            await asyncio.sleep(PAUSE_SECONDS)
            plans += self.prepare(row["text"], PermissionSet.of(roles.get(row["role"] or "", EVERYTHING)))
        if rows:
            _log.info("documents_ready", documents=len(rows), plans=plans)

    def prepare(self, text: str, permissions: PermissionSet) -> int:
        """Make one ready; how many plans that made: for what does not fit, or is refused, none."""
        document = self._documents.get(text, PUBLISHED)
        if not isinstance(document, Document):
            return 0
        before = len(document.plans)
        for name, node in document.operations.items():
            asked = document.conditions[name]
            for said in (False, True) if asked else (False,):
                self._compile(document, node, dict.fromkeys(asked, said), permissions)
        return len(document.plans) - before

    def _compile(
        self, document: Document, node: OperationDefinitionNode, said: Mapping[str, bool], permissions: PermissionSet
    ) -> None:
        variables = {**values_for(self._schema, node), **said}
        execution = self._reference.prepare(document, node, variables)
        if isinstance(execution, list):
            return
        self._meter.cost_of(document, execution, permissions)
        verdict = self._gates.judge_again(document, execution, permissions)
        if self._engine is not None and not verdict.refused and not verdict.needs_sign_in:
            self._engine.compile(document, execution, verdict.denied, verdict.masked)
