"""Documents of a test's own, published as an operator publishes them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from uuid import uuid4

from db.directory import Directory
from db.documents import Draft, Grantee, Terms
from schema.documents import document_id
from schema.registry import Registry
from tests.support.waiting import PATIENCE

OWNER = "docs@tidegate.example"


def unique(selection: str = "viewer { tenant { slug } }", kind: str = "query") -> str:
    """A document's text that no other test has."""
    return f"{kind} Q{uuid4().hex} {{ {selection} }}"


async def publish(
    directory: Directory,
    text: str,
    grantees: Sequence[Grantee] = (),
    sunset_at: datetime | None = None,
    *,
    heard_by: Registry | None = None,
) -> str:
    """The id of the text, which is published from now on: for everybody, or for these.

    The notice of it travels apart, and who hears it forgets what was found meanwhile: a test that is about what a
    registry knows names it, and goes on when it heard.
    """
    draft = Draft(document_id(text), text, ["query Q"], ["Query.viewer"])
    async with nullcontext() if heard_by is None else _heard(heard_by, draft.id):
        await directory.documents.publish([draft], Terms(OWNER, None, grantees, sunset_at))
    return draft.id


@asynccontextmanager
async def _heard(registry: Registry, id: str) -> AsyncIterator[None]:
    """Leaves when the registry was told that the document changed. Raises TimeoutError."""
    told, tell = asyncio.Event(), registry.changed

    def hear(changed: str | None) -> None:
        tell(changed)
        if changed == id:
            told.set()

    registry.changed = hear
    try:
        yield
        async with asyncio.timeout(PATIENCE):
            await told.wait()
    finally:
        registry.changed = tell
