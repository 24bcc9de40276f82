"""How verbs fail: in words, without secrets, with a traceback only on demand."""

import pytest

from web.cli.failures import Failure, report
from web.settings import SettingsError

DSN = "postgresql://tidegate_app:hunter2@db/tidegate"


@pytest.fixture(autouse=True)
def _quiet(no_settings: pytest.MonkeyPatch) -> None:
    pass


def test_a_failure_is_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    report(Failure("No such thing: make it."))
    assert capsys.readouterr().err == "No such thing: make it.\n"


def test_every_wrong_setting_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report(SettingsError(["A is wrong", "B is missing"]))
    assert capsys.readouterr().err == "2 settings are wrong or missing:\n  ✗ A is wrong\n  ✗ B is missing\n"


def test_a_surprise_is_named_without_secrets_and_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    report(ConnectionError(f"cannot reach {DSN}"))
    said = capsys.readouterr().err
    assert said.startswith("ConnectionError: cannot reach postgresql://tidegate_app:***@db/tidegate\n")
    assert "Traceback" not in said


def test_a_traceback_is_shown_on_demand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_LOG_LEVEL", "debug")
    try:
        raise ConnectionError(f"cannot reach {DSN}")
    except ConnectionError as error:
        report(error)
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "hunter2" not in said
