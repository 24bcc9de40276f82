"""What is known of when somebody last changed: never too early."""

from auth.marks import EVERYBODY, Marks

ADA, BEN, CY = "a" * 32, "b" * 32, "c" * 32


def test_what_was_read_before_a_change_is_older_than_it_and_what_was_read_of_others_is_not() -> None:
    marks = Marks()
    before = marks.now
    marks.note(ADA)
    assert before < marks.of(ADA) <= marks.now
    assert marks.of(BEN) <= before


def test_a_change_of_everybody_is_everybodys() -> None:
    marks = Marks()
    marks.note(ADA)
    before = marks.now
    marks.note(EVERYBODY)
    assert marks.of(ADA) == marks.of(BEN) == marks.now > before


def test_who_is_forgotten_for_want_of_room_may_have_changed_as_late_as_can_be() -> None:
    marks = Marks(size=2)
    marks.note(ADA)
    changed = marks.now
    for other in (BEN, CY):
        marks.note(other)
    assert marks.of(ADA) >= changed
    assert marks.of("d" * 32) >= changed
    assert marks.of(BEN) < marks.of(CY) == marks.now
