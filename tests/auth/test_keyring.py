"""Keys from secrets."""

import hmac

import pytest

from auth.keyring import Keyring


def test_each_secret_gives_one_key_in_order() -> None:
    new, old = Keyring(["new secret", "old secret"]).keys("token")
    assert (new,) == Keyring(["new secret"]).keys("token")
    assert (old,) == Keyring(["old secret"]).keys("token")
    assert len(new) == len(old) == 32


def test_two_purposes_have_unrelated_keys() -> None:
    keyring = Keyring(["a secret"])
    assert keyring.keys("token") != keyring.keys("cursor")


def test_a_key_is_hkdf_sha256_of_the_secret_and_the_purpose() -> None:
    extracted = hmac.digest(bytes(32), b"a secret", "sha256")  # RFC 5869, section 2.2, without salt
    expanded = hmac.digest(extracted, b"tidegate:token\x01", "sha256")  # section 2.3, one block
    assert Keyring(["a secret"]).keys("token") == (expanded,)


def test_a_keyring_never_shows_its_secrets() -> None:
    keyring = Keyring(["hush-hush"])
    keyring.keys("token")
    assert "hush" not in repr(keyring)
    assert keyring.keys("token")[0].hex() not in repr(keyring)


@pytest.mark.parametrize("secrets", [[], [""], ["good", ""]])
def test_a_keyring_without_a_secret_is_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Keyring(secrets)
