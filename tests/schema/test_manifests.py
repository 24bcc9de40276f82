"""Files of documents: whatever tool wrote them, they come down to texts and what those are called."""

import json

import pytest

from schema.manifests import BadManifest, Entry, entries_of

TEXT = "query Q { viewer { id } }"


def test_a_text_is_one_document() -> None:
    assert entries_of("q.graphql", TEXT.encode()) == [Entry("q.graphql", TEXT)]


def test_apollos_manifest_is_read() -> None:
    operation = {"id": "ab", "name": "Q", "type": "query", "body": TEXT}
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}
    assert entries_of("m.json", json.dumps(manifest).encode()) == [Entry("m.json: Q", TEXT, "ab")]


@pytest.mark.parametrize("key", ["ab", "sha256:ab"])
def test_relays_and_codegens_files_are_read(key: str) -> None:
    assert entries_of("m.json", json.dumps({key: TEXT}).encode()) == [Entry(f"m.json: {key}", TEXT, "ab")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"{",
        b"[]",
        b'{"a": 1}',
        b'{"format": "other", "version": 1, "operations": []}',
        b'{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}',
        b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": {}}',
        b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a"}]}',
    ],
)
def test_any_other_file_is_refused_by_its_name(content: bytes) -> None:
    with pytest.raises(BadManifest, match=r"m\.json"):
        entries_of("m.json", content)
