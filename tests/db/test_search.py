"""Texts are folded and cut the same way when they are kept and when they are asked for."""

import sys

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from db.search import MAX_QUERY_WORDS, MAX_TERM, after_prefix, fold, query_words, words_of
from tests.support.properties import bounded

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
EDGES = st.sampled_from("aÿ߿ࠀ\ud7ff\ue000\uffff\U00010000\U0010fffe\U0010ffff")
PREFIX = st.text(st.one_of(EDGES, st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Éloïse", "eloise"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Nguyễn Văn", "nguyen van"),
        ("ﬁne", "fine"),
        ("Ⅷ", "viii"),
        ("İstanbul", "istanbul"),
        ("№9 ℡", "no9 tel"),
        ("李小龍", "李小龍"),
        ("O'Brien 🎉", "o'brien 🎉"),
        ("", ""),
    ],
)
def test_a_text_is_folded_without_accents_and_case(text: str, folded: str) -> None:
    assert fold(text) == folded


@bounded(300)
@given(TEXT)
@example("№ ℡ ㎯")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@bounded(200)
@given(TEXT)
def test_a_text_is_found_in_capitals_too(text: str) -> None:
    assume(text.upper().lower() == text.lower())
    assert words_of(text.upper()) == words_of(text)


def test_words_are_cut_at_whatever_is_no_letter_and_no_digit() -> None:
    assert words_of("O'Brien_&-Söhne, 2nd\tfloor\n№9") == {"o", "brien", "sohne", "2nd", "floor", "no9"}


def test_texts_that_are_not_there_have_no_words() -> None:
    assert words_of(None, "", "…!?") == set()


def test_a_word_is_kept_and_asked_for_up_to_its_longest_length() -> None:
    assert words_of("x" * 500) == {"x" * MAX_TERM} == set(query_words("x" * 400))


def test_a_query_asks_for_its_longest_words_first_and_for_few() -> None:
    assert query_words("a bb ccc bb") == ["ccc", "bb", "a"]
    assert len(query_words(" ".join(f"w{n}" for n in range(50)))) == MAX_QUERY_WORDS


@bounded(300)
@given(PREFIX, TEXT)
@example("\U0010ffff", "\U0010ffff")
@example("", "\U0010ffff")
def test_every_text_with_the_prefix_lies_before_its_bound(prefix: str, rest: str) -> None:
    assert prefix <= prefix + rest < after_prefix(prefix)


@bounded(300)
@given(PREFIX, PREFIX)
def test_no_text_without_the_prefix_lies_between_it_and_its_bound(prefix: str, other: str) -> None:
    assume(prefix.strip(chr(sys.maxunicode)))  # else nothing but the prefix follows it
    assert other.startswith(prefix) or not prefix <= other < after_prefix(prefix)


@bounded(200)
@given(PREFIX)
def test_a_bound_is_text_that_postgresql_can_hold(prefix: str) -> None:
    after_prefix(prefix).encode()


@pytest.mark.parametrize(
    ("prefix", "bound"),
    [("ab", "ac"), ("a\ud7ff", "a\ue000"), ("a\U0010ffff", "b"), ("\uffff", "\U00010000")],
)
def test_a_bound_raises_the_last_character_that_can_be_raised(prefix: str, bound: str) -> None:
    assert after_prefix(prefix) == bound
