"""Outside JSON within bounds: the same values as a parser's, and a coded refusal for all else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import bounded
from web.json_text import MAX_DIGITS, MAX_NESTING, load_json
from web.refusals import Refusal

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXT, inner, max_size=6), max_leaves=40
)
HALF = st.sampled_from(["\\ud800", "\\uDBFF", "\\udc00", "\\uDFFF", "\\ud83d\\ud83d", "\\ude00\\ud83d", "\\ude00"])


def code_of(text: bytes) -> str | None:
    """The code of the refusal; None for what is read."""
    try:
        load_json(text, "The body")
    except Refusal as refusal:
        return refusal.code
    return None


def refusal_of(text: bytes) -> str:
    code = code_of(text)
    assert code is not None
    return code


@given(VALUES, st.booleans())
@bounded(300)
def test_what_a_client_writes_is_what_is_read(value: object, ascii_only: bool) -> None:
    assert load_json(json.dumps(value, ensure_ascii=ascii_only).encode(), "The body") == value


@given(st.binary(max_size=200))
@bounded(500)
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    assert code_of(text) in {None, "BAD_REQUEST", "BAD_USER_INPUT"}


@given(st.text('[]{}",:\\1a \\u0', max_size=120))
@bounded(500)
def test_any_heap_of_punctuation_is_read_or_refused(text: str) -> None:
    code = code_of(text.encode())
    assert code in {None, "BAD_REQUEST", "BAD_USER_INPUT"}
    if code is None:
        assert load_json(text.encode(), "The body") == json.loads(text)


@given(TEXT, HALF, TEXT)
@bounded(200)
def test_half_a_surrogate_pair_is_bad_input_wherever_it_stands(before: str, half: str, after: str) -> None:
    text = json.dumps([before, {"key": before}])[:-2] + f', "{half}": ' + json.dumps(after) + "}]"
    assert refusal_of(text.encode()) == "BAD_USER_INPUT"


@given(TEXT, TEXT)
@bounded(200)
def test_nul_is_bad_input_wherever_it_stands(before: str, after: str) -> None:
    assert refusal_of(json.dumps({before + "\0": after}).encode()) == "BAD_USER_INPUT"
    assert refusal_of(json.dumps([before, f"{before}\0{after}"]).encode()) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "text", ["\\ud83d\\ude00", "\\uD83D\\uDE00 \\u00e4", "\\\\ud800", "\\\\u0000", "\\\\\\\\udc00"]
)
def test_whole_pairs_and_escaped_backslashes_are_text(text: str) -> None:
    assert load_json(f'"{text}"'.encode(), "The body") == json.loads(f'"{text}"')


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_taken_up_to_the_limit(opening: str, closing: str) -> None:
    def nested(depth: int) -> bytes:
        return f"{opening * depth}1{closing * depth}".encode()

    load_json(nested(MAX_NESTING), "The body")
    assert refusal_of(nested(MAX_NESTING + 1)) == "BAD_REQUEST"
    assert refusal_of(nested(100_000)) == "BAD_REQUEST"


def test_brackets_inside_text_do_not_nest() -> None:
    text = "[" * 1_000 + '\\"{' * 1_000
    assert load_json(json.dumps({"query": text, "more": ['"' + text]}).encode(), "The body") == {
        "query": text,
        "more": ['"' + text],
    }


def test_many_brackets_side_by_side_do_not_nest() -> None:
    assert load_json(b"[" + b"[],{}," * 1_000 + b"[]]", "The body") == [[], {}] * 1_000 + [[]]


@pytest.mark.parametrize("number", ["9" * 19, "-" + "9" * 18, "0." + "1" * 40, "1e-7", "-0.5E+3"])
def test_numbers_of_a_usual_size_are_taken(number: str) -> None:
    assert load_json(f'{{"n": {number}}}'.encode(), "The body") == {"n": json.loads(number)}


@pytest.mark.parametrize("digits", [MAX_DIGITS + 1, 4_301, 500_000])
def test_an_integer_of_many_digits_is_refused(digits: int) -> None:
    assert refusal_of(b'{"variables": {"unused": %s}}' % (b"7" * digits)) == "BAD_REQUEST"
    assert refusal_of(b"[-%s]" % (b"7" * digits)) == "BAD_REQUEST"


def test_digits_inside_text_are_text() -> None:
    assert load_json(b'{"iban": "%s"}' % (b"7" * 100), "The body") == {"iban": "7" * 100}


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b"[1,2", b"nul", b"NaN", b"-Infinity", b"1e400", b"{'a':1}", b'{"a":1,}', b'"\x00"'),
        *(b"\xff\xfe", b'"\xed\xa0\x80"', b'"\xc3"', b"\xef\xbb\xbf{}", b"[][]", b'"\\x"', b'"\n"'),
    ],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    assert refusal_of(text) == "BAD_REQUEST"


@pytest.mark.timeout(60)  # it takes a moment; in more than one pass, an hour
@pytest.mark.parametrize(
    "text",
    [
        b"[" * 1_000_000,
        b"[]," * 333_333,
        b'"' + b"\\\\" * 499_999,
        b'"' + b'\\"' * 499_999,
        b'"' + b"\\ud800" * 166_666 + b'"',
        b'"' * 1_000_000,
        b"9" * 1_000_000,
        b"1." * 500_000,
    ],
)
def test_the_worst_megabyte_is_refused_or_read_in_one_pass(text: bytes) -> None:
    refusal_of(text)
