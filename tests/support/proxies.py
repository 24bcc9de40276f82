"""The proxies of docs/deploy/ by their recipes, before a server of the tests: only addresses and files are others."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.house.source import ROOT
from tests.support.waiting import until_answered

DEPLOY = ROOT / "docs" / "deploy"
HOST = "tides.example"
_TEMPORARY = " ".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
_CADDY = "{{\n admin off\n auto_https disable_redirects\n}}\n{site}"


def write_nginx(folder: Path, port: int, plain_port: int, upstream: int) -> list[str]:
    """The command that runs nginx in the foreground by its recipe."""
    _make_certificate(folder)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8").replace(f"/etc/ssl/{HOST}", str(folder))
    site = site.replace("listen 80;", f"listen 127.0.0.1:{plain_port};").replace(
        "listen 443 ", f"listen 127.0.0.1:{port} "
    )
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    whole = f"daemon off; master_process off; pid pid; events {{}}\nhttp {{ access_log off; {_TEMPORARY}\n{site}\n}}\n"
    (folder / "whole.conf").write_text(whole, encoding="utf-8")
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "whole.conf")]


def write_caddy(folder: Path, port: int, _plain_port: int, upstream: int) -> list[str]:
    """The same for Caddy."""
    _make_certificate(folder)
    site = (DEPLOY / "Caddyfile").read_text(encoding="utf-8").replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    tls = f"\ttls {folder}/fullchain.pem {folder}/privkey.pem\n"
    site = site.replace(f"\n{HOST} {{\n", f"\nhttps://{HOST}:{port} {{\n{tls}")
    (folder / "Caddyfile").write_text(_CADDY.format(site=site), encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


WRITERS = {"nginx": write_nginx, "caddy": write_caddy}


def _left_out(name: str) -> pytest.MarkDecorator:
    absent = shutil.which(name) is None and os.environ.get("CI") != "true"
    return pytest.mark.skipif(absent, reason=f"{name} is not installed: left out what comes through it")


PROXIES = [pytest.param(name, marks=_left_out(name)) for name in WRITERS]
"""A test's parameters: those that are installed. Under CI=true none is left out."""


@asynccontextmanager
async def proxied(name: str, folder: Path, upstream: int) -> AsyncIterator[int]:
    """A proxy before a server on this machine, on a port for TLS."""
    assert shutil.which(name), f"{name} is not installed: under CI=true it may not be left out"
    port, plain = free_port(), free_port()
    command = WRITERS[name](folder, port, plain, upstream)
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=nothing, stderr=nothing)
    try:
        await until_answered(partial(_listens, port))
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """Nobody's, a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _make_certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tides")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(private)
