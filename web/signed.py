"""Requests that another instance signed: read here, judged in ``auth/federation.py``, and told of when refused."""

from datetime import datetime

import structlog
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from auth.errors import BadSignature
from auth.federation import SUBJECT, TAG, Federation, SignedRequest
from auth.principal import Principal
from auth.records import note
from db.audit_records import Actor, AuditRecord, Outcome
from db.errors import QueryTimeout, Unavailable
from web.body import Fields, read_json_body
from web.entry import address_of
from web.parameters import Parameters, from_body
from web.refusals import Refusal

PATH = "/graphql"
_SUBJECT, _MEANT = SUBJECT.encode(), f'tag="{TAG}"'.encode()
_log = structlog.get_logger()


def is_signed(fields: Fields) -> bool:
    """Whether the request means to come from another instance: it names a subject, or a signature of it is for us."""
    return _SUBJECT in fields or (b"signature-input" in fields and _MEANT in fields[b"signature-input"])


async def admit_signed(scope: Scope, receive: Receive, fields: Fields) -> tuple[Parameters, Principal]:
    """What is asked for, and the member whom it is for. Raises Refusal, ClientGone."""
    if scope["method"] != "POST" or scope["path"] != PATH:
        raise Refusal("BAD_REQUEST", f"A signed request is a POST to {PATH}.")
    if b"authorization" in fields or b"cookie" in fields:
        raise Refusal("BAD_REQUEST", "A signed request carries no other credential.")
    body = await read_json_body(fields, receive)
    state = scope["app"].state
    federation: Federation = state.federation
    try:
        caller = await federation.admit(_signed_request(scope), body, address_of(scope))
    except BadSignature as error:
        _tell(scope, error)
        raise Refusal(error.code, error.message) from None
    except Unavailable:
        raise Refusal("OVERLOADED", "Too many requests at once. Try again in a moment.") from None
    except QueryTimeout:
        raise Refusal("OPERATION_TIMEOUT", "Finding out who is calling took too long.") from None
    return from_body(body), caller


def _signed_request(scope: Scope) -> SignedRequest:
    """As the signer addressed it: our own address is what the settings say, whatever Host says."""
    settings = scope["app"].state.settings
    query = scope["query_string"].decode("latin-1")
    url = f"{(settings.public_url or '').rstrip('/')}{PATH}{'?' + query if query else ''}"
    return SignedRequest(scope["method"], url, Headers(raw=scope["headers"]))


def _tell(scope: Scope, error: BadSignature) -> None:
    """Once in the log, and on record; what was sent is cut to what can be printed."""
    state, address = scope["app"].state, note(address_of(scope))
    told = {"key_id": note(error.key_id), "subject": note(error.subject), "reason": note(error.reason)}
    _log.warning("peer_refused", peer=error.peer, address=address, **told)
    now: datetime = state.authenticator.clock()
    actor = Actor(
        None, scope["state"]["request_id"], "SIGN_IN", credential="PEER", key_name=error.peer, address=address
    )
    changes = {"reason": [None, told["reason"]], "subject": [None, told["subject"]]}
    state.audit.note(AuditRecord(error.tenant_id, actor, now, "federate", Outcome.DENIED, changes=changes))
