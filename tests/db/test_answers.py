"""Answers in memory: no more than there is room for, and nobody is pushed out by whoever has more."""

from db.answers import ENTRY, Kept, MemoryAnswers


def an_answer(size: int = 1_000) -> Kept:
    return Kept(b"x" * (size - ENTRY), 0.0, 0)


def key(number: int) -> bytes:
    return number.to_bytes(32)


def test_what_is_kept_is_given_again_and_the_newest_under_a_key_counts() -> None:
    answers = MemoryAnswers(100_000)
    answers.put(key(1), an_answer(), "acme")
    newer = Kept(b"newer", 1.0, 2)
    answers.put(key(1), newer, "acme")
    assert answers.get(key(1)) is newer
    assert answers.get(key(2)) is None
    assert (len(answers), answers.weight) == (1, ENTRY + 5)


def test_who_asks_ever_new_questions_pushes_out_their_own_answers_alone() -> None:
    answers = MemoryAnswers(100_000)
    for number in range(40):
        answers.put(key(number), an_answer(), "quiet")
    for number in range(1_000, 11_000):
        answers.put(key(number), an_answer(), "flood")
        assert answers.weight <= 100_000
    assert answers.weight_of("quiet") == 40_000
    assert all(answers.get(key(number)) for number in range(40))


def test_of_ones_own_those_go_first_that_were_not_used_for_longest() -> None:
    answers = MemoryAnswers(10_000)
    for number in range(10):
        answers.put(key(number), an_answer(), "acme")
    answers.get(key(0))
    answers.put(key(10), an_answer(), "acme")
    assert answers.get(key(0)) is not None
    assert answers.get(key(1)) is None


def test_an_answer_that_would_fill_the_room_is_not_kept_and_ends_the_one_before_it() -> None:
    answers = MemoryAnswers(8_000)
    answers.put(key(1), an_answer(), "acme")
    answers.put(key(1), an_answer(1_001), "acme")
    assert answers.get(key(1)) is None
    assert (len(answers), answers.weight) == (0, 0)
