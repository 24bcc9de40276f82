"""Registered documents on the wire: by id in every client's way, for those they are for, and for nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2
import pytest

from auth.document_policy import DocumentPolicy
from auth.key_desk import NewKey, bind_key, create_key
from auth.permissions import PermissionSet
from db.documents import FIND, Grantee
from schema.directives import Sunset
from schema.documents import document_id
from schema.requests import OperationRequest
from schema.root import schema
from tests.support.registry import publish, unique
from tests.support.server import GRAPHQL, JSON, STREAM, Front, serving, settings_for
from tests.support.waiting import until
from web.sse.posted import Posted, as_text, from_text

Send = Callable[[Front, str, dict[str, str]], Any]  # Any: an awaitable response
STREAMED = "orderEvents { type }"


async def tenant_of(front: Front, slug: str = "acme") -> str:
    row = await front.database.directory.tenant_by_slug(slug)
    assert row is not None
    return str(row["id"])


async def key_of(front: Front, documents: DocumentPolicy) -> dict[str, str]:
    """The credential of a key of acme's admin, bound to documents."""
    directory = front.database.directory
    user = await directory.user_by_email("admin@acme.example")
    assert user is not None
    held = PermissionSet.of(["orders:*"])
    new = NewKey("docs", ("orders:read",), documents=documents)
    made = await create_key(directory, await tenant_of(front), user["id"], held, new)
    return {"Authorization": f"Bearer {made.text}"}


def code_of(response: httpx2.Response) -> str:
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])


def posted(**body: object) -> Send:
    return lambda front, id, headers: front.client.post("/graphql", json=_filled(body, id), headers=headers)


def _filled(body: Any, id: str) -> Any:  # Any: JSON
    if isinstance(body, dict):
        return {name: _filled(value, id) for name, value in body.items()}
    return body.replace("ID", id) if isinstance(body, str) else body


def got(path: str) -> Send:
    return lambda front, id, headers: front.client.get(path.replace("ID", id), headers=headers)


APOLLO = {"persistedQuery": {"version": 1, "sha256Hash": "ID"}}
WAYS = {
    "documentId": posted(documentId="sha256:ID"),
    "relay": posted(doc_id="ID"),
    "apollo": posted(extensions=APOLLO),
    "get": got("/graphql?documentId=sha256:ID"),
    "path": got("/graphql/sha256:ID"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_published_document_runs_by_its_id_and_is_asked_for_once(front: Front, way: str) -> None:
    text, mine = unique(), [Grantee(await tenant_of(front))]
    id = await publish(front.database.directory, text, mine, heard_by=front.app.state.documents)
    headers = await front.bearer("viewer")
    by_text = await front.post(text, headers=headers)
    first = await WAYS[way](front, id, headers)
    asked: list[str] = []
    front.database.directory.observer = asked.append
    again = await WAYS[way](front, id, headers)
    front.database.directory.observer = None
    assert by_text.json() == first.json() == again.json() == {"data": {"viewer": {"tenant": {"slug": "acme"}}}}
    assert FIND.sql not in asked  # others, such as uses, are counted in the background


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", ["nobody", "globex", "unknown"])
async def test_it_is_there_for_nobody_else(front: Front, way: str, who: str) -> None:
    id = await publish(front.database.directory, unique(), [Grantee(await tenant_of(front))])
    headers = {} if who == "nobody" else await front.bearer("admin", "globex" if who == "globex" else "acme")
    if who == "unknown":
        id = "f" * 64
    old = await WAYS[way](front, id, {"Accept": JSON, **headers})
    new = await WAYS[way](front, id, {"Accept": GRAPHQL, **headers})
    assert (old.status_code, new.status_code) == (404 if way == "path" else 200, 404)
    assert [error["message"] for error in old.json()["errors"]] == ["PersistedQueryNotFound"]
    assert (code_of(old), code_of(new)) == ("PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND")


async def test_a_text_that_does_not_hash_to_its_id_is_refused(front: Front) -> None:
    body = {"query": "{ __typename }", "documentId": "sha256:" + "0" * 64}
    response = await front.client.post("/graphql", json=body)
    assert (response.status_code, code_of(response)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")


async def test_what_is_retired_runs_no_more_and_its_streams_end(front: Front) -> None:
    directory = front.database.directory
    text = unique(STREAMED, "subscription")
    id = await publish(directory, text)
    headers = {"Accept": STREAM, **await front.bearer()}
    async with front.client.stream("POST", "/graphql", json={"documentId": id}, headers=headers) as stream:
        assert stream.status_code == 200
        await until(lambda: len(front.app.state.gateway.groups.members) > 0)
        await directory.documents.retire([id])
        told = "".join([chunk async for chunk in stream.aiter_text()])
    assert "DOCUMENT_NOT_ALLOWED" in told
    again = await front.client.post("/graphql", json={"documentId": id}, headers=await front.bearer())
    assert (again.status_code, code_of(again)) == (403, "DOCUMENT_NOT_ALLOWED")


@pytest.mark.parametrize(("policy", "published"), [("REGISTERED", True), ("TRUSTED", True), ("TRUSTED", False)])
async def test_a_bound_key_runs_what_is_registered_by_id_or_text_and_nothing_else(
    front: Front, policy: str, published: bool
) -> None:
    key, text = await key_of(front, DocumentPolicy[policy]), unique("orders(first: 1) { nodes { number } }")
    if published:
        await publish(front.database.directory, text, [Grantee(await tenant_of(front))])
    response = await front.post(text, headers=key)
    ran = len(response.json().get("data", {}).get("orders", {}).get("nodes", []))
    assert (response.status_code, ran) == ((200, 1) if published else (403, 0))
    free = await front.post(unique(), headers=key)
    assert (free.status_code, code_of(free)) == (403, "DOCUMENT_NOT_ALLOWED")


async def test_a_key_that_is_bound_meanwhile_runs_no_other_text_and_its_streams_end(front: Front) -> None:
    key = await key_of(front, DocumentPolicy.AD_HOC)
    name = key["Authorization"].removeprefix("Bearer ")[:16]
    body, headers = {"query": unique(STREAMED, "subscription")}, {"Accept": STREAM, **key}
    async with front.client.stream("POST", "/graphql", json=body, headers=headers) as stream:
        assert (stream.status_code, (await front.post("{ __typename }", headers=key)).status_code) == (200, 200)
        await bind_key(front.database.directory, await tenant_of(front), name, DocumentPolicy.TRUSTED)
        told = "".join([chunk async for chunk in stream.aiter_text()])
    assert "DOCUMENT_NOT_ALLOWED" in told
    assert (await front.post("{ __typename }", headers=key)).status_code == 403


async def test_a_refused_document_is_on_record(front: Front) -> None:
    key = await key_of(front, DocumentPolicy.TRUSTED)
    assert (await front.post("{ __typename }", headers=key)).status_code == 403
    await front.app.state.audit.settle()
    assert front.dsns is not None
    connection = await asyncpg.connect(front.dsns.superuser)
    try:
        name = key["Authorization"].removeprefix("Bearer ")[:16]
        row = await connection.fetchrow("SELECT * FROM audit_log WHERE key_name = $1", name)
    finally:
        await connection.close()
    assert row is not None
    assert (row["kind"], row["action"], row["outcome"]) == ("ENTRY", "runDocument", "DENIED")
    assert row["document_id"] == document_id("{ __typename }")


async def test_a_mutation_by_get_is_refused_by_its_id_too(front: Front) -> None:
    text = unique(
        'createOrder(input: {customerId: "cus_0", currency: "USD", items: []}) { userErrors { code } }', "mutation"
    )
    id = await publish(front.database.directory, text)
    response = await front.client.get(f"/graphql/sha256:{id}", headers=await front.bearer())
    assert (response.status_code, response.headers["allow"], "data" in response.json()) == (405, "POST", False)


async def test_who_has_the_answer_of_a_documents_path_is_told_so(front: Front) -> None:
    id, headers = await publish(front.database.directory, unique()), await front.bearer()
    first = await front.client.get(f"/graphql/sha256:{id}", headers=headers)
    tag = first.headers["etag"]
    again = await front.client.get(f"/graphql/sha256:{id}", headers={**headers, "If-None-Match": f'"x", {tag}'})
    assert (first.headers["cache-control"], first.status_code) == ("private, no-cache", 200)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    globex = await front.client.get(
        f"/graphql/sha256:{id}", headers={**await front.bearer("admin", "globex"), "If-None-Match": tag}
    )
    assert globex.json() == {"data": {"viewer": {"tenant": {"slug": "globex"}}}}


async def test_single_connection_mode_runs_documents_by_id(front: Front) -> None:
    id, headers = await publish(front.database.directory, unique()), await front.bearer()
    token = (await front.client.put("/graphql/stream", headers=headers)).text
    headers["X-GraphQL-Event-Stream-Token"] = token
    async with front.client.stream("GET", "/graphql/stream", headers={**headers, "Accept": STREAM}) as stream:
        for known, status in ((id, 202), ("f" * 64, 404)):
            body = {"documentId": f"sha256:{known}", "extensions": {"operationId": known[:8]}}
            assert (await front.client.post("/graphql/stream", json=body, headers=headers)).status_code == status
        async for line in stream.aiter_lines():
            if line.startswith("data: {"):
                assert '"slug":"acme"' in line
                break


async def test_exactly_who_uses_what_is_deprecated_is_told(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = schema()._schema.type_map["Order"].fields["notes"]  # type: ignore[attr-defined]  # an object type
    monkeypatch.setattr(notes, "deprecation_reason", "Use remarks.")
    monkeypatch.setattr(notes.extensions["strawberry-definition"], "directives", [Sunset(since="2026-11-01")])
    assert front.dsns is not None
    async with serving(settings_for(front.dsns)) as other:
        headers, ends = await front.bearer(), datetime(2099, 12, 31, tzinfo=UTC)
        old = await other.post("{ orders(first: 1) { nodes { notes } } }", headers=headers)
        new = await other.post("{ orders(first: 1) { nodes { number } } }", headers=headers)
        assert (old.headers["deprecation"], "sunset" in old.headers) == ("@1793491200", False)
        assert not {"deprecation", "sunset"} & {*new.headers}
        id = await publish(front.database.directory, unique(), sunset_at=ends)
        ending = await other.client.get(f"/graphql/sha256:{id}", headers=headers)
        assert (ending.headers["sunset"], "deprecation" in ending.headers) == ("Thu, 31 Dec 2099 00:00:00 GMT", False)
        document = "subscription { orderEvents { order { notes } } }"
        fields = {"Accept": STREAM, **headers}
        async with other.client.stream("POST", "/graphql", json={"query": document}, headers=fields) as stream:
            assert stream.headers["deprecation"] == "@1793491200"


async def test_a_hash_of_apollos_is_registered_where_that_is_allowed(front: Front) -> None:
    assert front.dsns is not None
    text, headers = unique(), await front.bearer()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": document_id(text)}}
    async with serving(settings_for(front.dsns, persisted_queries="register")) as other:

        async def by_hash(**more: str) -> httpx2.Response:
            return await other.client.post("/graphql", json={"extensions": extensions, **more}, headers=headers)

        assert code_of(await by_hash()) == "PERSISTED_QUERY_NOT_FOUND"
        assert "data" in (await by_hash(query=text)).json()
        await until(lambda: not other.app.state.gateway._admission._tasks)
        assert (await by_hash()).json() == {"data": {"viewer": {"tenant": {"slug": "acme"}}}}
        await other.app.state.uses.settle()
        (row,) = await other.database.directory.documents.all(document_id(text))
        assert (row["count"], row["published_at"], row["grants"]) == (1, None, ["acme"])


def test_what_a_document_is_known_as_travels_between_workers() -> None:
    known = OperationRequest(
        "{ id }", None, None, None, "req", document_id="0a", level=DocumentPolicy.TRUSTED, sunset=7
    )
    found = from_text(as_text(Posted("op", known), "k"), "k")
    assert found is not None
    assert found.request == known
