"""The files of docs/deploy/: what matters in them is there, and programs that are installed take what is theirs."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import pages
from tests.house.source import ROOT
from tests.support.proxies import DEPLOY, PROXIES, WRITERS
from web.cli.workers import STOP_SECONDS
from web.settings import Settings, env_name

STREAMS = ("/graphql", "/graphql/stream", "/graphql/sha256:ab", "/v1/stream/events")
_ENVIRONMENT = re.compile(r"\b(?:TIDEGATE_[A-Z_]+|DATABASE_[A-Z_]+URL|DATABASE_URL|REDIS_URL)\b")


def text(name: str) -> str:
    """A file without its comments."""
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def blocks(name: str) -> Iterator[tuple[str, str]]:
    """The locations of nginx's recipe: what they match, and what they say."""
    return ((found[1], found[2]) for found in re.finditer(r"location ([^{]+?) \{(.*?)\}", text(name), re.DOTALL))


def seconds(said: str) -> int:
    found = re.search(rf"^\s*{said}[ =](\d+)s?;?$", text("nginx.conf") + text("tidegate.service"), re.MULTILINE)
    assert found is not None, said
    return int(found[1])


def test_nginx_speaks_http_2_to_browsers_and_holds_no_stream_back() -> None:
    assert re.search(r"listen 443 ssl http2;", text("nginx.conf"))
    assert 'proxy_set_header Connection "";' in text("nginx.conf")
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in text("nginx.conf")
    (pattern, said), *more = [block for block in blocks("nginx.conf") if block[0].startswith("~ ")]
    assert not more
    assert all(re.search(pattern.removeprefix("~ "), path) for path in STREAMS)
    assert not re.search(pattern.removeprefix("~ "), "/graphiql")
    assert {"proxy_buffering off;", "proxy_cache off;", "gzip off;"} <= {line.strip() for line in said.splitlines()}
    assert seconds("proxy_read_timeout") > 2 * Settings().ping_seconds


def test_no_proxy_lets_anybody_outside_see_the_metrics() -> None:
    assert "return 404;" in dict(blocks("nginx.conf"))["= /metrics"]
    assert "respond @metrics 404" in text("Caddyfile")


def test_caddy_neither_compresses_streams_nor_forgets_who_hangs_up() -> None:
    assert "reverse_proxy 127.0.0.1:8000" in text("Caddyfile")
    assert not {"encode", "flush_interval", "trusted_proxies"} & set(text("Caddyfile").split())


def test_the_unit_gives_streams_the_time_and_the_files_that_they_need() -> None:
    assert seconds("TimeoutStopSec") > Settings().drain_seconds + STOP_SECONDS
    assert seconds("LimitNOFILE") > 2 * Settings().streams
    assert {"KillMode=mixed", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(text("tidegate.service").split())
    assert "ExecStart=/opt/tidegate/.venv/bin/tidegate migrate" in text("tidegate-migrate.service")


def test_the_container_runs_as_nobody_from_locked_packages() -> None:
    said = text("Containerfile")
    assert "--require-hashes --requirement requirements.lock" in said
    assert re.findall(r"^USER (\d+)$", said, re.MULTILINE) == ["10001"]
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", said, re.MULTILINE) for name in line.split()}
    assert {"auth", "db", "resolvers", "schema", "web"} <= copied
    assert not [name for name in copied if not (ROOT / name).exists()]


def test_every_setting_that_a_page_names_is_one() -> None:
    known = {env_name(field) for field in Settings.model_fields}
    read = {page: set(_ENVIRONMENT.findall(page.read_text(encoding="utf-8"))) for page in [*pages(), *DEPLOY.iterdir()]}
    assert not {page.name: named - known for page, named in read.items() if named - known}


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_takes_its_recipe(name: str, tmp_path: Path) -> None:
    command = WRITERS[name](tmp_path, 18443, 18080, 8000)
    tried = [*command, "-t"] if name == "nginx" else [command[0], "adapt", *command[2:]]
    done = subprocess.run(tried, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
