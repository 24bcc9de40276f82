"""Masks: what they show, and that it says no more."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from schema.directives import MaskKind
from schema.fields import column
from schema.masks import Mask, MaskKeys, bucketed, hashed, last4
from tests.support.library import A, B

KEYS = MaskKeys(b"a key for tests, 32 bytes long..")
LAST4, HASH, BUCKET = last4("m"), hashed("m"), bucketed("m", 0, 10, 100)
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def shown(mask: Mask, value: object, tenant: str = A) -> object:
    return mask.masker(KEYS.of(tenant))(value)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("4111111111111111", "****1111"),
        ("12345678", "****5678"),
        ("1234567", "****"),
        ("", "****"),
        ("ÄÖÜäöüß🔔", "****öüß🔔"),
    ],
)
def test_the_last_four_characters_are_shown_of_a_text_that_has_eight(value: str, seen: str) -> None:
    assert shown(LAST4, value) == seen


@pytest.mark.parametrize("mask", [LAST4, HASH, BUCKET, bucketed("m", MAY, JUNE)])
def test_what_is_missing_is_missing_under_its_mask(mask: Mask) -> None:
    assert shown(mask, None) is None


def test_equal_texts_of_a_tenant_have_one_code_and_others_have_others() -> None:
    code = shown(HASH, "zoe@mueller.example")
    assert code == shown(hashed("m"), "zoe@mueller.example")
    assert str(code).startswith("hash:")
    assert len(str(code)) == len("hash:") + 24
    others = [shown(HASH, "zoe@mueller.exampl"), shown(HASH, ""), shown(HASH, "zoe@mueller.example", B)]
    others.append(shown(hashed("another permission"), "zoe@mueller.example"))
    others.append(HASH.masker(MaskKeys(b"another secret's").of(A))("zoe@mueller.example"))
    assert len({code, *others}) == 6


def test_keys_of_a_process_are_no_other_process_keys() -> None:
    assert MaskKeys.passing().of(A) != MaskKeys.passing().of(A)


@pytest.mark.parametrize(
    ("value", "seen"), [(-5, 0), (0, 0), (9, 0), (9.99, 0), (10, 10), (99, 10), (100, 100), (10**9, 100)]
)
def test_a_number_is_shown_by_its_bucket(value: float, seen: int) -> None:
    assert shown(BUCKET, value) == seen


def test_a_time_is_shown_by_its_bucket() -> None:
    mask = bucketed("m", MAY, JUNE)
    times = [datetime(2020, 1, 1, tzinfo=UTC), MAY, JUNE, datetime(2030, 1, 1, tzinfo=UTC)]
    assert [shown(mask, time) for time in times] == [MAY, MAY, JUNE, JUNE]


@pytest.mark.parametrize("bounds", [(), (1,), (2, 1), (1, 1, 2)])
def test_bounds_that_make_no_buckets_are_refused(bounds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        bucketed("m", *bounds)


@pytest.mark.parametrize("mask", [LAST4, HASH])
@pytest.mark.parametrize("value", [7, ["secret"], {"secret": 1}])
def test_a_value_that_the_mask_does_not_fit_is_never_shown(mask: Mask, value: object) -> None:
    with suppress(TypeError, AttributeError):
        assert "secret" not in str(shown(mask, value))


def test_a_mask_states_itself() -> None:
    stated = bucketed("m", MAY, JUNE).directive
    assert (stated.mask, stated.permission) == (MaskKind.BUCKET, "m")
    assert stated.bounds == ["2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"]
    assert BUCKET.directive.bounds == ["0", "10", "100"]


def test_a_mask_without_a_gate_is_refused() -> None:
    with pytest.raises(TypeError):
        column("email", mask=LAST4)
