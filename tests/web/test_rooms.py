"""The five packages are ours, or it is said whose they are."""

from pathlib import Path

from web.rooms import ROOMS, stray_rooms


def test_here_all_five_are_ours() -> None:
    assert stray_rooms() == {}


def test_packages_from_elsewhere_are_named(tmp_path: Path) -> None:
    strays = stray_rooms(tmp_path)
    assert set(strays) == set(ROOMS)
    assert strays["schema"] == str(Path(__file__).parents[2] / "schema")
