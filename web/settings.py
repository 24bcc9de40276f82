"""The settings, and the only reader of the environment.

``Settings.load()`` takes what is there; ``Settings.for_serve()`` also refuses what production must not run with.
Both name every wrong setting at once.
``.env.example`` is generated from their fields (``web/setting_fields.py``) by ``tidegate config --example``.
"""

import os
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Self
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from web.redaction import MASK, mask_text, redact
from web.setting_fields import PREFIX, SHORTEST_SECRET, SettingFields

DEMO_SECRET_PREFIX = "tidegate-demo-"  # noqa: S105  a mark, not a secret
EXPORTER = "opentelemetry.exporter.otlp.proto.http"
_OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_REPLICA_URL", "REDIS_URL")


class SettingsError(Exception):
    """Settings are wrong or missing; ``problems`` holds one sentence each, beginning with the setting's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(SettingFields):
    """What the process runs with. Frozen; a changed copy comes from ``model_copy(update=…)``."""

    @classmethod
    def load(cls) -> Self:
        """The settings of this environment. Raises SettingsError with every malformed one."""
        settings, problems = cls._read()
        if problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def for_serve(cls, workers: int = 1) -> Self:
        """A production server's settings. Raises SettingsError with all that is wrong, missing, unknown or unfit."""
        settings, problems = cls._read()
        named = {problem.split()[0] for problem in problems}
        problems += [each for each in settings.production_problems(workers) if each.split()[0] not in named]
        if problems:
            raise SettingsError(problems)
        return settings

    def production_problems(self, workers: int = 1) -> list[str]:
        """Why a production server must not start with these settings: one sentence each, none when it may."""
        same_login = self.database_url is not None and _login(self.database_url) == _login(self.database_owner_url)
        checks = [
            (self.database_url is None, "DATABASE_URL is missing: the runtime login's postgresql:// address"),
            (same_login, "DATABASE_OWNER_URL has the login of DATABASE_URL: row-level security needs two"),
            (
                self.database_replica_url is not None and self.database_replica_url == self.database_url,
                "DATABASE_REPLICA_URL is DATABASE_URL: name the standby, or nothing",
            ),
            (not self.secrets, "TIDEGATE_SECRETS is missing: make one with `openssl rand -hex 32`"),
            (
                any(len(secret) < SHORTEST_SECRET for secret in self.secrets),
                f"TIDEGATE_SECRETS holds one shorter than {SHORTEST_SECRET} characters",
            ),
            (
                any(secret.startswith(DEMO_SECRET_PREFIX) for secret in self.secrets),
                "TIDEGATE_SECRETS holds one that the demo made: make one with `openssl rand -hex 32`",
            ),
            (self.environment == "demo", "TIDEGATE_ENVIRONMENT is demo: serve runs in production only"),
            (self.demo_password is not None, "TIDEGATE_DEMO_PASSWORD is set: production has no demo users"),
            (
                bool(self.oidc or self.peers) and self.public_url is None,
                "TIDEGATE_PUBLIC_URL is missing: sign-in providers send browsers back to it, and peers sign it",
            ),
            (
                workers > 1 and self.redis_url is None,
                f"REDIS_URL is missing: {workers} workers wake each other's streams through Redis",
            ),
            (
                self.traces != "off" and not _has_opentelemetry(),
                "TIDEGATE_TRACES needs OpenTelemetry: pip install 'tidegate[otel]'",
            ),
        ]
        return [problem for holds, problem in checks if holds] + _unknown_names()

    def shown(self) -> dict[str, str]:
        """Every setting by its environment name, fit to be printed: secrets masked."""
        return {env_name(field): _shown(getattr(self, field), info) for field, info in type(self).model_fields.items()}

    @classmethod
    def _read(cls) -> tuple[Self, list[str]]:
        """What could be read (a malformed setting at its default), and a sentence for each that could not."""
        try:
            return cls(), []
        except ValidationError as error:
            wrong = {str(each["loc"][0]): str(each["msg"]) for each in error.errors()}
        names = {name: field for field in cls.model_fields for name in (field, env_name(field))}
        defaults = {names[name]: cls.model_fields[names[name]].default for name in wrong}
        return cls(**defaults), [
            f"{env_name(names[name])} is wrong: {_plain(message)}" for name, message in wrong.items()
        ]


def env_name(field: str) -> str:
    """The environment variable that a field is read from."""
    return field.upper() if field.upper() in _OUTSIDE else PREFIX + field.upper()


def example() -> str:
    """The text of ``.env.example``."""
    lines = [
        "# Every setting, with its default. The environment alone is read; to take a file: set -a; . ./.env; set +a",
        "# Generated from web/settings.py: tidegate config --example > .env.example",
    ]
    for field, info in Settings.model_fields.items():
        default = "" if info.default in (None, ()) else str(info.default)
        lines += ["", f"# {info.description}", f"#{env_name(field)}={default}"]
    return "\n".join(lines) + "\n"


def _shown(value: object, info: FieldInfo) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):  # as it is written in the environment
        told = [redact(each.model_dump(mode="json", exclude_none=True)) for each in value]
        return orjson.dumps(told).decode()
    if info.repr:
        return ",".join(value) if isinstance(value, tuple) else str(value)
    return mask_text(value) if isinstance(value, str) and "://" in value else MASK


def _login(dsn: str | None) -> str | None:
    return urlsplit(dsn).username if dsn else None


def _has_opentelemetry() -> bool:
    try:
        return find_spec(EXPORTER) is not None
    except ModuleNotFoundError:
        return False


def _plain(message: str) -> str:
    return (
        message.removeprefix("Value error, ")
        .removeprefix("Input ")
        .replace(", unable to parse string as an integer", "")
    )


def _unknown_names() -> list[str]:
    known = {env_name(field) for field in Settings.model_fields}
    problems = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            problems.append(f"{name} is no setting" + (f": {near[0]} is meant?" if near else ""))
    return problems
