"""Bytes that are no good HTTP: floods, requests smuggled inside others, and senders who take their time."""

from collections.abc import Iterator

from tests.hostile.case import ANSWERED, CLOSED, Case, Outcome, Prey, posted

BAD, LARGE = (400, "BAD_REQUEST"), (413, "BAD_REQUEST")
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW, PAUSE = (408, "BAD_REQUEST"), 0.05
WHO = b'{"query": "{ viewer { roles } }"}'
CHUNK = b"10000\r\n%s\r\n" % (b" " * 65_536)


def head(*lines: str, start: str = "POST /graphql HTTP/1.1") -> bytes:
    return "\r\n".join((start, "Host: x", "Content-Type: application/json", *lines, "", "")).encode("latin-1")


STARTS: dict[str, tuple[bytes, Outcome]] = {
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", BAD),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
    "HTTP/3": (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", BAD),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", BAD),
    "Redis": (b"*1\r\n$4\r\nPING\r\n", BAD),
    "PostgreSQL": (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", BAD),
    "mail": (b"EHLO evil.example\r\n", BAD),
    "nothing but line ends, then a joke": (b"\r\n" * 100 + b"BREW /graphql HTTP/1.1\r\nHost: x\r\n\r\n", BAD),
    "a method in small letters": (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", BAD),
    "a method of ten thousand letters": (b"G" * 10_000 + b" / HTTP/1.1\r\n\r\n", BAD),
    "no address": (b"GET HTTP/1.1\r\nHost: x\r\n\r\n", BAD),
    "an address with a space": (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", BAD),
    "NUL in an address": (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", BAD),
    "a tunnel": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", BAD),
    "NUL in a field": (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", BAD),
    "NUL in a field's name": (b"GET / HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n", BAD),
    "a field without a colon": (b"GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n", BAD),
    "a field without a name": (b"GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n", BAD),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n", BAD),
    "a folded field": (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", BAD),
    "a bare carriage return": (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\r\n", BAD),
    "a name of a hundred thousand letters": (b"GET / HTTP/1.1\r\n" + b"x" * 100_000, BAD),
    "a field of a hundred thousand letters": (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, BAD),
    "ten thousand fields": (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(10_000)), BAD),
    "an address of a hundred thousand letters": (b"GET /" + b"x" * 100_000, BAD),
}
SMUGGLED: dict[str, tuple[tuple[bytes, ...], Outcome]] = {
    "two lengths": ((head("Content-Length: 1", "Content-Length: 2"), b"{}"), BAD),
    "two lengths in one field": ((head("Content-Length: 2, 2"), b"{}"), BAD),
    "a negative length": ((head("Content-Length: -1"),), BAD),
    "a length with a sign": ((head("Content-Length: +2"), b"{}"), BAD),
    "a length with a space in it": ((head("Content-Length: 2 2"), b"{}"), BAD),
    "a hexadecimal length": ((head("Content-Length: 0x10"),), BAD),
    "a length beyond 64 bits": ((head("Content-Length: 18446744073709551618"), b"{}"), BAD),
    "exabytes": ((head("Content-Length: 1152921504606846976"), b"{"), LARGE),
    "two megabytes": ((head("Content-Length: 2000000"), b"{"), LARGE),
    "a length and chunks": ((head("Content-Length: 4", "Transfer-Encoding: chunked"), b"0\r\n\r\n" + LIVE), BAD),
    "chunks and a length": ((head("Transfer-Encoding: chunked", "Content-Length: 4"), b"0\r\n\r\n" + LIVE), BAD),
    "an encoding that is nearly chunked": ((head("Transfer-Encoding: xchunked"), b"0\r\n\r\n"), BAD),
    "chunked, and then something else": ((head("Transfer-Encoding: chunked, identity"), b"0\r\n\r\n"), BAD),
    "two encodings": ((head("Transfer-Encoding: chunked", "Transfer-Encoding: x"), b"0\r\n\r\n"), BAD),
    "an encoding with a space before the colon": ((head("Transfer-Encoding : chunked"), b"0\r\n\r\n"), BAD),
    "an encoding behind a vertical tab": ((head("Transfer-Encoding: \x0bchunked"), b"0\r\n\r\n"), BAD),
    "a chunk that is none": ((head("Transfer-Encoding: chunked"), b"zz\r\n"), BAD),
    "a chunk of a negative size": ((head("Transfer-Encoding: chunked"), b"-1\r\n"), BAD),
    "a chunk beyond 64 bits": ((head("Transfer-Encoding: chunked"), b"fffffffffffffffff\r\n"), BAD),
    "a chunk longer than it says": ((head("Transfer-Encoding: chunked"), b"1\r\nxyz\r\n"), BAD),
    "chunks without end": ((head("Transfer-Encoding: chunked"), *(CHUNK,) * 32), LARGE),
    "a hundred thousand chunks": ((head("Transfer-Encoding: chunked"), b"1\r\n \r\n" * 100_000 + b"0\r\n\r\n"), BAD),
    "a chunk that says much of itself": (
        (head("Transfer-Encoding: chunked"), b"1;" + b"x=y;" * 20_000 + b"\r\n{\r\n0\r\n\r\n"),
        BAD,
    ),
    "fields behind the chunks": (
        (head("Transfer-Encoding: chunked"), b"1\r\n{\r\n0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"),
        BAD,
    ),
    "a body beyond what was expected of it": ((head("Expect: 100-continue", "Content-Length: 2000000"),), LARGE),
    "a request behind one that was refused": ((head("Content-Length: 2"), b"[]" + b"NONSENSE\r\n\r\n"), BAD),
}
SENDERS: dict[str, tuple[tuple[bytes, ...], Outcome]] = {
    "who says nothing": ((), CLOSED),
    "who says one letter": ((b"P",), SLOW),
    "of HTTP/0.9": ((b"GET /\r\n",), SLOW),
    "who says half a head": ((b"POST /graphql HTTP/1.1\r\nHost: x\r\n",), SLOW),
    "who sends a head a letter at a time": ((b"GET ", *(b"/" for _ in range(60))), SLOW),
    "who sends a field at a time": ((b"GET / HTTP/1.1\r\n", *(b"X: y\r\n" for _ in range(60))), SLOW),
    "who sends half a body": ((head("Content-Length: 100"), b"{"), SLOW),
    "who sends a body a letter at a time": ((head("Content-Length: 100"), *(b" " for _ in range(60))), SLOW),
    "who sends a chunk at a time": ((head("Transfer-Encoding: chunked"), *(b"1\r\n \r\n" for _ in range(60))), SLOW),
    "who announces chunks and sends none": ((head("Transfer-Encoding: chunked"),), SLOW),
    "who sends on what was refused": ((head("Content-Length: 2000000"), *(b" " for _ in range(60))), LARGE),
    "who signs in a letter at a time": (
        (head("Content-Length: 100", start="POST /auth/login HTTP/1.1"), *(b" " for _ in range(60))),
        SLOW,
    ),
    "who begins again after an answer": (
        (LIVE, b"GET / HTTP/1.1\r\n", *(b"X: y\r\n" for _ in range(60))),
        (200, ANSWERED),
    ),
}


def cases(prey: Prey) -> Iterator[Case]:
    for name, (start, outcome) in STARTS.items():
        yield Case(name, (start,), outcome)
    for name, (pieces, outcome) in SMUGGLED.items():
        yield Case(name, pieces, outcome)
    for name, (pieces, outcome) in SENDERS.items():
        yield Case(f"a sender {name}", pieces, outcome, pause=PAUSE)
    for hung, bytes_ in {"half a head": LIVE[:20], "half a body": head("Content-Length: 50") + b"{"}.items():
        yield Case(f"{hung}, and the end", (bytes_,), CLOSED, hang_up=True)
    asked = posted(prey, b"", {"Transfer-Encoding": "chunked", "Trailer": "X-Tenant"})
    behind = b"%x\r\n%s\r\n0\r\nX-Tenant: globex\r\n\r\n" % (len(WHO), WHO)
    yield Case("another tenant, named behind the body", (asked + behind,), (200, ANSWERED))
    query = posted(prey, {"query": "{ viewer { roles } }"})
    yield Case("a hundred requests at once", (query * 100,), (200, ANSWERED))
    yield Case("nonsense behind a good request", (query + b"NONSENSE\r\n\r\n",), (200, ANSWERED))
