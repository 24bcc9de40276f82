"""Requests that another instance signed: taken once, for the member that its subject is mapped to; all others refused
alike.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from http_message_signatures import algorithms
from structlog.testing import capture_logs

from tests.support.database import Server
from tests.support.members import past_every_door
from tests.support.peers import COVERED, HOME, Envelope, Letter, new_key, peer_of, pem_of, seal
from tests.support.server import STREAM, Front, open_front
from tests.support.waiting import until

WHO = "{ viewer { user { email } roles tenant { slug } } }"
RING = 'mutation { announce(input: {kind: NOTICE, text: "Ahoy"}) { announcement { id } userErrors { code } } }'
NORTH, SOUTH, OFF, STRANGER = (new_key() for _ in range(4))
CURVE, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
PEERS = (
    peer_of(NORTH),
    peer_of(SOUTH, "south"),
    peer_of(OFF, "off", enabled=False),
    peer_of(CURVE, "curve", algorithm="ecdsa-p256-sha256"),
    peer_of(RSA, "rsa", algorithm="rsa-pss-sha512"),
)
ANN, BO = Letter(NORTH, WHO), Letter(NORTH, RING, subject="bo")
REFUSED = "The signature of this request is not valid here."


@pytest.fixture(scope="module")
async def house(server: Server) -> AsyncIterator[Front]:
    async with open_front(await server.create(uuid4().hex), peers=PEERS, public_url=HOME) as front:
        yield front


async def send(front: Front, envelope: Envelope) -> httpx2.Response:
    return await front.client.request(
        envelope.method, "/graphql", content=envelope.body, headers=list(envelope.headers.items())
    )


async def rung(front: Front) -> int:
    return int((await past_every_door(front, "SELECT count(*) FROM announcements"))[0]["count"])


@pytest.mark.parametrize(
    "letter",
    [
        ANN,
        ANN.changed(age=80),  # its clock is behind
        ANN.changed(age=-25),
        ANN.changed(life=60),
        ANN.changed(key=CURVE, key_id="curve-1", algorithm=algorithms.ECDSA_P256_SHA256),
        ANN.changed(key=RSA, key_id="rsa-1", algorithm=algorithms.RSA_PSS_SHA512),
        ANN.changed(headers={"X-Tenant": "acme"}, covered=(*COVERED, "x-tenant")),
        ANN.changed(headers={"Date": "now"}, covered=(*COVERED, "date", "content-type")),
        ANN.changed(headers={"X-Role": "admin", "X-Tidegate-Roles": "admin"}, covered=(*COVERED, "x-role")),
    ],
)
async def test_a_subject_is_the_member_it_is_mapped_to_whatever_roles_it_claims(house: Front, letter: Letter) -> None:
    answer = await send(house, seal(letter))
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["viewer"] == {
        "user": {"email": "viewer@acme.example"},
        "roles": ["viewer"],
        "tenant": {"slug": "acme"},
    }
    refused = (await send(house, seal(letter.changed(document=RING)))).json()
    assert [each["extensions"]["code"] for each in refused["errors"]] == ["FORBIDDEN"]


async def test_what_a_peer_asks_is_on_record_as_its_doing(house: Front) -> None:
    before = await rung(house)
    assert (await send(house, seal(BO))).json()["data"]["announce"]["userErrors"] == []
    assert await rung(house) == before + 1
    await send(house, seal(ANN))
    await house.app.state.audit.settle()
    sql = "SELECT action FROM audit_log WHERE credential = 'PEER' AND key_name = 'north' AND outcome = 'ALLOWED'"
    assert {row["action"] for row in await past_every_door(house, sql)} == {"announce", "viewer"}


Tamper = Callable[[], Envelope]


def _flipped() -> Envelope:
    envelope = seal(BO)
    text = envelope.headers["Signature"]
    envelope.headers["Signature"] = text[:8] + ("A" if text[8] != "A" else "B") + text[9:]
    return envelope


def _other_body(*, digested: bool) -> Envelope:
    envelope, other = seal(BO), seal(BO.changed(document=RING.replace("Ahoy", "Oops")))
    envelope.body = other.body
    if digested:
        envelope.headers["Content-Digest"] = other.headers["Content-Digest"]
    return envelope


def _with(**headers: str) -> Envelope:
    envelope = seal(BO)
    envelope.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    return envelope


def _without(*names: str) -> Envelope:
    envelope = seal(BO)
    for name in names:
        del envelope.headers[name]
    return envelope


def _uncovered(name: str) -> Envelope:
    return seal(BO.changed(covered=tuple(each for each in COVERED if each != name)))


def _without_created() -> Envelope:
    envelope = seal(BO)
    parts = envelope.headers["Signature-Input"].split(";")
    envelope.headers["Signature-Input"] = ";".join(part for part in parts if not part.startswith("created="))
    return envelope


def _twice() -> Envelope:
    envelope, other = seal(BO), seal(BO)
    for name in ("Signature", "Signature-Input"):
        envelope.headers[name] += ", " + other.headers[name].replace("sig1", "sig2", 1)
    return envelope


def _swapped() -> Envelope:
    """Keyed with what everybody knows: the public key."""
    secret = pem_of(NORTH).encode()
    return seal(BO.changed(key=secret, algorithm=algorithms.HMAC_SHA256))


TAMPERS: dict[str, Tamper] = {
    "bad signature": _flipped,
    "wrong digest": lambda: _other_body(digested=False),
    "other body and its digest": lambda: _other_body(digested=True),
    "unknown digest": lambda: _with(Content_Digest="md5=:AAAAAAAAAAAAAAAAAAAAAA==:"),
    **{f"missing {name}": partial(_uncovered, name) for name in COVERED},
    "missing tenant": lambda: seal(BO.changed(headers={"X-Tenant": "acme"})),
    "another tenant": lambda: seal(BO.changed(headers={"X-Tenant": "globex"}, covered=(*COVERED, "x-tenant"))),
    "old": lambda: seal(BO.changed(age=95)),
    "future": lambda: seal(BO.changed(age=-35)),
    "expired": lambda: seal(BO.changed(age=45, life=10)),
    "too long": lambda: seal(BO.changed(life=61)),
    "ends before it begins": lambda: seal(BO.changed(life=-1)),
    "no time": _without_created,
    "no nonce": lambda: seal(BO.changed(nonce=None)),
    "short nonce": lambda: seal(BO.changed(nonce="x" * 15)),
    "long nonce": lambda: seal(BO.changed(nonce="x" * 129)),
    "unknown key": lambda: seal(BO.changed(key_id="north-9")),
    "a stranger's key": lambda: seal(BO.changed(key=STRANGER)),
    "another peer's key": lambda: seal(BO.changed(key=SOUTH)),
    "peer disabled": lambda: seal(BO.changed(key=OFF, key_id="off-1")),
    "algorithm swapped for an HMAC": _swapped,
    "algorithm swapped": lambda: seal(BO.changed(key=RSA, algorithm=algorithms.RSA_PSS_SHA512)),
    "algorithm renamed": lambda: _with(
        Signature_Input=seal(BO).headers["Signature-Input"].replace('alg="ed25519"', 'alg="rsa-pss-sha512"')
    ),
    "another purpose": lambda: seal(BO.changed(tag="web-bot-auth")),
    "no purpose": lambda: seal(BO.changed(tag=None)),
    "another instance": lambda: seal(BO.changed(url="https://other.example/graphql")),
    "another path": lambda: seal(BO.changed(url=f"{HOME}/graphql?x=1")),
    "another method": lambda: replace(seal(BO.changed(method="PUT")), method="POST"),
    "another subject": lambda: _with(X_Tidegate_Subject="ann"),
    "subject unknown": lambda: seal(BO.changed(subject="admin@acme.example")),
    "subject without a user": lambda: seal(BO.changed(subject="gone")),
    "no subject": lambda: _without("X-Tidegate-Subject"),
    "unsigned": lambda: _without("Signature", "Signature-Input", "Content-Digest"),
    "no signature": lambda: _without("Signature"),
    "other label": lambda: _with(Signature=seal(BO).headers["Signature"].replace("sig1", "sig9")),
    "malformed": lambda: _with(Signature_Input='sig1=("@method";tag="tidegate"'),
    "no list": lambda: _with(Signature_Input='sig1="x";tag="tidegate";keyid="north-1"'),
    "no bytes": lambda: _with(Signature="sig1=north"),
    "huge": lambda: _with(Signature_Input="sig1=(" + '"a" ' * 5_000 + ');tag="tidegate"'),
    "two signatures": _twice,
}


@pytest.mark.parametrize("name", TAMPERS)
async def test_what_is_not_signed_as_it_must_be_is_refused_alike_and_nothing_is_written(
    house: Front, name: str
) -> None:
    envelope, before = TAMPERS[name](), await rung(house)
    with capture_logs() as logged:
        answer = await send(house, envelope)
    assert answer.status_code == 401, answer.text
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["message"]) == ("UNAUTHENTICATED", REFUSED)
    assert "data" not in answer.json()
    assert await rung(house) == before
    (line,) = [each for each in logged if each["event"] == "peer_refused"]
    assert line["address"] == "127.0.0.1"
    assert line["reason"]
    assert envelope.headers.get("Signature", "no signature").removeprefix("sig1=:") not in str(logged)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Tidegate-Subject", "bo"),
        ("X-Tidegate-Subject", "ann"),
        ("X-Tenant", "globex"),
        ("Content-Digest", "sha-256=:AAAA:"),
        ("Signature", "sig1=:AAAA:"),
    ],
)
async def test_a_header_that_is_given_twice_makes_nobody_of_the_caller(
    house: Front, name: str, value: str, *, first: bool
) -> None:
    envelope = seal(ANN.changed(headers={"X-Tenant": "acme"}, covered=(*COVERED, "x-tenant")))
    fields = [*envelope.headers.items()]
    fields.insert(0 if first else len(fields), (name, value))
    answer = await house.client.post("/graphql", content=envelope.body, headers=fields)
    assert answer.status_code == 401, answer.text
    assert "data" not in answer.json()


async def test_the_log_says_who_and_why(house: Front) -> None:
    with capture_logs() as logged:
        await send(house, seal(BO.changed(age=95)))
        await send(house, seal(BO.changed(key=STRANGER, key_id="x" * 500)))
    known, unknown = [each for each in logged if each["event"] == "peer_refused"]
    assert (known["peer"], known["key_id"], known["subject"]) == ("north", "north-1", "bo")
    assert (unknown["peer"], len(unknown["key_id"]), unknown["reason"]) == (None, 300, "unknown key")


async def test_a_request_is_taken_once(house: Front) -> None:
    envelope, before = seal(BO), await rung(house)
    answers = await asyncio.gather(*(send(house, envelope) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    assert await rung(house) == before + 1
    nonce = uuid4().hex  # another peer may have the same
    for key, key_id in ((NORTH, "north-1"), (SOUTH, "south-1")):
        assert (await send(house, seal(ANN.changed(key=key, key_id=key_id, nonce=nonce)))).status_code == 200
    assert (await send(house, seal(ANN.changed(nonce=nonce)))).status_code == 401


async def test_a_member_who_is_gone_is_gone_for_peers_at_once(house: Front) -> None:
    sql = "UPDATE users SET disabled_at = {} WHERE email = 'viewer@acme.example'"
    assert (await send(house, seal(ANN))).status_code == 200
    await past_every_door(house, sql.format("now()"))
    try:
        assert (await send(house, seal(ANN))).status_code == 401
    finally:
        await past_every_door(house, sql.format("NULL"))
    assert (await send(house, seal(ANN))).status_code == 200


async def test_a_peer_is_bound_to_networks_as_its_tenant_is(house: Front) -> None:
    sql = "UPDATE tenants SET address_lists = $1::jsonb WHERE slug = 'acme'"
    assert (await send(house, seal(ANN))).status_code == 200
    await past_every_door(house, sql, '{"*": ["203.0.113.0/24"]}')
    try:
        assert (await send(house, seal(ANN))).status_code == 401
    finally:
        await past_every_door(house, sql, "{}")


async def test_a_signed_request_has_one_credential_one_method_and_one_path(house: Front) -> None:
    before = await rung(house)
    for headers in (await house.bearer(), await house.cookie()):
        assert (await send(house, _with(**headers))).status_code == 400
    for path, method in (("/graphql/stream", "POST"), ("/graphql", "GET")):
        envelope = seal(BO)
        answer = await house.client.request(method, path, content=envelope.body, headers=envelope.headers)
        assert answer.status_code >= 400
        assert answer.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "UNAUTHENTICATED"}
    assert await rung(house) == before


async def test_a_signed_request_opens_no_stream(house: Front) -> None:
    letter = ANN.changed(document="subscription { orderEvents { id } }", headers={"Accept": STREAM})
    answer = await send(house, seal(letter))
    assert answer.status_code == 403
    await until(lambda: house.open_streams == 0)


async def test_without_peers_every_signed_request_is_refused(front: Front) -> None:
    answer = await send(front, seal(BO))
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["message"] == REFUSED
    third_party = seal(ANN.changed(tag="web-bot-auth"))
    del third_party.headers["X-Tidegate-Subject"]
    third_party.headers |= await front.bearer("viewer")
    assert (await send(front, third_party)).json()["data"]["viewer"]["user"]["email"] == "viewer@acme.example"
