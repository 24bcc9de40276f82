"""A real server at its most talkative, asked in every way with every kind of secret, also wrong ones: none of them is
in its log, its traces, its metrics, or what it tells the hook for errors.
"""

import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from secrets import token_hex, token_urlsafe
from urllib.parse import quote, quote_plus

import pytest

from auth.invitations import make_invitation
from auth.key_desk import NewKey, create_key
from auth.operators import member_of, reset_password
from auth.password_reset import make_reset
from auth.passwords import Passwords
from tests.support.collector import Collector, open_collector
from tests.support.logs import logged
from tests.support.members import EVENTS, Person, person
from tests.support.peers import HOME, Letter, new_key, peer_of, seal
from tests.support.people import CountingHasher
from tests.support.server import SECRET, STREAM, Front, serving, settings_for
from tests.support.single import TOKEN, reserved
from tests.support.waiting import until
from web.error_hook import Context
from web.traces import Traces

PASSWORD, WRONG, NEW = "hunter2 is my password", "hunter3 was my password", "lamp drift onion peel"
PRIVATE = "the patient's own words"
PAGE = "query Mine($s: String) { orders(first: 1, search: $s) { pageInfo { endCursor } nodes { id } } }"
NOTE = "mutation Note($id: ID!, $n: String!) { updateOrder(input: {id: $id, notes: $n}) { userErrors { code } } }"
METRICS, KEY = "a token for metrics alone", new_key()
REPORTS: list[tuple[BaseException, Context]] = []


def report(error: BaseException, context: Context) -> None:
    """The hook."""
    REPORTS.append((error, context))


class Seen:
    """Collects the secrets that were used, and finds them again."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def note(self, *secrets: str | None) -> None:
        """In every spelling that a text may have of them."""
        for secret in filter(None, secrets):
            assert len(secret) > 10
            self._secrets |= {secret, quote(secret), quote_plus(secret), repr(secret)[1:-1]}

    def in_text(self, text: str) -> list[str]:
        """The lines with a secret."""
        return [line for line in text.splitlines() if any(secret in line for secret in self._secrets)]

    def in_bytes(self, raw: bytes) -> list[str]:
        return [secret for secret in self._secrets if secret.encode() in raw]


@pytest.fixture(scope="module")
async def collector() -> AsyncIterator[Collector]:
    async with open_collector(OTEL_EXPORTER_OTLP_HEADERS=f"api-key={'h' * 40}") as collector:
        yield collector


@pytest.fixture(scope="module")
async def talkative(front: Front, collector: Collector) -> AsyncIterator[Front]:
    """The same database, served by one who takes everything for slow, and tells everybody."""
    assert front.dsns is not None
    settings = settings_for(
        front.dsns,
        slow_seconds=0,
        metrics_token=METRICS,
        error_hook=f"{__name__}:report",
        public_url=HOME,
        peers=(peer_of(KEY),),
    )
    async with serving(settings, tracing=Traces()) as served:
        yield Front(served.app, served.server, served.client, served.port, front.dsns)


@contextmanager
def broken(front: Front) -> Iterator[None]:
    """Inside, no operation runs, for a reason that nobody foresaw."""

    async def fail(*_arguments: object) -> None:
        raise ArithmeticError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(front.app.state.gateway.engine), "run", fail)
        yield


async def sign_in(front: Front, who: Person, seen: Seen) -> None:
    """By a password, by links, and by what is none."""
    seen.note(PASSWORD, WRONG, NEW)
    post = front.client.post
    await reset_password(who.directory, Passwords(CountingHasher()), who.email, PASSWORD)
    for password in (WRONG, PASSWORD):
        answer = await post("/auth/login", json={"email": who.email, "password": password})
        seen.note(answer.headers.get("set-cookie", "").partition("=")[2].partition(";")[0])
    await post("/auth/login", json={"email": PASSWORD, "password": who.email})
    await post("/auth/login", content=f"password={WRONG}", headers={"Content-Type": "text/plain"})
    link = (await make_reset(who.directory, who.email)).token
    made = await make_invitation(who.directory, who.tenant.hex, "zoe@new.example", ["viewer"], who.id)
    for path, token in (("reset", link), ("invitation", made.token if made else None), ("reset", f"tgr_{'w' * 43}")):
        seen.note(token)
        await front.client.get(f"/auth/{path}", params={"token": token or ""})
        await post(f"/auth/{path}", data={"token": token, "password": NEW, "again": NEW, "name": "Zoë"})
    front.client.cookies.clear()


async def credentials(who: Person, seen: Seen) -> list[dict[str, str]]:
    """Good and bad ones, each as header fields."""
    member = await member_of(who.directory, who.email, "acme")
    assert member.permissions is not None
    key = await create_key(who.directory, who.tenant.hex, who.id, member.permissions, NewKey("Depot", ("orders:read",)))
    bearer, (cookie, _) = await who.bearer(), await who.session()
    values = [bearer["Authorization"].split()[1], key.text, "z" * 40, f"{key.text[:-7]}aaaaaaa", token_urlsafe(32)]
    secret = cookie["Cookie"].partition("=")[2]
    seen.note(*values, secret)
    hosts = {**cookie, "Cookie": f"__Host-tidegate={secret}; other={values[-1]}"}
    basic = {"Authorization": f"Basic {values[-1]}"}
    return [*({"Authorization": f"Bearer {value}"} for value in values), cookie, hosts, basic]


async def ask(front: Front, who: Person, headers: dict[str, str], seen: Seen) -> None:
    """Reads, changes and nonsense."""
    seen.note(PRIVATE)
    answer = await front.post(PAGE, {"s": None}, headers=headers)
    if (answer.json().get("data") or {}).get("orders"):
        cursor = answer.json()["data"]["orders"]["pageInfo"]["endCursor"]
        seen.note(cursor)
        await front.post(f'{{ orders(first: 1, after: "{cursor}") {{ nodes {{ id }} }} }}', headers=headers)
    await front.post(PAGE, {"s": PRIVATE}, headers=headers)
    await front.post(NOTE, {"id": f"ord_{who.order}", "n": PRIVATE}, headers=headers)
    await front.post(NOTE, {"id": PRIVATE, "n": None}, headers=headers)
    await front.post(f'{{ orders(first: 1, search: "{PRIVATE}', headers=headers)
    await front.get({"query": PAGE, "variables": f'{{"s": "{PRIVATE}"}}'}, headers=headers)
    with broken(front):
        await front.post(PAGE, {"s": PRIVATE}, headers=headers)


async def follow(front: Front, who: Person, seen: Seen) -> None:
    """Streams by a token in the address, by a reservation, and from a cursor."""
    bearer = await who.bearer()
    token = (await front.client.post("/auth/stream-token", headers=bearer)).json()["token"]
    single = await reserved(front, bearer)
    seen.note(bearer["Authorization"].split()[1], token, single.token)
    async with single.open() as stream:
        await single.post("1", PAGE, {"s": PRIVATE})
        await stream.wait_for_next()
    await front.client.post("/graphql/stream/renew", headers={**bearer, TOKEN: single.token}, json={"token": "q" * 40})
    for given, last in ((token, None), (token[:-3] + "xyz", None), (token, "v" * 60)):
        seen.note(given, last)
        params = {"query": EVENTS, "streamToken": given}
        fields = {"Accept": STREAM} | ({} if last is None else {"Last-Event-ID": last})
        async with front.client.stream("GET", "/graphql", params=params, headers=fields) as response:
            async for line in response.aiter_lines():
                if line.startswith((":", "event: complete")):
                    break


async def signed(front: Front, seen: Seen) -> None:
    """By a peer, and by one that only says so."""
    for key in (KEY, new_key()):
        front.client.cookies.clear()
        envelope = seal(Letter(key, PAGE, nonce=(nonce := token_hex(16))))
        seen.note(nonce, envelope.headers["Signature"].partition("=")[2].strip(":"))
        for _ in range(2):
            await front.client.post("/graphql", content=envelope.body, headers=envelope.headers)


async def test_no_secret_is_in_what_a_server_tells_of_itself(talkative: Front, collector: Collector) -> None:
    seen, who, last = Seen(), await person(talkative, "admin"), {"X-Request-Id": token_hex(8)}
    seen.note(SECRET, METRICS, "h" * 40)
    with logged(level="debug") as lines:
        await sign_in(talkative, who, seen)
        for headers in await credentials(who, seen):
            await ask(talkative, who, headers, seen)
        await follow(talkative, who, seen)
        await signed(talkative, seen)
        nowhere = {"token": "z" * 40, "password": PASSWORD, "code": "c" * 40}
        seen.note(nowhere["code"])
        await talkative.client.get("/auth/callback/tide", params=nowhere, headers=last)
        await talkative.client.get("/metrics", headers={"Authorization": f"Bearer {'m' * 30}"})
        page = (await talkative.client.get("/metrics", headers={"Authorization": f"Bearer {METRICS}"})).text
        await until(lambda: bool(collector.of(last["X-Request-Id"])) and bool(REPORTS))
    told = "\n".join(f"{context}\n{''.join(traceback.format_exception(error))}" for error, context in REPORTS)
    for expected in ('"slow_operation"', '"request"', '"operation"', '"unexpected_error"', '"peer_refused"'):
        assert f'"event":{expected}' in lines.getvalue()
    assert 'tidegate_error_hook_total{outcome="told"}' in page
    assert {"query", "subscription", "mutation"} <= {span.name for span in collector.spans}
    assert not seen.in_text(lines.getvalue())
    assert not seen.in_text(page)
    assert not seen.in_text(told)
    assert not seen.in_bytes(collector.raw)
