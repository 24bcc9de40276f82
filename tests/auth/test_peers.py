"""What a configuration may say of another instance."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from tests.support.peers import new_key, peer_of, pem_of

CURVE, OTHER_CURVE = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
SHORT = rsa.generate_private_key(65537, 1024)


def test_a_key_is_one_for_its_algorithm() -> None:
    assert peer_of(new_key()).algorithm == "ed25519"
    assert peer_of(CURVE, algorithm="ecdsa-p256-sha256").key() is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_key": "no key"},
        {"public_key": pem_of(CURVE)},
        {"public_key": pem_of(OTHER_CURVE), "algorithm": "ecdsa-p256-sha256"},
        {"public_key": pem_of(SHORT), "algorithm": "rsa-pss-sha512"},
        {"algorithm": "hmac-sha256"},
        {"algorithm": "rsa-pss-sha512"},
        {"name": "North Sea"},
        {"key_id": ""},
        {"role": "admin"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        peer_of(new_key(), **wrong)
