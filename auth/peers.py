"""Other instances whose signed requests we take, as configuration.

A request says which peer signed it and for which subject of its own. What that subject may do here follows from the
member that ``subjects`` maps it to; whoever is not named there may do nothing, and no role is taken from a request.
"""

from typing import Annotated, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

PeerAlgorithm = Literal["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"]
"""One for each key. Never an HMAC: its key would be one that both sides know."""
PeerKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
SHORTEST_RSA = 2_048


class Peer(BaseModel):
    """One key of another instance; two entries of one name are one peer that changes its key."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    key_id: Annotated[str, Field(min_length=1, max_length=200)]
    """How its requests call the key."""
    public_key: str
    """In PEM."""
    algorithm: PeerAlgorithm = "ed25519"
    tenant: str
    """The one tenant that its requests reach, by slug."""
    subjects: dict[str, str]
    """The email of a member by what the peer calls its own subject."""
    enabled: bool = True

    @model_validator(mode="after")
    def _check_key(self) -> "Peer":
        self.key()
        return self

    def key(self) -> PeerKey:
        """Raises ValueError unless the key is one for the algorithm."""
        try:
            key = load_pem_public_key(self.public_key.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("a public key is in PEM: -----BEGIN PUBLIC KEY-----") from None
        if self.algorithm == "ed25519" and isinstance(key, Ed25519PublicKey):
            return key
        if self.algorithm == "rsa-pss-sha512" and isinstance(key, RSAPublicKey) and key.key_size >= SHORTEST_RSA:
            return key
        is_curve = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        if self.algorithm == "ecdsa-p256-sha256" and isinstance(key, EllipticCurvePublicKey) and is_curve:
            return key
        raise ValueError(f"the key is none for {self.algorithm}")


def _check_key_ids(peers: tuple[Peer, ...]) -> tuple[Peer, ...]:
    if len({peer.key_id for peer in peers}) < len(peers):
        raise ValueError("must call each key by a key_id of its own")
    return peers


Peers = Annotated[tuple[Peer, ...], AfterValidator(_check_key_ids)]
