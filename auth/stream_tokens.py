"""Tokens for one purpose: to open an event stream by GET, where a browser sends an address and nothing else.

A token is sealed under a key of ours. Inside is what the credential says that it was made by, and until when the stream
must be opened. So a stream that it opens is that credential's: of the same tenant, and over with the session, the token
or the key. Nothing of it opens anything else, and nothing is stored.
"""

import json
from datetime import datetime, timedelta

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from auth.claims import Claim, claim_from_json, claim_to_json
from auth.errors import BadToken
from auth.keyring import Keyring

LIFE = timedelta(seconds=60)
LONGEST = 4_096
_PURPOSE = "stream token"
_SEALED = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS = ["dir", "A256GCM"]


def seal_stream_token(keyring: Keyring, claim: Claim, now: datetime) -> tuple[str, datetime]:
    """A token for streams of the credential that says ``claim``, and until when one can be opened with it."""
    until = now + LIFE
    inside = json.dumps({"claim": claim_to_json(claim), "until": until.timestamp()})
    key = OctKey.import_key(keyring.keys(_PURPOSE)[0])
    return jwe.encrypt_compact(_SEALED, inside, key, algorithms=_ALGORITHMS), until


def open_stream_token(keyring: Keyring, token: str, now: datetime) -> Claim:
    """What the credential said that the token was made by. Raises BadToken."""
    for key in keyring.keys(_PURPOSE) if len(token) <= LONGEST and token.isascii() else ():
        try:
            opened = jwe.decrypt_compact(token, OctKey.import_key(key), algorithms=_ALGORITHMS)
            inside = json.loads(opened.plaintext or b"")
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            continue
        if now.timestamp() >= inside["until"]:
            raise BadToken("expired", "The stream token has expired: it opens a stream within a minute.")
        return claim_from_json(inside["claim"])
    raise BadToken("stream token")
