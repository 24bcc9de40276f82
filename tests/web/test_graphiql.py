"""The GraphiQL page and its assets as they are served, and that what is checked in was built from its sources."""

import gzip
import hashlib
import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from web.graphiql import graphiql_routes
from web.graphiql.bundle import ROOM, manifest

_REFERENCE = re.compile(r'(?:src|href|data-worker-\w+)="(graphiql/assets/[^"]+)"')
_SHIPPED_LIMIT = 2_300_000  # bytes, compressed


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=graphiql_routes()))


def _asset_named(prefix: str, suffix: str) -> str:
    return next(name for name in manifest().assets if name.startswith(prefix) and name.endswith(suffix))


def _policy(client: TestClient) -> dict[str, str]:
    header = client.get("/graphiql").headers["content-security-policy"]
    return dict(part.strip().partition(" ")[::2] for part in header.split(";"))


def test_the_page_is_html_that_is_always_asked_anew(client: TestClient) -> None:
    answer = client.get("/graphiql")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "Tidegate" in answer.text


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    text = client.get("/graphiql").text
    assert [mark for mark in ("http:", "https:", '="//') if mark in text] == []


def test_the_page_has_no_inline_script_style_or_handler(client: TestClient) -> None:
    text = client.get("/graphiql").text
    assert re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL) == [""]
    assert re.findall(r"<style|\son\w+=|\sstyle=", text) == []


def test_every_file_that_the_page_names_is_served(client: TestClient) -> None:
    names = _REFERENCE.findall(client.get("/graphiql").text)
    assert len(names) >= 6
    assert {client.get(f"/{name}").status_code for name in names} == {200}


def test_the_policy_lets_scripts_workers_and_requests_reach_only_this_process(client: TestClient) -> None:
    policy = _policy(client)
    own = ("default-src", "script-src", "connect-src", "worker-src", "font-src")
    assert {policy[name] for name in own} == {"'self'"}
    assert {policy[name] for name in ("object-src", "base-uri", "frame-ancestors")} == {"'none'"}


def test_no_style_sheet_loads_anything_from_elsewhere(client: TestClient) -> None:
    sheets = [client.get(f"/graphiql/assets/{name}").text for name in manifest().assets if name.endswith(".css")]
    targets = [a or b for sheet in sheets for a, b in re.findall(r"url\(([^)]*)\)|@import\s*([^;]+);", sheet)]
    assert targets
    assert [target for target in targets if not target.strip("\"'").startswith(("./", "data:", "#"))] == []


@pytest.mark.parametrize("encoding", ["gzip", "br;q=1, GZIP; q=0.5", "*"])
def test_an_asset_is_sent_compressed_to_who_takes_gzip(client: TestClient, encoding: str) -> None:
    name = _asset_named("graphiql-", ".js")
    with client.stream("GET", f"/graphiql/assets/{name}", headers={"Accept-Encoding": encoding}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert raw == (ROOM / "assets" / f"{name}.gz").read_bytes()


@pytest.mark.parametrize("encoding", ["identity", "br", "gzip;q=0", "gzip;q=0.000, br", "*;q=0", ""])
def test_an_asset_is_sent_plain_to_who_takes_no_gzip(client: TestClient, encoding: str) -> None:
    name = _asset_named("graphiql-", ".css")
    with client.stream("GET", f"/graphiql/assets/{name}", headers={"Accept-Encoding": encoding}) as answer:
        raw = b"".join(answer.iter_raw())
    assert "content-encoding" not in answer.headers
    assert hashlib.sha256(raw).hexdigest() == manifest().assets[name]


def test_an_asset_may_be_kept_for_ever_and_differs_by_encoding(client: TestClient) -> None:
    url = f"/graphiql/assets/{_asset_named('editor.worker-', '.js')}"
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.content == plain.content


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/assets/{script}"])
def test_nothing_is_sent_again_to_who_has_it(client: TestClient, path: str) -> None:
    url = path.format(script=_asset_named("graphiql-", ".js"))
    tag = client.get(url).headers["etag"]
    again = client.get(url, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_every_asset_names_its_media_type_and_may_not_be_taken_for_another(client: TestClient) -> None:
    answers = [client.get(f"/graphiql/assets/{name}") for name in manifest().assets]
    assert {answer.headers["content-type"].partition(";")[0] for answer in answers} == {
        *("text/javascript", "text/css", "image/svg+xml", "font/ttf", "text/plain")
    }
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}


@pytest.mark.parametrize(
    "name",
    [
        "missing.js",
        "manifest.json",
        "..%2fmanifest.json",
        "%2e%2e%2f__init__.py",
        "..%5cmanifest.json",
        "%2fetc%2fpasswd",
        "%00",
    ],
)
def test_a_name_outside_the_bundle_is_not_found(client: TestClient, name: str) -> None:
    answer = client.get(f"/graphiql/assets/{name}")
    assert (answer.status_code, answer.text) == (404, "Not Found" if "%2f" in name else "Not found\n")


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/assets/x"])
def test_only_reading_is_allowed(client: TestClient, path: str) -> None:
    assert client.post(path).status_code == 405


def test_the_built_files_are_exactly_those_of_the_manifest() -> None:
    listed = {f"{name}.gz": digest for name, digest in manifest().assets.items()}
    found = {path.name: _digest(gzip.decompress(path.read_bytes())) for path in (ROOM / "assets").iterdir()}
    assert found == listed
    assert _digest((ROOM / "index.html").read_bytes()) == manifest().page


def test_the_built_files_were_made_from_the_checked_in_sources() -> None:
    assert {name: _digest((ROOM / name).read_bytes()) for name in manifest().sources} == manifest().sources
    assert {f"src/{path.name}" for path in (ROOM / "src").iterdir()} <= set(manifest().sources)


def test_the_built_files_carry_no_time_of_their_making_and_stay_small() -> None:
    packed = [path.read_bytes() for path in (ROOM / "assets").iterdir()]
    assert {data[4:8] for data in packed} == {b"\0\0\0\0"}
    assert sum(len(data) for data in packed) < _SHIPPED_LIMIT


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
