"""Bearer tokens of our own: signed statements of who is meant, for which tenant, until when.

What they grant is looked up, never written in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry

from auth.errors import BadToken
from auth.keyring import Keyring
from auth.spaces import USUAL, Space
from db.ids import BadId, hex_of, new_id, public_id

ISSUER = AUDIENCE = "tidegate"
ALGORITHMS = ["HS256"]
LEEWAY_SECONDS = 5
LONGEST_TOKEN = 8_192
LONGEST_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says. Ids are 32 hex digits."""

    user_id: str
    tenant_id: str
    token_id: str
    credentials_version: int | None
    """The user's when the token was issued; None for another issuer's, which knows no passwords of ours."""
    expires_at: datetime
    bound: bool = False
    """Whether it is good for its tenant alone."""
    space: Space = USUAL


def sign_token(
    keyring: Keyring,
    user_id: str,
    tenant_id: str,
    now: datetime,
    life: timedelta,
    credentials_version: int = 1,
    *,
    space: Space = USUAL,
) -> str:
    """A token for that user and tenant. Raises ValueError for a life that is not between zero and ``LONGEST_LIFE``."""
    if not timedelta(0) < life <= LONGEST_LIFE:
        raise ValueError(f"a token lives for at most {LONGEST_LIFE.days} days")
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": public_id("usr", user_id),
        "tid": public_id("ten", tenant_id),
        "jti": new_id(),
        "cred": credentials_version,
        "spc": space,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    return jwt.encode({"alg": ALGORITHMS[0]}, claims, _key(keyring.keys("token")[0]), algorithms=ALGORITHMS)


def read_token(keyring: Keyring, token: str, now: datetime) -> TokenClaims:
    """What a token of ours says, once its signature and times hold. Raises BadToken."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken("malformed")
    claims = _verified(keyring, token)
    seconds = int(now.timestamp())
    rules = JWTClaimsRegistry(
        now=seconds,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        tid={"essential": True},
        jti={"essential": True},
        iat={"essential": True},
        exp={"essential": True},
    )
    try:
        rules.validate(claims)
        return TokenClaims(
            user_id=hex_of(str(claims["sub"]), "usr"),
            tenant_id=hex_of(str(claims["tid"]), "ten"),
            token_id=str(claims["jti"]),
            credentials_version=int(str(claims.get("cred", 1))),
            expires_at=datetime.fromtimestamp(float(str(claims["exp"])), UTC),
            space=Space(str(claims.get("spc", USUAL))),
        )
    except ExpiredTokenError:
        raise BadToken("expired", "The token has expired.") from None
    except (JoseError, BadId, ValueError, OverflowError):
        raise BadToken("claims") from None


def _verified(keyring: Keyring, token: str) -> dict[str, object]:
    """The claims of a token that one of the keys signed."""
    for key in keyring.keys("token"):
        try:
            return jwt.decode(token, _key(key), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue  # the next key; and what no key verifies is told alike, whatever is wrong with it
    raise BadToken("signature")


@lru_cache(maxsize=64)
def _key(key: bytes) -> OctKey:
    return OctKey.import_key(key)
